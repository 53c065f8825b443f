"""Takes messages from a function's queue in Lambda's place."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.emulator import StackError
from local.stack import Stack


@dataclass(frozen=True)
class Taken:
    """A received message; delete it once it is processed."""

    body: str
    receipt: str


@dataclass(frozen=True)
class MessageQueue:
    """A queue, by its URL and ARN."""

    sqs: Any
    url: str
    arn: str

    def take(self, group_id: str, seconds: float, with_: str = "") -> Taken:
        """Receive the message that contains the group's id and ``with_``; release others at once.

        :raises StackError: none arrives within ``seconds``.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.sqs.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in found.get("Messages", ()):
                if group_id in message["Body"] and with_ in message["Body"]:
                    return Taken(message["Body"], message["ReceiptHandle"])
                self.sqs.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                )
        message = f"No message arrived in {self.url.rsplit('/', 1)[-1]} within {seconds:.0f} s."
        raise StackError(message)

    def delete(self, message: Taken) -> None:
        """Delete a processed message."""
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message.receipt)

    def waiting(self) -> int:
        """Count the messages that can be received."""
        name = "ApproximateNumberOfMessages"
        known = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return int(known["Attributes"][name])


@contextmanager
def paused(stack: Stack, function: str, queue: str = "") -> Iterator[MessageQueue]:
    """Pause a function's polling while the block runs; yields the queue it polls.

    :param queue: a part of the queue's name, for a function that polls several.
    """
    lambdas, sqs = stack.client("lambda"), stack.client("sqs")
    found = lambdas.list_event_source_mappings(FunctionName=stack.functions[function])
    [mapping] = [
        each for each in found["EventSourceMappings"] if queue in each["EventSourceArn"]
    ]  # fmt: skip
    arn = mapping["EventSourceArn"]
    url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield MessageQueue(sqs, url, arn)
    finally:
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
