"""Assigned content in the roster table, beside the records and never touched by a run."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.dynamodb import Item, marshal, refusals, unmarshal
from shared.adapters.roster_table.keys import (
    content_key,
    content_partition,
    content_prefix,
    one_key,
)
from shared.domain.errors import NotFoundError, TryLaterError
from shared.domain.roster.content import Assignment, Bearer, ContentId
from shared.ports.roster_reading import RosterPlace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRANSACTION_TRIES = 3


class DynamoContents:
    """``Contents`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def assign(
        self,
        place: RosterPlace,
        bearer: Bearer,
        created_at: datetime,
        content_id: ContentId,
        by: str,
        now: datetime,
    ) -> None:
        """Assign content, in one transaction with seeing that its bearer is there."""
        there = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": marshal(one_key(place.group_id, bearer.collection, place.shards, bearer.id)),
                "ConditionExpression": (
                    "attribute_exists(pk) AND attribute_not_exists(deletedAt) AND "
                    "(attribute_not_exists(expiresAt) OR expiresAt > :now)"
                ),
                "ExpressionAttributeValues": marshal({":now": int(now.timestamp())}),
            }
        }
        values = {"contentId": content_id, "assignedAt": now.isoformat(), "assignedBy": by}
        assigned = {
            "Put": {
                "TableName": self._table,
                "Item": self._key(place, bearer, content_id) | marshal(values),
                "ConditionExpression": "attribute_not_exists(pk) OR assignedAt < :created",
                "ExpressionAttributeValues": marshal({":created": created_at.isoformat()}),
            }
        }
        actions: list[Any] = [there, assigned]
        for _ in range(TRANSACTION_TRIES):
            try:
                self._client.transact_write_items(TransactItems=actions)
            except ClientError as error:
                refused = refusals(error)
                if refused is not None and refused[0] is not None:
                    raise NotFoundError(
                        "record_not_found", "There is no such record in the group's roster."
                    ) from error
                if refused is not None:
                    return  # it was assigned before
                if error.response["Error"]["Code"] != "TransactionCanceledException":
                    raise
            else:
                return
        raise TryLaterError("the class or user is being written")

    def unassign(self, place: RosterPlace, bearer: Bearer, content_id: ContentId) -> None:
        """Take content away."""
        self._client.delete_item(TableName=self._table, Key=self._key(place, bearer, content_id))

    def of(
        self, place: RosterPlace, bearer: Bearer, after: ContentId | None, most: int
    ) -> tuple[Sequence[Assignment], ContentId | None]:
        """Read assignments of a bearer, in the order of their ids."""
        pk, prefix = content_partition(place.group_id, place.shards, bearer), content_prefix(bearer)
        start: dict[str, Any] = {}
        if after is not None:
            start["ExclusiveStartKey"] = self._key(place, bearer, after)
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=marshal({":pk": pk, ":prefix": prefix}),
            ConsistentRead=True,
            Limit=most,
            **start,
        )
        last = answer.get("LastEvaluatedKey")
        return (
            [_assignment(bearer, unmarshal(item)) for item in answer["Items"]],
            ContentId(last["sk"]["S"].removeprefix(prefix)) if last else None,
        )

    def _key(self, place: RosterPlace, bearer: Bearer, content_id: ContentId) -> Item:
        return marshal(content_key(place.group_id, place.shards, bearer, content_id))


def _assignment(bearer: Bearer, item: Item) -> Assignment:
    return Assignment(
        bearer=bearer,
        content_id=ContentId(item["contentId"]),
        assigned_at=datetime.fromisoformat(item["assignedAt"]),
        assigned_by=item["assignedBy"],
    )
