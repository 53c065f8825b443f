"""How the roster of a group stands, read from the group's item in the ``control`` table."""

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel

from shared.adapters.control_table.attributes import GroupItem
from shared.adapters.control_table.read_group import read_group
from shared.domain.ids import EnterpriseId, GroupId
from shared.ports.roster_reading import RosterState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READ = (
    GroupItem.TIME_ZONE,
    GroupItem.SHARDS,
    GroupItem.BASE,
    GroupItem.BASE_AT,
    GroupItem.ACTIVE_RUN,
)


class _Base(BaseModel):
    """What is read of the base, whatever else a newer version has stored in it."""

    seq: int


class DynamoRosterStates:
    """``RosterStates`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def get(self, enterprise: EnterpriseId, group_id: GroupId) -> RosterState:
        """Read how one group's roster stands; see ``roster_ports.RosterStates.get``."""
        item = read_group(self._client, self._table, enterprise, group_id, only=_READ)
        shards, base = item.get(GroupItem.SHARDS), item.get(GroupItem.BASE)
        committed, active = item.get(GroupItem.BASE_AT), item.get(GroupItem.ACTIVE_RUN)
        return RosterState(
            group_id=group_id,
            time_zone=item.get(GroupItem.TIME_ZONE, "UTC"),
            shards=None if shards is None else int(shards),
            base_run=None if base is None else _Base.model_validate_json(base).seq,
            committed_at=datetime.fromisoformat(committed) if committed else None,
            run_under_way=int(active) if active else None,
        )
