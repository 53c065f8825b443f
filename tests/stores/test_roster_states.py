"""What a reader is told of the roster's state: which run made it, and which may be changing it."""

from collections.abc import Iterator

import pytest

from shared.adapters.dynamo_roster_states import DynamoRosterStates
from shared.domain.ids import EnterpriseId
from shared.domain.run import RunState
from shared.errors import NotFoundError
from shared.ports import Commit
from shared.roster_ports import RosterState
from tests.fakes.control_table import NAME
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import NOW, Control, control_of, snapshot_of


@pytest.fixture
def control() -> Iterator[Control]:
    with control_of("dynamo") as made:
        yield made


def test_a_roster_is_that_of_the_last_run_that_was_committed(control: Control) -> None:
    states = DynamoRosterStates(control.client, NAME)
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
        DynamoRosterStates(control.client, NAME).get(EnterpriseId("somebody-else"), GROUP)


def test_a_group_that_is_being_deleted_is_not_there(control: Control) -> None:
    control.client.update_item(
        TableName=NAME,
        Key={"pk": {"S": f"ENT#{ENTERPRISE}"}, "sk": {"S": f"GROUP#{GROUP}"}},
        UpdateExpression="SET deleting = :yes",
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )
    with pytest.raises(NotFoundError):
        DynamoRosterStates(control.client, NAME).get(ENTERPRISE, GROUP)
