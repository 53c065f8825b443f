"""How the roster of a group stands, read from the group's item in the ``control`` table."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.control_table.group_item import read_group
from shared.domain.ids import EnterpriseId, GroupId
from shared.ports.roster_reading import RosterState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READ = {f"#{name}": name for name in ("timeZone", "shards", "base", "baseAt", "activeRun")}


class DynamoRosterStates:
    """``RosterStates`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def get(self, enterprise: EnterpriseId, group_id: GroupId) -> RosterState:
        """Read how one group's roster stands; see ``roster_ports.RosterStates.get``."""
        item = read_group(self._client, self._table, enterprise, group_id, only=_READ)
        committed = item.get("baseAt")
        return RosterState(
            group_id=group_id,
            time_zone=item.get("timeZone", "UTC"),
            shards=int(item["shards"]) if "shards" in item else None,
            base_run=int(json.loads(item["base"])["seq"]) if "base" in item else None,
            committed_at=datetime.fromisoformat(committed) if committed else None,
            run_under_way=int(item["activeRun"]) if item.get("activeRun") else None,
        )
