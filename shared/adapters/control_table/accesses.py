"""Records of accesses in the ``control`` table, beside the runs of the group."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb import Item, marshal, unmarshal
from shared.domain.access import KEPT, Access
from shared.domain.ids import GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX = "ACCESS#"


class DynamoAccesses:
    """``Accesses`` over DynamoDB; ``new_id`` tells records of the same moment apart."""

    def __init__(self, client: "DynamoDBClient", table: str, new_id: Callable[[], str]) -> None:
        self._client = client
        self._table = table
        self._new_id = new_id

    def record(self, group_id: GroupId, access: Access) -> None:
        """Write an access down; see ``ports.Accesses.record``."""
        values = {
            "person": access.person,
            "what": access.what,
            "at": access.at.isoformat(),
            "records": access.records,
            "expiresAt": int((access.at + KEPT).timestamp()),
        }
        # Of one length, so that they sort by time.
        moment = access.at.isoformat(timespec="microseconds")
        self._client.put_item(
            TableName=self._table,
            Item=_key(group_id, f"{moment}#{self._new_id()}") | marshal(values),
        )

    def of(
        self, group_id: GroupId, after: str | None, most: int, now: datetime
    ) -> tuple[Sequence[Access], str | None]:
        """Read accesses, newest first."""
        start: dict[str, Any] = {}
        if after is not None:
            start["ExclusiveStartKey"] = _key(group_id, after)
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=marshal({":pk": f"GROUP#{group_id}", ":prefix": PREFIX}),
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=most,
            **start,
        )
        found = [_access(unmarshal(item)) for item in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        return (
            [access for access in found if access.at + KEPT > now],
            last["sk"]["S"].removeprefix(PREFIX) if last else None,
        )


def _key(group_id: GroupId, place: str) -> Item:
    return marshal({"pk": f"GROUP#{group_id}", "sk": f"{PREFIX}{place}"})


def _access(item: Item) -> Access:
    records = item.get("records")
    return Access(
        person=item["person"],
        what=item["what"],
        at=datetime.fromisoformat(item["at"]),
        records=None if records is None else int(records),
    )
