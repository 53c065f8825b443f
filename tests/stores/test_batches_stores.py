"""What the stores of open batches promise, tried on the real one (moto) and on its twin."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.adapters.control_table.batches import BATCHES_PER_ITEM, KEPT
from shared.domain.errors import ConflictError, StoppedError
from shared.domain.group.hold import Decision, Hold, HoldDecision
from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import NOTHING_STAGED
from shared.domain.run.counts import EntityCounts
from shared.domain.run.requests import RunRequest
from shared.domain.run.results import Commit, PlanResult, RosterBase, RunEnd, Unapplied
from shared.domain.run.run import Mode, Notice, Reason, Run, RunState, Trigger
from tests.fakes.control_table import NAME
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import (
    KINDS,
    LEASE,
    NOW,
    PATIENCE,
    Control,
    control_of,
    plan_of,
    snapshot_of,
)

COUNTS = {"users": EntityCounts(created=3, rejected=1)}
NOTICES = (Notice(code="root_made", message="A root was made."),)


@pytest.fixture(params=KINDS)
def control(request: pytest.FixtureRequest) -> Iterator[Control]:
    with control_of(request.param) as made:
        yield made


def test_a_group_before_its_first_load_has_no_base(control: Control) -> None:
    assert control.batches.base(control.accept().key) == RosterBase(None, (), None)


def test_a_planned_run_is_applying_and_its_change_file_dirty(control: Control) -> None:
    key = control.planning()
    plan = plan_of(key, 2)
    control.batches.open(key, plan, NOW)
    assert control.batches.base(key).dirty == ()
    control.batches.planned(key, "one", NOW, PlanResult(COUNTS, NOTICES, plan))
    run = control.get(key)
    assert (run.state, run.owner, run.lease_until, run.cursor, run.plan) == (
        RunState.APPLYING, None, None, None, plan,
    )  # fmt: skip
    assert (run.counts, run.notices) == (COUNTS, NOTICES)
    assert control.batches.base(key) == RosterBase(None, (plan.changes_key,), 3)
    with pytest.raises(StoppedError):
        control.batches.planned(key, "one", NOW, PlanResult(COUNTS, NOTICES, plan))
    assert control.batches.base(key).dirty == (plan.changes_key,)


def test_dirty_grows_with_each_run_that_never_ended(control: Control) -> None:
    why = Reason(code="abandoned", message="")
    plans = []
    for _ in range(2):
        key, plan = control.applying(1)
        control.runs.close(key, NOW, RunEnd(RunState.FAILED, why))
        plans.append(plan.changes_key)
    assert control.batches.base(key).dirty == tuple(plans)


def test_a_plan_of_a_former_owner_is_refused_and_leaves_no_trace(control: Control) -> None:
    key = control.planning("one")
    late = NOW + LEASE + timedelta(seconds=1)
    assert control.runs.claim(key, RunState.PLANNING, 1, "two", late) is not None
    mine, theirs = plan_of(key, 2, "one"), plan_of(key, 3, "two")
    for plan in (theirs, mine):
        control.batches.open(key, plan, late)
    with pytest.raises(StoppedError):
        control.batches.planned(key, "one", late, PlanResult({}, (), mine))
    assert control.batches.base(key).dirty == ()
    control.batches.planned(key, "two", late, PlanResult({}, (), theirs))
    assert control.batches.still_open(key, theirs) == [0, 1, 2]


def test_the_last_batch_to_finish_says_so_whatever_came_twice(control: Control) -> None:
    key, plan = control.applying(3)
    finished = [control.batches.finish(key, plan, batch) for batch in (2, 2, 0, 2, 0)]
    assert finished == [False] * 5
    assert control.batches.still_open(key, plan) == [1]
    # Whoever finishes the last one may die before the commit: the next to come says it again.
    assert [control.batches.finish(key, plan, batch) for batch in (1, 1, 0)] == [True] * 3
    assert control.batches.still_open(key, plan) == []
    control.batches.commit(key, NOW, Commit(RunState.SUCCEEDED, snapshot_of(key), 3))
    assert not control.batches.finish(key, plan, 1)


def test_more_batches_than_an_item_holds_finish_in_any_order(control: Control) -> None:
    count = 2 * BATCHES_PER_ITEM + 3
    key, plan = control.applying(count)
    assert control.batches.still_open(key, plan) == list(range(count))
    order = list(range(count))
    random.Random(1).shuffle(order)
    done = []
    for batch in order[:-1]:
        done.append(control.batches.finish(key, plan, batch))
        if batch % 50 == 0:
            done.append(control.batches.finish(key, plan, batch))
    assert not any(done)
    assert control.batches.still_open(key, plan) == order[-1:]
    assert control.batches.finish(key, plan, order[-1])


def test_a_run_being_applied_is_overdue_when_nothing_comes(control: Control) -> None:
    key, _ = control.applying(1)
    second = timedelta(seconds=1)
    assert control.overdue(NOW + PATIENCE) == []
    assert control.overdue(NOW + PATIENCE + second) == [key]
    assert control.batches.touch(key, NOW + PATIENCE) is not None
    assert control.overdue(NOW + 2 * PATIENCE) == []
    late = NOW + 2 * PATIENCE + second
    control.runs.resend(control.get(key), late)
    assert control.overdue(late + PATIENCE + second) == [key]


def test_only_a_run_being_applied_can_be_touched(control: Control) -> None:
    key = control.planning()
    assert control.batches.touch(key, NOW) is None
    assert control.batches.touch(key._replace(seq=9), NOW) is None
    assert control.runs.get(key._replace(seq=9)) is None


def test_what_could_not_be_applied_is_listed_once_a_batch(control: Control) -> None:
    key, _ = control.applying(12)
    one = Unapplied(Collection.USERS, RecordId("a"), "login_name_taken")
    two = Unapplied(Collection.ENROLLMENTS, RecordId("b"), "document_failed")
    control.batches.note_unapplied(key, 10, [one], NOW)
    control.batches.note_unapplied(key, 2, [two, one], NOW)
    control.batches.note_unapplied(key, 10, [one], NOW)
    assert control.batches.unapplied(key) == [two, one, one]
    assert control.batches.unapplied(key._replace(seq=9)) == []


def test_a_commit_moves_the_pointer_and_frees_the_group_once(control: Control) -> None:
    key, plan = control.applying(1)
    control.batches.finish(key, plan, 0)
    reason = Reason(code="changes_unapplied", message="1 record")
    commit = Commit(
        RunState.SUCCEEDED_WITH_ERRORS,
        plan.snapshot,
        plan.shards,
        dirty=("unapplied",),
        supersedes=("old", "older"),
        reason=reason,
    )
    control.batches.commit(key, NOW, commit)
    run = control.get(key)
    assert (run.state, run.reason, run.finished_at, run.supersedes) == (
        RunState.SUCCEEDED_WITH_ERRORS, reason, NOW, ("old", "older"),
    )  # fmt: skip
    assert (run.config.secrets, run.announced) == ({}, False)
    assert control.batches.base(key) == RosterBase(plan.snapshot, ("unapplied",), 3)
    assert control.overdue(NOW + timedelta(seconds=1)) == [key]
    control.runs.announced(key)
    assert control.get(key).supersedes == ()
    assert control.accept().seq == 2
    with pytest.raises(StoppedError):
        control.batches.commit(key, NOW, commit)
    with pytest.raises(ConflictError):
        control.accept()


def test_a_late_commit_of_an_older_run_does_not_move_the_pointer_back(control: Control) -> None:
    old, old_plan = control.applying(1)
    control.runs.close(old, NOW, RunEnd(RunState.FAILED, Reason(code="abandoned", message="")))
    new, plan = control.applying(1)
    with pytest.raises(StoppedError):
        control.batches.commit(old, NOW, Commit(RunState.SUCCEEDED, old_plan.snapshot, 3))
    control.batches.commit(new, NOW, Commit(RunState.SUCCEEDED, plan.snapshot, 3))
    assert control.batches.base(new) == RosterBase(plan.snapshot, (), 3)


def test_a_run_without_changes_is_closed_by_its_planner_alone(control: Control) -> None:
    key = control.planning("one")

    def commit(owner: str | None) -> Commit:
        return Commit(
            RunState.SUCCEEDED,
            snapshot_of(key),
            shards=2,
            counts=COUNTS,
            notices=NOTICES,
            owner=owner,
        )

    for stranger in ("two", None):
        with pytest.raises(StoppedError):
            control.batches.commit(key, NOW, commit(stranger))
    control.batches.commit(key, NOW, commit("one"))
    run = control.get(key)
    assert (run.state, run.counts, run.notices, run.owner, run.cursor) == (
        RunState.SUCCEEDED, COUNTS, NOTICES, None, None,
    )  # fmt: skip
    assert control.batches.base(key) == RosterBase(snapshot_of(key), (), 2)


def test_shards_are_fixed_by_the_first_load(control: Control) -> None:
    key = control.planning()
    first = Commit(RunState.SUCCEEDED, snapshot_of(key), shards=2, owner="one")
    control.batches.commit(key, NOW, first)
    key, plan = control.applying(1)
    control.batches.commit(key, NOW, Commit(RunState.SUCCEEDED, plan.snapshot, shards=9))
    assert control.batches.base(key).shards == 2


def test_a_runs_batches_and_their_notes_expire() -> None:
    with control_of("dynamo") as control:
        key, _ = control.applying(BATCHES_PER_ITEM + 1)
        change = Unapplied(Collection.USERS, RecordId("a"), "login_name_taken")
        control.batches.note_unapplied(key, 0, [change], NOW)
        items = [
            item
            for item in control.client.scan(TableName=NAME)["Items"]
            if item["pk"]["S"].startswith("RUN#")
        ]
        assert len(items) == 3
        for item in items:
            assert int(item["expiresAt"]["N"]) == int((NOW + KEPT).timestamp())


def test_a_hold_belongs_to_the_group_until_a_commit_replaces_it(control: Control) -> None:
    hold = Hold(digest="d", records=3, by_rule=({"rule": "r", "records": 3},), seq=1)
    key = control.planning("one")
    held = Commit(RunState.HELD, snapshot_of(key), 3, owner="one", hold=hold)
    control.batches.commit(key, NOW, held)
    assert control.batches.base(key).hold == hold

    def decide(digest: str) -> Run:
        said = HoldDecision(decision=Decision.APPROVE, digest=digest, reason="They left.")
        request = RunRequest(ENTERPRISE, GROUP, Mode.UPDATE, Trigger.DECISION, "ann", decision=said)
        return control.runs.accept(request, NOW)

    with pytest.raises(ConflictError) as caught:
        decide("another")
    assert caught.value.code == "hold_changed"
    run = decide("d")
    assert (run.state, run.leg, run.cursor) == (RunState.PLANNING, 0, NOTHING_STAGED)
    assert control.get(run.key) == run
    # Of two decisions at once one has the group.
    with pytest.raises(ConflictError) as caught:
        decide("d")
    assert caught.value.code == "run_under_way"
    assert control.runs.claim(run.key, RunState.PLANNING, 0, "two", NOW) is not None
    done = Commit(RunState.SUCCEEDED, snapshot_of(run.key), 3, owner="two")
    control.batches.commit(run.key, NOW, done)
    assert control.batches.base(run.key).hold is None
    with pytest.raises(ConflictError) as caught:
        decide("d")
    assert caught.value.code == "no_hold"
