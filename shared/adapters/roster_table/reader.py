"""Reading the roster table: one Query or BatchGetItem at a time, by keys made from the group."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb import Item, marshal, unmarshal
from shared.adapters.roster_table.keys import (
    class_prefix,
    one_key,
    partition,
    shard_key,
    user_index_key,
)
from shared.domain.errors import TryLaterError
from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.stored_record import StoredRecord
from shared.ports.roster_reading import RosterPlace, Slice

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 100
"""What BatchGetItem takes."""
BATCH_TRIES = 6
FIRST_WAIT_SECONDS = 0.05
"""How long to wait before asking again for what a batch left out; doubled each time."""


class DynamoRosterReader:
    """``RosterReader`` over DynamoDB. All reads are consistent but those of the index."""

    def __init__(self, client: "DynamoDBClient", table: str, wait: Callable[[float], None]) -> None:
        self._client = client
        self._table = table
        self._wait = wait

    def find(
        self, place: RosterPlace, collection: Collection, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, StoredRecord]:
        """Read records by id; see ``roster_ports.RosterReader.find``."""
        found: dict[RecordId, StoredRecord] = {}
        for first in range(0, len(ids), BATCH):
            keys = [
                marshal(one_key(place.group_id, collection, place.shards, id_))
                for id_ in ids[first : first + BATCH]
            ]
            for item in self._batch(keys):
                record = _record(item)
                found[record.id] = record
        return found

    def page(
        self, place: RosterPlace, collection: Collection, shard: int, after: str | None, most: int
    ) -> Slice:
        """Read records of one partition."""
        return self._query("pk", shard_key(place.group_id, collection, shard), after, Limit=most)

    def search(
        self,
        place: RosterPlace,
        collection: Collection,
        shard: int,
        after: str | None,
        sourced_id: str,
    ) -> Slice:
        """Read as much of one partition as a query can (1 MB), and filter it in the table."""
        return self._query(
            "pk",
            shard_key(place.group_id, collection, shard),
            after,
            FilterExpression="doc.sourcedId = :name OR contains(doc.sourcedIds, :name)",
            values={":name": sourced_id},
        )

    def members(
        self, place: RosterPlace, class_id: RecordId, after: str | None, most: int
    ) -> Slice:
        """Read enrollments of a class; their place is their own id."""
        prefix = class_prefix(class_id)
        records, last = self._query(
            "pk",
            partition(place.group_id, Collection.ENROLLMENTS, place.shards, class_id),
            None if after is None else f"{prefix}{after}",
            prefix=prefix,
            Limit=most,
        )
        return Slice(records, None if last is None else last.removeprefix(prefix))

    def memberships(
        self, place: RosterPlace, user_id: RecordId, after: str | None, most: int
    ) -> Slice:
        """Read enrollments of a user; their place is class and enrollment."""
        start = None
        if after is not None:
            class_id = after.partition("#")[0]
            start = partition(place.group_id, Collection.ENROLLMENTS, place.shards, class_id)
        return self._query(
            "userKey",
            user_index_key(place.group_id, user_id),
            after,
            IndexName="byUser",
            Limit=most,
            start=start,
        )

    def _query(
        self,
        name: str,
        key: str,
        after: str | None,
        *,
        prefix: str | None = None,
        start: str | None = None,
        values: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Slice:
        """Query what has ``key`` under ``name``; where it begins is made anew from path and key."""
        condition, given = f"{name} = :key", {":key": key} | dict(values or {})
        if prefix is not None:
            condition += " AND begins_with(sk, :prefix)"
            given[":prefix"] = prefix
        if after is not None:
            more["ExclusiveStartKey"] = marshal({name: key, "pk": start or key, "sk": after})
        if "IndexName" not in more:
            more["ConsistentRead"] = True
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=marshal(given),
            **more,
        )
        last = answer.get("LastEvaluatedKey")
        return Slice(
            [_record(item, prefix or "") for item in answer["Items"]],
            last["sk"]["S"] if last else None,
        )

    def _batch(self, keys: list[Item]) -> list[Item]:
        """Get up to a batch of items; what the table leaves out is asked for again, a few times."""
        items: list[Item] = []
        request: dict[str, Any] = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for attempt in range(BATCH_TRIES):
            if attempt:
                self._wait(FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
            answer = self._client.batch_get_item(RequestItems=request)
            items += answer["Responses"].get(self._table, [])
            request = dict(answer.get("UnprocessedKeys") or {})
            if not request:
                return items
        raise TryLaterError("the roster table is busy")


def _record(item: Mapping[str, Any], prefix: str = "") -> StoredRecord:
    values = unmarshal(item)
    expires = values.get("expiresAt")
    return StoredRecord(
        id=RecordId(values["id"]),
        key=values["sk"].removeprefix(prefix),
        doc=values["doc"],
        created_at=datetime.fromisoformat(values["createdAt"]),
        updated_at=datetime.fromisoformat(values["updatedAt"]),
        deleted_at=_moment(values.get("deletedAt")),
        ended_at=_moment(values.get("endedAt")),
        expires_at=datetime.fromtimestamp(int(expires), UTC) if expires is not None else None,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
