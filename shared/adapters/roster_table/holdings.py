"""What the roster table says of a group by itself: its stamp, and every record."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb import Item, marshal, unmarshal
from shared.adapters.roster_table.keys import shard_key, stamp_key
from shared.domain.ids import GroupId, RecordId
from shared.domain.roster.change import MAX_SHARDS
from shared.domain.roster.collection import Collection
from shared.domain.roster.held_record import HeldRecord
from shared.domain.roster.stamp import Stamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRosterHoldings:
    """``RosterHoldings`` over DynamoDB. All reads are consistent."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def stamp(self, group_id: GroupId) -> Stamp | None:
        """Read the stamp; see ``ports.RosterHoldings.stamp``."""
        answer = self._client.get_item(
            TableName=self._table, Key=marshal(stamp_key(group_id)), ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        return Stamp.model_validate_json(unmarshal(answer["Item"])["stamp"])

    def records(self, group_id: GroupId, shards: int | None, now: datetime) -> Iterator[HeldRecord]:
        """Read partition after partition; what has expired is gone, whenever the table lets go."""
        paginator = self._client.get_paginator("query")
        for collection in Collection:
            for shard in range(shards or MAX_SHARDS):
                for page in paginator.paginate(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues=marshal(
                        {":pk": shard_key(group_id, collection, shard)}
                    ),
                    ProjectionExpression="id, doc, seq, deletedAt, endedAt, expiresAt",
                    ConsistentRead=True,
                ):
                    for item in map(unmarshal, page["Items"]):
                        if int(item.get("expiresAt", now.timestamp())) >= int(now.timestamp()):
                            yield _record(collection, item)


def _record(collection: Collection, item: Item) -> HeldRecord:
    known: dict[str, Any] = {}
    for left in ("deleted", "ended"):
        if f"{left}At" in item:
            known = {"left": left, "since": datetime.fromisoformat(item[f"{left}At"])}
    return HeldRecord(
        collection=collection,
        id=RecordId(item["id"]),
        doc=item["doc"],
        order=int(item["seq"]),
        **known,
    )
