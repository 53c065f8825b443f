"""What a reader is told of the roster's state: which run made it, and which may be changing it."""

from collections.abc import Iterator

import pytest

from shared.adapters.control_table.roster_states import DynamoRosterStates
from shared.domain.errors import NotFoundError
from shared.domain.ids import EnterpriseId
from shared.domain.run.results import Commit
from shared.domain.run.run import RunState
from shared.ports.roster_reading import RosterState, RosterStates
from tests.fakes.control import InMemoryControl
from tests.fakes.control.roster_states import InMemoryRosterStates
from tests.fakes.control_table import NAME
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import (
    KINDS,
    NOW,
    Control,
    control_of,
    deletions_of,
    snapshot_of,
)


@pytest.fixture(params=KINDS)
def control(request: pytest.FixtureRequest) -> Iterator[Control]:
    with control_of(request.param) as made:
        yield made


def states_of(control: Control) -> RosterStates:
    if isinstance(control.runs, InMemoryControl):
        return InMemoryRosterStates(control.runs)
    return DynamoRosterStates(control.client, NAME)


def test_a_roster_is_that_of_the_last_run_that_was_committed(control: Control) -> None:
    states = states_of(control)
    assert states.get(ENTERPRISE, GROUP) == RosterState(GROUP, "UTC")
    key, plan = control.applying(1)
    assert states.get(ENTERPRISE, GROUP) == RosterState(GROUP, "UTC", plan.shards, None, None, 1)
    control.batches.finish(key, plan, 0)
    commit = Commit(RunState.SUCCEEDED, snapshot_of(key), plan.shards)
    control.batches.commit(key, NOW, commit)
    assert states.get(ENTERPRISE, GROUP) == RosterState(GROUP, "UTC", plan.shards, 1, NOW, None)
    control.accept()
    assert states.get(ENTERPRISE, GROUP) == RosterState(GROUP, "UTC", plan.shards, 1, NOW, 2)


def test_anothers_group_has_no_state(control: Control) -> None:
    with pytest.raises(NotFoundError):
        states_of(control).get(EnterpriseId("somebody-else"), GROUP)


def test_a_group_that_is_being_deleted_is_not_there(control: Control) -> None:
    control.applying(1)
    states = states_of(control)
    assert states.get(ENTERPRISE, GROUP).shards is not None
    deletions_of(control).begin(ENTERPRISE, GROUP, "ann", NOW)
    with pytest.raises(NotFoundError):
        states.get(ENTERPRISE, GROUP)
