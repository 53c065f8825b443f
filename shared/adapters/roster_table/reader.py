"""Reading the roster table: one Query or BatchGetItem at a time, by keys made from the group."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key

from shared.adapters.dynamodb.reads import Query, get_many
from shared.adapters.dynamodb.values import unmarshal
from shared.adapters.roster_table.attributes import Doc, RecordItem
from shared.adapters.roster_table.keys import (
    BY_USER,
    PK,
    SK,
    class_prefix,
    one_key,
    partition,
    shard_key,
    user_index_key,
)
from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.stored_record import StoredRecord
from shared.ports.roster_reading import RosterPlace, Slice

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
        keys = [one_key(place.group_id, collection, place.shards, id_) for id_ in ids]
        items = get_many(self._client, self._table, keys, self._wait)
        return {record.id: record for record in map(_record, items)}

    def page(
        self, place: RosterPlace, collection: Collection, shard: int, after: str | None, most: int
    ) -> Slice:
        """Read records of one partition."""
        key = shard_key(place.group_id, collection, shard)
        after_key = _after(key, after)
        return self._read(
            Query(self._table, Key(PK).eq(key), after=after_key, limit=most, consistent=True)
        )

    def search(
        self,
        place: RosterPlace,
        collection: Collection,
        shard: int,
        after: str | None,
        sourced_id: str,
    ) -> Slice:
        """Read as much of one partition as a query can (1 MB), and filter it in the table."""
        key = shard_key(place.group_id, collection, shard)
        named = Attr(Doc.SOURCED_ID).eq(sourced_id) | Attr(Doc.SOURCED_IDS).contains(sourced_id)
        return self._read(
            Query(
                self._table, Key(PK).eq(key), where=named, after=_after(key, after), consistent=True
            )
        )

    def members(
        self, place: RosterPlace, class_id: RecordId, after: str | None, most: int
    ) -> Slice:
        """Read enrollments of a class; their place is their own id."""
        prefix = class_prefix(class_id)
        key = partition(place.group_id, Collection.ENROLLMENTS, place.shards, class_id)
        query = Query(
            self._table,
            Key(PK).eq(key) & Key(SK).begins_with(prefix),
            after=_after(key, None if after is None else f"{prefix}{after}"),
            limit=most,
            consistent=True,
        )
        records, last = self._read(query, prefix)
        return Slice(records, None if last is None else last.removeprefix(prefix))

    def memberships(
        self, place: RosterPlace, user_id: RecordId, after: str | None, most: int
    ) -> Slice:
        """Read enrollments of a user; their place is class and enrollment."""
        key = user_index_key(place.group_id, user_id)
        after_key = None
        if after is not None:
            class_id = after.partition("#")[0]
            in_table = partition(place.group_id, Collection.ENROLLMENTS, place.shards, class_id)
            after_key = {RecordItem.USER_KEY: key, PK: in_table, SK: after}
        wanted = Key(RecordItem.USER_KEY).eq(key)
        return self._read(Query(self._table, wanted, index=BY_USER, after=after_key, limit=most))

    def _read(self, query: Query, prefix: str = "") -> Slice:
        """Read what a query finds; ``prefix`` is what the sort keys of its records begin with."""
        answer = self._client.query(**query.parameters())
        last = answer.get("LastEvaluatedKey")
        return Slice(
            [_record(unmarshal(item), prefix) for item in answer["Items"]],
            unmarshal(last)[SK] if last else None,
        )


def _after(key: str, after: str | None) -> dict[str, str] | None:
    """The key of the table after which a query of a partition begins."""
    return None if after is None else {PK: key, SK: after}


def _record(values: Mapping[str, Any], prefix: str = "") -> StoredRecord:
    expires = values.get(RecordItem.EXPIRES_AT)
    return StoredRecord(
        id=RecordId(values[RecordItem.ID]),
        key=values[SK].removeprefix(prefix),
        doc=values[RecordItem.DOC],
        created_at=datetime.fromisoformat(values[RecordItem.CREATED_AT]),
        updated_at=datetime.fromisoformat(values[RecordItem.UPDATED_AT]),
        deleted_at=_moment(values.get(RecordItem.DELETED_AT)),
        ended_at=_moment(values.get(RecordItem.ENDED_AT)),
        expires_at=datetime.fromtimestamp(int(expires), UTC) if expires is not None else None,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
