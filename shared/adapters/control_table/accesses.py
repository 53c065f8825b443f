"""Records of accesses in the ``control`` table, beside the runs of the group."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Key

from shared.adapters.control_table.attributes import EXPIRES_AT, AccessItem
from shared.adapters.control_table.keys import ACCESSES, PK, SK, access_key, group_partition
from shared.adapters.dynamodb.actions import put
from shared.adapters.dynamodb.reads import Query
from shared.adapters.dynamodb.values import Item, seconds, unmarshal
from shared.adapters.dynamodb.writes import write_item
from shared.domain.access_record import KEPT, Access
from shared.domain.ids import GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoAccesses:
    """``Accesses`` over DynamoDB; ``new_id`` tells records of the same moment apart."""

    def __init__(self, client: "DynamoDBClient", table: str, new_id: Callable[[], str]) -> None:
        self._client = client
        self._table = table
        self._new_id = new_id

    def record(self, group_id: GroupId, access: Access) -> None:
        """Write an access down; see ``ports.Accesses.record``."""
        # Of one length, so that they sort by time.
        moment = access.at.isoformat(timespec="microseconds")
        item = {
            **access_key(group_id, f"{moment}#{self._new_id()}"),
            AccessItem.PERSON: access.person,
            AccessItem.WHAT: access.what,
            AccessItem.AT: access.at.isoformat(),
            AccessItem.RECORDS: access.records,
            EXPIRES_AT: seconds(access.at + KEPT),
        }
        write_item(self._client, put(self._table, item))

    def list(
        self, group_id: GroupId, after: str | None, most: int, now: datetime
    ) -> tuple[Sequence[Access], str | None]:
        """Read accesses, newest first."""
        answer = self._client.query(
            **Query(
                self._table,
                Key(PK).eq(group_partition(group_id)) & Key(SK).begins_with(ACCESSES),
                after=None if after is None else access_key(group_id, after),
                limit=most,
                newest_first=True,
                consistent=True,
            ).parameters()
        )
        found = [_access(unmarshal(item)) for item in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        return (
            [access for access in found if access.at + KEPT > now],
            unmarshal(last)[SK].removeprefix(ACCESSES) if last else None,
        )


def _access(item: Item) -> Access:
    records = item.get(AccessItem.RECORDS)
    return Access(
        person=item[AccessItem.PERSON],
        what=item[AccessItem.WHAT],
        at=datetime.fromisoformat(item[AccessItem.AT]),
        records=None if records is None else int(records),
    )
