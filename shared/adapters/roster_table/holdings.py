"""What the roster table says of a group by itself: its stamp, and every record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from shared.adapters.dynamodb.reads import Query, get, get_many
from shared.adapters.dynamodb.values import Item, seconds, unmarshal
from shared.adapters.roster_table.attributes import LoginItem, RecordItem, StampItem
from shared.adapters.roster_table.keys import PK, login_key, shard_key, stamp_key
from shared.domain.ids import EnterpriseId, GroupId, RecordId
from shared.domain.roster.change import MAX_SHARDS
from shared.domain.roster.collection import Collection
from shared.domain.roster.login_name import LoginHolder
from shared.domain.roster.stamp import Stamp
from shared.domain.roster.table_record import TableRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRosterHoldings:
    """``RosterHoldings`` over DynamoDB. All reads are consistent."""

    def __init__(self, client: "DynamoDBClient", table: str, wait: Callable[[float], None]) -> None:
        self._client = client
        self._table = table
        self._wait = wait

    def stamp(self, group_id: GroupId) -> Stamp | None:
        """Read the stamp; see ``ports.RosterHoldings.stamp``."""
        item = get(self._client, self._table, stamp_key(group_id))
        return None if item is None else Stamp.model_validate_json(item[StampItem.STAMP])

    def login_holders(
        self, enterprise: EnterpriseId, names: Sequence[str]
    ) -> Mapping[str, LoginHolder]:
        """Read who has login names; see ``ports.RosterHoldings.login_holders``."""
        keys = [login_key(enterprise, name) for name in names]
        by_place = {key[PK]: name for key, name in zip(keys, names, strict=True)}
        return {
            by_place[item[PK]]: LoginHolder(
                RecordId(item[LoginItem.USER_ID]), item.get(LoginItem.GROUP_ID)
            )
            for item in get_many(self._client, self._table, keys, self._wait, _HOLDER)
        }

    def records(
        self, group_id: GroupId, shards: int | None, now: datetime
    ) -> Iterator[TableRecord]:
        """Read partition after partition, without what has expired and the table still has."""
        paginator = self._client.get_paginator("query")
        for collection in Collection:
            for shard in range(shards or MAX_SHARDS):
                partition = Key(PK).eq(shard_key(group_id, collection, shard))
                for page in paginator.paginate(
                    **Query(self._table, partition, only=_READ, consistent=True).parameters()
                ):
                    for item in map(unmarshal, page["Items"]):
                        if int(item.get(RecordItem.EXPIRES_AT, seconds(now))) >= seconds(now):
                            yield _record(collection, item)


_HOLDER = (PK, LoginItem.USER_ID, LoginItem.GROUP_ID)
_READ = (
    RecordItem.ID,
    RecordItem.DOC,
    RecordItem.SEQ,
    RecordItem.DELETED_AT,
    RecordItem.ENDED_AT,
    RecordItem.EXPIRES_AT,
)


def _record(collection: Collection, item: Item) -> TableRecord:
    known: dict[str, Any] = {}
    for left, since in (("deleted", RecordItem.DELETED_AT), ("ended", RecordItem.ENDED_AT)):
        if since in item:
            known = {"left": left, "since": datetime.fromisoformat(item[since])}
    return TableRecord(
        collection=collection,
        id=RecordId(item[RecordItem.ID]),
        doc=item[RecordItem.DOC],
        order=int(item[RecordItem.SEQ]),
        **known,
    )
