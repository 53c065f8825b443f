"""What the stores promise of stamps, tried on the real ones (moto) and on their twins in memory."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.adapters.roster_table.roster import DynamoRoster
from shared.domain.errors import StoppedError
from shared.domain.ids import GroupId, RecordId, RunKey
from shared.domain.roster.change import Removal, RosterWrite
from shared.domain.roster.collection import Collection
from shared.domain.roster.stamp import Stamp
from shared.domain.roster.table_record import TableRecord
from shared.domain.run.results import PlanResult, RunEnd
from shared.domain.run.run import RunState
from shared.ports.roster import Roster, RosterHoldings
from tests.fakes.roster_table import NAME
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.fakes.world import InMemoryHoldings, InMemoryRoster
from tests.stores.control_stores import KINDS, NOW, Control, control_of, plan_of


@pytest.fixture(params=KINDS)
def control(request: pytest.FixtureRequest) -> Iterator[Control]:
    with control_of(request.param) as made:
        yield made


def plan(control: Control, order: int, attempt: str, seen: Stamp | None) -> RunKey:
    key = control.planning()
    stamp = Stamp(order=order, attempt=attempt, shards=3)
    result = PlanResult({}, (), plan_of(key, 1), stamp, seen)
    control.batches.planned(key, "one", NOW, result)
    return key


def test_group_and_roster_take_the_stamp_of_the_plan_at_once(control: Control) -> None:
    key = plan(control, 1, "a", None)
    stamp = Stamp(order=1, attempt="a", shards=3)
    assert control.holdings.stamp(GROUP) == control.batches.base(key).stamp == stamp


@pytest.mark.parametrize("seen", [None, Stamp(order=1, attempt="b", shards=3)])
def test_who_has_not_seen_the_roster_as_it_is_does_not_begin_to_write(
    control: Control, seen: Stamp | None
) -> None:
    key = plan(control, 1, "a", None)
    control.runs.close(key, NOW, RunEnd(RunState.FAILED))
    before = control.batches.base(key)
    with pytest.raises(StoppedError):
        plan(control, 2, "c", seen)
    assert control.batches.base(key) == before
    assert control.holdings.stamp(GROUP) == before.stamp


def test_the_numbers_of_runs_go_on_above_what_the_roster_has_seen(control: Control) -> None:
    key = plan(control, 40, "a", None)
    assert key.seq == 1
    control.runs.close(key, NOW, RunEnd(RunState.FAILED))
    assert control.accept().seq == 41


def holdings_of(control: Control) -> tuple[Roster, RosterHoldings]:
    """A roster, and what it says of itself."""
    if control.client is None:
        roster = InMemoryRoster()
        return roster, InMemoryHoldings(roster)
    return DynamoRoster(control.client, NAME, batched=False), control.holdings


@pytest.mark.parametrize("shards", [3, None])
def test_all_that_a_group_holds_is_told(control: Control, shards: int | None) -> None:
    roster, holdings = holdings_of(control)
    until = NOW + timedelta(days=120)

    def apply(seq: int, *writes: RosterWrite, group_id: GroupId = GROUP) -> None:
        roster.apply(RunKey(ENTERPRISE, group_id, seq), 3, writes, NOW)

    users = [
        RosterWrite(collection=Collection.USERS, id=RecordId(f"u{n}"), doc={"n": f"{n}"}, new=True)
        for n in range(5)
    ]
    member = RosterWrite(
        collection=Collection.ENROLLMENTS, id=RecordId("e"), doc={"role": "student"}, new=True,
        class_id=RecordId("c"), user_id=RecordId("u1"),
    )  # fmt: skip
    apply(1, *users, member)
    apply(1, users[0], group_id=GroupId("another"))
    gone = Removal(kind="deleted", since=NOW, until=until)
    apply(2, users[1].model_copy(update={"removal": gone}))
    passed = gone.model_copy(update={"until": NOW - timedelta(days=1)})
    apply(3, users[2].model_copy(update={"removal": passed}))
    told = {each.id: each for each in holdings.records(GROUP, shards, NOW)}
    assert told.keys() == {"u0", "u1", "u3", "u4", "e"}
    assert told[RecordId("u0")] == TableRecord(Collection.USERS, RecordId("u0"), {"n": "0"}, 1)
    assert told[RecordId("u1")] == TableRecord(
        Collection.USERS, RecordId("u1"), {"n": "1"}, 2, "deleted", NOW
    )
    assert told[RecordId("e")].collection is Collection.ENROLLMENTS
