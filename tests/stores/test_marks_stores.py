"""A roster's mark, tried on the real stores (moto) and on their twins: made, taken back, obeyed."""

from collections.abc import Iterator

import pytest

from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.group.hold import Hold
from shared.domain.ids import EnterpriseId
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.requests import Drop
from shared.domain.run.results import Commit, RunEnd
from shared.domain.run.run import Mode, RunState
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import (
    KINDS,
    NOW,
    Control,
    control_of,
    deletions_of,
    groups_of,
    snapshot_of,
)


@pytest.fixture(params=KINDS)
def control(request: pytest.FixtureRequest) -> Iterator[Control]:
    with control_of(request.param) as made:
        yield made


def _drop(name: str) -> Drop:
    place = BundleObject(name=name, key=f"drops/{GROUP}/{name}", version="1", size=10)
    return Drop(ENTERPRISE, GROUP, Mode.UPDATE, Bundle(objects=(place,)))


def _held(control: Control, rule: str) -> None:
    """Let a run end that has found something to wait for a person."""
    key, plan = control.applying(1)
    control.batches.finish(key, plan, 0)
    hold = Hold(digest="d", records=3, by_rule=({"rule": rule, "entity": "users", "records": 3},))
    commit = Commit(RunState.HELD, snapshot_of(key), plan.shards, hold=hold)
    control.batches.commit(key, NOW, commit)


def test_a_mark_is_made_once_and_taken_back(control: Control) -> None:
    def marked() -> bool:
        return groups_of(control).get(ENTERPRISE, GROUP).marked_at is not None

    groups_of(control).unmark(ENTERPRISE, GROUP)
    for _ in range(2):
        groups_of(control).mark(ENTERPRISE, GROUP, NOW)
        assert marked()
    for _ in range(2):
        groups_of(control).unmark(ENTERPRISE, GROUP)
        assert not marked()


def test_a_mark_whose_deletion_waits_is_taken_back_by_rejecting_that(control: Control) -> None:
    _held(control, "marked")
    groups_of(control).mark(ENTERPRISE, GROUP, NOW)
    with pytest.raises(ConflictError) as raised:
        groups_of(control).unmark(ENTERPRISE, GROUP)
    assert raised.value.code == "mark_waits"


def test_what_else_waits_does_not_keep_a_mark(control: Control) -> None:
    _held(control, "group_share")
    groups_of(control).mark(ENTERPRISE, GROUP, NOW)
    groups_of(control).unmark(ENTERPRISE, GROUP)
    assert groups_of(control).get(ENTERPRISE, GROUP).marked_at is None


def test_while_a_run_may_be_planning_it_a_mark_stays(control: Control) -> None:
    groups_of(control).mark(ENTERPRISE, GROUP, NOW)
    run = control.accept()
    with pytest.raises(ConflictError) as raised:
        groups_of(control).unmark(ENTERPRISE, GROUP)
    assert (raised.value.code, raised.value.extra) == ("run_under_way", {"runId": "1"})
    assert control.runs.close(run.key, NOW, RunEnd(RunState.FAILED))
    groups_of(control).unmark(ENTERPRISE, GROUP)


def test_a_bundle_whose_turn_comes_knows_of_the_mark(control: Control) -> None:
    first = control.drops.take(_drop("a"), NOW)
    groups_of(control).mark(ENTERPRISE, GROUP, NOW)
    begun = control.drops.begin(ENTERPRISE, GROUP, NOW)
    assert begun is not None
    assert (begun.key, begun.marked, control.get(first.key).marked) == (first.key, True, True)
    assert control.runs.close(first.key, NOW, RunEnd(RunState.FAILED))
    groups_of(control).unmark(ENTERPRISE, GROUP)
    control.drops.take(_drop("b"), NOW)
    begun = control.drops.begin(ENTERPRISE, GROUP, NOW)
    assert begun is not None
    assert (begun.seq, begun.marked) == (2, False)


def test_neither_anothers_group_nor_one_that_goes_is_unmarked(control: Control) -> None:
    with pytest.raises(NotFoundError):
        groups_of(control).unmark(EnterpriseId("globex"), GROUP)
    deletions_of(control).begin(ENTERPRISE, GROUP, "ann", NOW)
    with pytest.raises(NotFoundError):
        groups_of(control).unmark(ENTERPRISE, GROUP)
    with pytest.raises(NotFoundError):
        groups_of(control).mark(ENTERPRISE, GROUP, NOW)
