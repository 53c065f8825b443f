"""E-mail by SNS: each group has a topic, and its address is subscribed to that.

SNS mails an address only after somebody there has clicked a link in its first mail. One topic with
a filter for each group would not do: SNS allows 200 filters (SNS quotas).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.errors import MailRefusedError, TryLaterError
from shared.domain.group.choices import EmailStatus
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.deletion_certificate import Store, tally_name
from shared.ports.deletion import SweptPage

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
"""SNS's answers to an address that it will never take (API reference: Subscribe, CreateTopic). Its
other errors (InternalError, Throttled) pass."""


class SnsMailing:
    """``Mailing`` over SNS; the ARN of a group's topic is ``prefix`` and the group's id."""

    store = Store.MAIL

    def __init__(self, client: "SNSClient", prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def subscribe(self, group_id: GroupId, email: str) -> None:
        """Send the group's mails to this address, and to no other; see ``ports.Mailing.subscribe``.

        An address that has not agreed yet is asked again.
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
            # SNS ends a subscription that is not confirmed only with its topic.
            self._client.delete_topic(TopicArn=topic)
        self._client.create_topic(
            Name=topic.rpartition(":")[2], Attributes={"KmsMasterKeyId": "alias/aws/sns"}
        )
        self._client.subscribe(TopicArn=topic, Protocol="email", Endpoint=email)

    def status(self, group_id: GroupId, email: str) -> EmailStatus:
        """Tell whether the address has agreed to our mails; see ``ports.Mailing``."""
        try:
            known = self._subscribed(self._topic(group_id)) or {}
        except (BotoCoreError, ClientError) as error:
            raise TryLaterError("the mail service does not say") from error
        subscription = known.get(email)
        if subscription is None:
            return EmailStatus.NOT_ASKED
        return EmailStatus.CONFIRMED if _agreed(subscription) else EmailStatus.ASKED

    def send(self, group_id: GroupId, email: str, subject: str, text: str) -> None:
        """Send a mail; an address that was never subscribed is asked now, and gets the next one."""
        topic = self._topic(group_id)
        try:
            self._client.publish(TopicArn=topic, Subject=subject, Message=text)
        except self._client.exceptions.NotFoundException:
            self.subscribe(group_id, email)
            self._client.publish(TopicArn=topic, Subject=subject, Message=text)

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[SweptPage]:
        """Delete the group's topic, if it has one; see ``ports.GroupSweeper.sweep``.

        Its subscriptions go with it (DeleteTopic, Amazon SNS API Reference).
        """
        topic = self._topic(group_id)
        known = None if counted else self._subscribed(topic)
        tally = {}
        if known is not None:
            tally = {
                tally_name(Store.MAIL, "topics"): 1,
                tally_name(Store.MAIL, "addresses"): len(known),
            }
        yield SweptPage(tally, "topic")
        self._client.delete_topic(TopicArn=topic)

    def _topic(self, group_id: GroupId) -> str:
        return f"{self._prefix}{group_id}"

    def _subscribed(self, topic: str) -> dict[str, str] | None:
        """Each address of a topic with the ARN of its subscription; None if there is no topic."""
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
    """Whether the address has agreed: otherwise SNS gives words in place of the ARN."""
    return subscription.startswith("arn:")
