"""E-mail by SNS: a topic for each group, to which the group's address is subscribed.

SNS writes only to who has clicked a link in its first mail; until then the address is not
confirmed. One topic with a filter for each group would end at 200 groups (SNS quotas).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.domain.errors import MailRefusedError
from shared.domain.group.choices import EmailStatus
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.deletion_certificate import Store, named
from shared.ports.deletion import Found

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


REFUSALS = frozenset(
    {
        "AuthorizationError",
        "FilterPolicyLimitExceeded",
        "InvalidParameter",
        "InvalidParameterValue",
        "SubscriptionLimitExceeded",
        "TopicLimitExceeded",
    }
)
"""What SNS answers to an address that it will not take however often it is asked (API reference:
Subscribe, CreateTopic). What is left (InternalError, Throttled) passes."""


class SnsMailing:
    """``Mailing`` over SNS; ``prefix`` is what the ARN of each group's topic begins with."""

    store = Store.MAIL

    def __init__(self, client: "SNSClient", prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def subscribe(self, group_id: GroupId, email: str) -> None:
        """Let mails of the group go to this address, and to no other.

        One that has not agreed yet is asked once more. See ``ports.Mailing.subscribe``.
        """
        try:
            self._subscribe(group_id, email)
        except ClientError as error:
            code = error.response["Error"]["Code"].removesuffix("Exception")
            if code in REFUSALS:
                raise MailRefusedError(code) from None
            raise

    def _subscribe(self, group_id: GroupId, email: str) -> None:
        topic = self._topic(group_id)
        known = self._subscribed(topic)
        if known and set(known) == {email} and _agreed(known[email]):
            return
        if known and set(known) != {email}:
            # A subscription that is not confirmed cannot be ended, but with its topic.
            self._client.delete_topic(TopicArn=topic)
        self._client.create_topic(
            Name=topic.rpartition(":")[2], Attributes={"KmsMasterKeyId": "alias/aws/sns"}
        )
        self._client.subscribe(TopicArn=topic, Protocol="email", Endpoint=email)

    def status(self, group_id: GroupId, email: str) -> EmailStatus:
        """Tell whether the address has said that it wants our mails; see ``ports.Mailing``."""
        subscription = (self._subscribed(self._topic(group_id)) or {}).get(email)
        if subscription is None:
            return EmailStatus.NOT_ASKED
        return EmailStatus.CONFIRMED if _agreed(subscription) else EmailStatus.ASKED

    def send(self, group_id: GroupId, email: str, subject: str, text: str) -> None:
        """Send a mail; an address that never was subscribed is so now, and gets the next."""
        topic = self._topic(group_id)
        try:
            self._client.publish(TopicArn=topic, Subject=subject, Message=text)
        except self._client.exceptions.NotFoundException:
            self.subscribe(group_id, email)
            self._client.publish(TopicArn=topic, Subject=subject, Message=text)

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[Found]:
        """``Remains``: a group that is deleted has no topic (deleting none is no error).

        Its subscriptions go with it (DeleteTopic, Amazon SNS API Reference).
        """
        topic = self._topic(group_id)
        known = None if counted else self._subscribed(topic)
        tally = {}
        if known is not None:
            tally = {named(Store.MAIL, "topics"): 1, named(Store.MAIL, "addresses"): len(known)}
        yield Found(tally, "topic")
        self._client.delete_topic(TopicArn=topic)

    def _topic(self, group_id: GroupId) -> str:
        return f"{self._prefix}{group_id}"

    def _subscribed(self, topic: str) -> dict[str, str] | None:
        """The addresses of a topic, each with the ARN of its subscription; None without a topic."""
        try:
            pages = self._client.get_paginator("list_subscriptions_by_topic").paginate(
                TopicArn=topic
            )
            return {
                each["Endpoint"]: each["SubscriptionArn"]
                for page in pages
                for each in page["Subscriptions"]
            }
        except self._client.exceptions.NotFoundException:
            return None


def _agreed(subscription: str) -> bool:
    """Whether a subscription is in force: until then, and after it, it has a word for an ARN."""
    return subscription.startswith("arn:")
