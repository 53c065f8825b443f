"""One SQS queue."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from shared.domain.errors import TryLaterError
from shared.domain.timers import MAX_DELAY_SECONDS
from shared.messages import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

MESSAGES_PER_CALL = 10


class SqsQueue:
    """``Queue`` over one standard queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, messages: Iterable[Message], *, delay_seconds: int = 0) -> None:
        """Send messages.

        Each group is a message group of its own, which SQS serves fairly: one large load does not
        keep the others waiting (Amazon SQS fair queues). On a standard queue it orders nothing.

        :param delay_seconds: SQS holds them back this long, but not over 15 minutes.
        :raises TryLaterError: the queue refused some; sending all of them again does no harm.
        """
        for batch in _batches(iter(messages)):
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(index),
                        "MessageBody": message.model_dump_json(by_alias=True),
                        "MessageGroupId": message.group_id,
                        "DelaySeconds": min(delay_seconds, MAX_DELAY_SECONDS),
                    }
                    for index, message in enumerate(batch)
                ],
            )
            if answer.get("Failed"):
                raise TryLaterError("messages were not taken by the queue")

    def empty(self) -> bool:
        """Whether the queue holds no message; see ``ports.Queue.empty``.

        SQS's counts are approximate until a minute after the last message was sent (Amazon SQS,
        GetQueueAttributes).
        """
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=_COUNTS)
        return not any(int(answer["Attributes"][name]) for name in _COUNTS)


_COUNTS: list["QueueAttributeNameType"] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


def _batches(messages: Iterator[Message]) -> Iterator[list[Message]]:
    while batch := list(islice(messages, MESSAGES_PER_CALL)):
        yield batch
