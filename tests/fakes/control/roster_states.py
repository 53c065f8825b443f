"""The in-memory twin of ``DynamoRosterStates``."""

from shared.domain.ids import EnterpriseId, GroupId
from shared.ports.roster_reading import RosterState
from tests.fakes.control import InMemoryControl


class InMemoryRosterStates:
    """``RosterStates`` in memory."""

    def __init__(self, control: InMemoryControl) -> None:
        self._control = control

    def get(self, enterprise: EnterpriseId, group_id: GroupId) -> RosterState:
        group = self._control.standing(enterprise, group_id)
        base = group.base.seq if group.base else None
        active = group.active_run
        return RosterState(group_id, "UTC", group.shards, base, group.base_at, active)
