"""Assigned content in the roster table, beside the records and never touched by a run."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, Key

from shared.adapters.dynamodb.actions import check, delete, put
from shared.adapters.dynamodb.reads import Query
from shared.adapters.dynamodb.values import Item, seconds, unmarshal
from shared.adapters.dynamodb.writes import transact, write_item
from shared.adapters.roster_table.attributes import ContentItem, RecordItem
from shared.adapters.roster_table.keys import (
    IS_NEW,
    IS_THERE,
    PK,
    SK,
    content_key,
    content_partition,
    content_prefix,
    one_key,
)
from shared.domain.errors import NotFoundError
from shared.domain.roster.content import Assignment, Bearer, ContentId
from shared.ports.roster_reading import RosterPlace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
        bearer_key = one_key(place.group_id, bearer.collection, place.shards, bearer.id)
        expires = Attr(RecordItem.EXPIRES_AT)
        there = (
            IS_THERE
            & Attr(RecordItem.DELETED_AT).not_exists()
            & (expires.not_exists() | expires.gt(seconds(now)))
        )
        item = {
            **content_key(place.group_id, place.shards, bearer, content_id),
            ContentItem.CONTENT_ID: content_id,
            ContentItem.ASSIGNED_AT: now.isoformat(),
            ContentItem.ASSIGNED_BY: by,
        }
        another = Attr(ContentItem.ASSIGNED_AT).lt(created_at.isoformat())
        actions = [check(self._table, bearer_key, there), put(self._table, item, IS_NEW | another)]
        refused = transact(self._client, actions)
        if 0 in refused:
            raise NotFoundError(
                "record_not_found", "There is no such record in the group's roster."
            )
        # Where the second is refused, it was assigned before.

    def unassign(self, place: RosterPlace, bearer: Bearer, content_id: ContentId) -> None:
        """Take content away."""
        key = content_key(place.group_id, place.shards, bearer, content_id)
        write_item(self._client, delete(self._table, key))

    def assigned_to(
        self, place: RosterPlace, bearer: Bearer, after: ContentId | None, most: int
    ) -> tuple[Sequence[Assignment], ContentId | None]:
        """Read assignments of a bearer, in the order of their ids."""
        pk, prefix = content_partition(place.group_id, place.shards, bearer), content_prefix(bearer)
        start = None if after is None else content_key(place.group_id, place.shards, bearer, after)
        answer = self._client.query(
            **Query(
                self._table,
                Key(PK).eq(pk) & Key(SK).begins_with(prefix),
                after=start,
                limit=most,
                consistent=True,
            ).parameters()
        )
        last = answer.get("LastEvaluatedKey")
        return (
            [_assignment(bearer, unmarshal(item)) for item in answer["Items"]],
            ContentId(unmarshal(last)[SK].removeprefix(prefix)) if last else None,
        )


def _assignment(bearer: Bearer, item: Item) -> Assignment:
    return Assignment(
        bearer=bearer,
        content_id=ContentId(item[ContentItem.CONTENT_ID]),
        assigned_at=datetime.fromisoformat(item[ContentItem.ASSIGNED_AT]),
        assigned_by=item[ContentItem.ASSIGNED_BY],
    )
