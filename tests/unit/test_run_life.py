"""The life of a run as a table: what follows on each event in each state, or why nothing does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.domain import timers
from shared.domain.errors import ConflictError, NotDueError, NotFoundError, TryLaterError
from shared.domain.group.hold import Decision, Hold, HoldDecision
from shared.domain.roster.stamp import Stamp
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.life import end, opening, work
from shared.domain.run.life.opening import GroupRuns
from shared.domain.run.life.table import ENDED_STATES, FOLLOWS, Event, states_before
from shared.domain.run.life.transition import (
    Appended,
    IfNone,
    Plus,
    Transition,
    Unmet,
    changed,
    changed_value,
    unmet,
)
from shared.domain.run.requests import Drop, Due, RunRequest
from shared.domain.run.results import Commit, NextLeg, PlanResult, RunEnd
from shared.domain.run.run import Mode, Plan, Reason, Run, RunState, Snapshot, Trigger
from tests.fakes.simulation import ENTERPRISE, GROUP, config

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE, PATIENCE = timedelta(seconds=60), timedelta(minutes=5)
WHY = Reason(code="source_gone", message="The source is gone.")
SNAPSHOT = Snapshot(seq=7, shape_version=1, settings="s", objects={})
PLAN = Plan(changes_key="changes/7", attempt="one", batches=2, shards=3, snapshot=SNAPSHOT)
ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


def run_in(state: RunState, mode: Mode = Mode.SYNC, owner: str | None = "one") -> Run:
    """Run 7 in this state; ``owner`` holds it for another minute."""
    return Run(
        enterprise=ENTERPRISE,
        group_id=GROUP,
        seq=7,
        mode=mode,
        trigger=Trigger.REQUEST,
        requested_by="ann",
        state=state,
        config=config(),
        leg=1,
        owner=owner,
        lease_until=NOW + LEASE if owner else None,
        resends=2,
        sent_at=NOW,
        cursor={"page": 3},
        created_at=NOW - timedelta(hours=1),
    )


def handed_on(to: RunState) -> Transition:
    return work.handed_on("one", NOW, PATIENCE, NextLeg(to, None, {}))


def closed(run: Run, state: RunState) -> Transition:
    return end.closed(run, NOW, RunEnd(state, WHY), "one")


def committed(run: Run, state: RunState, owner: str | None = None) -> Transition:
    return end.committed(run, NOW, Commit(state, SNAPSHOT, 3, owner=owner))


WAITING_GROUP = GroupRuns(config(), run_seq=7, waiting=(7,))

STEPS: dict[str, Callable[[Run], Transition | None]] = {
    "begun": lambda run: opening.begun(WAITING_GROUP, NOW, PATIENCE),
    "claimed, to extract": lambda run: work.claimed(RunState.EXTRACTING, 1, "one", NOW, LEASE),
    "claimed, to plan": lambda run: work.claimed(RunState.PLANNING, 1, "one", NOW, LEASE),
    "claimed, to delete": lambda run: work.claimed(RunState.APPLYING, 1, "one", NOW, LEASE),
    "beaten": lambda run: work.beaten("one", NOW, LEASE, {}),
    "handed on, to extract": lambda run: handed_on(RunState.EXTRACTING),
    "handed on, to plan": lambda run: handed_on(RunState.PLANNING),
    "handed on, to delete": lambda run: handed_on(RunState.APPLYING),
    "planned": lambda run: work.planned(run.key, "one", NOW, PATIENCE, PlanResult({}, (), PLAN), 7),
    "touched": lambda run: work.touched(NOW, PATIENCE),
    "sent": lambda run: work.sent(run, NOW),
    "resent": lambda run: work.resent(run, NOW, PATIENCE),
    "put off": lambda run: work.put_off(run, NOW, PATIENCE),
    "goes on waiting": lambda run: work.waiting_on(NOW, PATIENCE),
    "committed by its planner": lambda run: committed(run, RunState.SUCCEEDED, "one"),
    "held by its planner": lambda run: committed(run, RunState.HELD, "one"),
    "committed": lambda run: committed(run, RunState.SUCCEEDED),
    "committed with errors": lambda run: committed(run, RunState.SUCCEEDED_WITH_ERRORS),
    "committed and held": lambda run: committed(run, RunState.HELD),
    "closed as failed": lambda run: closed(run, RunState.FAILED),
    "closed as succeeded": lambda run: closed(run, RunState.SUCCEEDED),
    "closed as held": lambda run: closed(run, RunState.HELD),
    "superseded": lambda run: end.superseded(run, WHY, NOW),
    "deleted": lambda run: end.deleted(run.key, "one", NOW, {}),
    "recorded": lambda run: end.recorded(),
    "published": lambda run: end.published(),
    "announced": lambda run: end.announced(),
}

# Where nothing follows there is a dot; where the state stays an equals sign.
TABLE = """
                         | Waiting    Accepted   Extracting Planning   Applying   ended Unknown
begun                    | Accepted   .          .          .          .          .     .
claimed, to extract      | .          Extracting =          .          .          .     .
claimed, to plan         | .          .          .          =          .          .     .
claimed, to delete       | .          Applying   .          .          =          .     .
beaten                   | .          .          =          =          =          .     .
handed on, to extract    | .          .          =          Extracting .          .     .
handed on, to plan       | .          .          Planning   .          .          .     .
handed on, to delete     | .          .          .          .          =          .     .
planned                  | .          .          .          Applying   .          .     .
touched                  | .          .          .          .          =          .     .
sent                     | .          =          =          =          =          .     .
resent                   | .          =          =          =          =          .     .
put off                  | =          =          =          =          =          =     =
goes on waiting          | =          .          .          .          .          .     .
committed by its planner | .          .          .          Succeeded  .          .     .
held by its planner      | .          .          .          Held       .          .     .
committed                | .          .          .          .          Succeeded  .     .
committed with errors    | .          .          .          .          WithErrors .     .
committed and held       | .          .          .          .          Held       .     .
closed as failed         | .          Failed     Failed     Failed     Failed     .     .
closed as succeeded      | .          .          Succeeded  Succeeded  .          .     .
closed as held           | .          .          Held       .          .          .     .
superseded               | Superseded Superseded Superseded Superseded Superseded .     .
deleted                  | .          .          .          .          Succeeded  .     .
recorded                 | .          .          .          .          .          =     =
published                | .          .          .          .          .          =     =
announced                | .          .          .          .          .          =     =
"""


def cells() -> list[tuple[str, RunState, RunState | None]]:
    """The table as triples: an event, the state before, and the state after."""
    head, *rows = [line.split("|") for line in TABLE.strip("\n").splitlines()]
    found = []
    for name, cells in rows:
        for column, cell in zip(head[1].split(), cells.split(), strict=True):
            for state in sorted(ENDED_STATES) if column == "ended" else [RunState(column)]:
                word = "SucceededWithErrors" if cell == "WithErrors" else cell
                after = None if cell == "." else state if cell == "=" else RunState(word)
                found.append((name.strip(), state, after))
    return found


@pytest.mark.parametrize(("event", "before", "after"), cells())
def test_what_follows_on_each_event_in_each_state(
    event: str, before: RunState, after: RunState | None
) -> None:
    run = run_in(before)
    step = STEPS[event](run)
    assert step is not None
    refused = unmet(step, run, NOW - SECOND)
    if after is None:
        assert refused is Unmet.STATE
    else:
        assert refused is None
        assert changed(step, run).state is after


def test_the_table_here_has_every_event_and_state() -> None:
    tried = {step.event for make in STEPS.values() if (step := make(run_in(RunState.PLANNING)))}
    began = {Event.ACCEPTED, Event.SKIPPED, Event.DROPPED}
    assert tried | began == set(Event)
    assert {name for name, *_ in cells()} == set(STEPS)
    assert {before for _, before, _ in cells()} == set(RunState)


def test_every_state_can_be_reached_and_only_ends_have_no_way_on() -> None:
    reached = {
        after for follows in FOLLOWS.values() for states in follows.values() for after in states
    }
    assert reached >= set(RunState) - {RunState.UNKNOWN}
    ways = {
        before
        for follows in FOLLOWS.values()
        for before, states in follows.items()
        if states != {before}
    }
    assert set(RunState) - ways == ENDED_STATES | {RunState.UNKNOWN}


def test_what_never_follows_is_a_mistake_of_whoever_asks() -> None:
    with pytest.raises(ValueError, match="no run is Waiting after it was claimed"):
        states_before(Event.CLAIMED, RunState.WAITING)


# Owners


@pytest.mark.parametrize(
    ("owner", "at", "why"),
    [
        ("one", NOW, None),
        ("two", NOW, Unmet.OWNED),
        ("two", NOW + LEASE, Unmet.OWNED),
        ("two", NOW + LEASE + SECOND, None),
        (None, NOW + LEASE, Unmet.OWNED),
        (None, NOW + LEASE + SECOND, None),
    ],
)
@pytest.mark.parametrize("step", ["claimed", "closed"])
def test_a_run_is_free_to_another_once_its_lease_has_run_out(
    step: str, owner: str | None, at: datetime, why: Unmet | None
) -> None:
    run = run_in(RunState.EXTRACTING)
    taken = (
        work.claimed(RunState.EXTRACTING, 1, owner or "", at, LEASE)
        if step == "claimed"
        else end.closed(run, at, RunEnd(RunState.FAILED, WHY), owner)
    )
    assert unmet(taken, run, NOW) is why
    assert unmet(taken, run_in(RunState.EXTRACTING, owner=None), NOW) is None


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (RunState.EXTRACTING, "beaten"),
        (RunState.EXTRACTING, "handed on, to plan"),
        (RunState.PLANNING, "planned"),
        (RunState.PLANNING, "committed by its planner"),
        (RunState.APPLYING, "deleted"),
    ],
)
def test_only_its_owner_takes_these_steps_even_if_its_lease_has_run_out(
    state: RunState, step: str
) -> None:
    run = run_in(state)
    taken = STEPS[step](run)
    assert taken is not None
    for other in (run_in(state, owner="two"), run_in(state, owner=None)):
        assert unmet(taken, other, NOW) is Unmet.NOT_OWNER
    late = run.model_copy(update={"lease_until": NOW - timedelta(days=1)})
    assert unmet(taken, late, NOW) is None


def test_whoever_hands_on_or_ends_a_run_gives_it_up() -> None:
    for state, name in (
        (RunState.EXTRACTING, "handed on, to plan"),
        (RunState.PLANNING, "planned"),
        (RunState.APPLYING, "committed"),
        (RunState.EXTRACTING, "closed as failed"),
        (RunState.EXTRACTING, "superseded"),
        (RunState.APPLYING, "deleted"),
    ):
        run = run_in(state)
        step = STEPS[name](run)
        assert step is not None
        after = changed(step, run)
        assert (after.owner, after.lease_until, after.cursor) == (None, None, None), name


def test_a_leg_is_claimed_by_its_number_and_goes_on_from_what_is_there() -> None:
    run = run_in(RunState.ACCEPTED, owner=None)
    for leg, why in ((0, Unmet.CHANGED), (1, None), (2, Unmet.CHANGED)):
        step = work.claimed(RunState.EXTRACTING, leg, "one", NOW, LEASE)
        assert unmet(step, run, NOW) is why
    first = changed(work.claimed(RunState.EXTRACTING, 1, "one", NOW, LEASE), run)
    assert (first.owner, first.lease_until, first.started_at) == ("one", NOW + LEASE, NOW)
    again = changed(work.claimed(RunState.EXTRACTING, 1, "two", NOW + LEASE, LEASE), first)
    assert (again.owner, again.started_at, again.cursor) == ("two", NOW, {"page": 3})


# Times


def test_no_leg_is_claimed_once_the_runs_time_is_over() -> None:
    run = run_in(RunState.ACCEPTED, owner=None)
    over = run.created_at + timers.RUN_DEADLINE
    for at, why in ((over - SECOND, None), (over, Unmet.OUT_OF_TIME)):
        step = work.claimed(RunState.EXTRACTING, 1, "one", at, LEASE)
        assert unmet(step, run, NOW) is why


@pytest.mark.parametrize("step", ["resent", "put off"])
def test_a_run_is_looked_after_once_it_is_overdue(step: str) -> None:
    run = run_in(RunState.EXTRACTING)
    taken = STEPS[step](run)
    assert taken is not None
    for look_at in (NOW, NOW + SECOND, None):
        assert unmet(taken, run, look_at) is Unmet.NOT_OVERDUE
    assert unmet(taken, run, NOW - SECOND) is None


def test_who_looks_after_a_run_sees_what_has_happened_meanwhile() -> None:
    seen = run_in(RunState.EXTRACTING)
    step = work.resent(seen, NOW, PATIENCE)
    assert unmet(step, changed(step, seen), NOW - SECOND) is Unmet.CHANGED
    note = work.sent(seen, NOW)
    assert unmet(note, changed(handed_on(RunState.EXTRACTING), seen), None) is Unmet.CHANGED
    assert unmet(note, changed(handed_on(RunState.PLANNING), seen), None) is Unmet.STATE


LOOKS: dict[str, tuple[RunState, timedelta | None]] = {
    "begun": (RunState.WAITING, PATIENCE),
    "claimed, to extract": (RunState.ACCEPTED, LEASE),
    "beaten": (RunState.EXTRACTING, LEASE),
    "handed on, to plan": (RunState.EXTRACTING, PATIENCE),
    "planned": (RunState.PLANNING, PATIENCE),
    "touched": (RunState.APPLYING, PATIENCE),
    "sent": (RunState.EXTRACTING, None),
    "put off": (RunState.EXTRACTING, PATIENCE),
    "goes on waiting": (RunState.WAITING, PATIENCE),
    "committed": (RunState.APPLYING, timedelta()),
    "closed as failed": (RunState.EXTRACTING, timedelta()),
    "superseded": (RunState.EXTRACTING, timedelta()),
    "deleted": (RunState.APPLYING, timedelta()),
    "recorded": (RunState.FAILED, None),
    "published": (RunState.FAILED, None),
}


@pytest.mark.parametrize("name", LOOKS)
def test_when_a_run_is_looked_after_next(name: str) -> None:
    state, wait = LOOKS[name]
    step = STEPS[name](run_in(state))
    assert step is not None
    assert step.look_at == (None if wait is None else NOW + wait)


def test_a_message_held_back_has_its_time_from_then_on() -> None:
    run = run_in(RunState.EXTRACTING)
    next_leg = NextLeg(RunState.EXTRACTING, None, {}, delay_seconds=600)
    later = work.handed_on("one", NOW, PATIENCE, next_leg)
    assert later.look_at == NOW + PATIENCE + timedelta(minutes=10)
    again = work.resent(run.model_copy(update={"resends": 0}), NOW, PATIENCE, 600)
    assert again.look_at == NOW + PATIENCE + timedelta(minutes=10)


@pytest.mark.parametrize(("resends", "waits"), [(0, 1), (1, 4), (2, 16), (5, 1024)])
def test_each_look_after_a_message_was_sent_again_is_four_times_as_far_off(
    resends: int, waits: int
) -> None:
    run = run_in(RunState.EXTRACTING).model_copy(update={"resends": resends})
    step = work.resent(run, NOW, PATIENCE)
    assert step.look_at == NOW + waits * PATIENCE
    after = changed(step, run)
    assert (after.resends, after.sent_at) == (resends + 1, None)


def test_the_message_of_a_new_leg_was_never_sent() -> None:
    for state, name in (
        (RunState.EXTRACTING, "handed on, to extract"),
        (RunState.PLANNING, "planned"),
    ):
        step = STEPS[name](run_in(state))
        assert step is not None
        after = changed(step, run_in(state))
        assert (after.resends, after.sent_at) == (0, None)
    assert changed(handed_on(RunState.PLANNING), run_in(RunState.EXTRACTING)).leg == 2


# Beginnings


REQUEST = RunRequest(ENTERPRISE, GROUP, Mode.SYNC, Trigger.REQUEST, "ann")
DUE = Due(NOW, NOW + timedelta(days=1), NOW.date())
BY_CLOCK = replace(REQUEST, trigger=Trigger.CLOCK, requested_by="clock", due=DUE)
FREE = GroupRuns(config(), run_seq=6, next_run_at=NOW)
HOLD = Hold(digest="d", records=3)


def decided_on(digest: str) -> RunRequest:
    said = HoldDecision(decision=Decision.APPROVE, digest=digest, reason="They left.")
    return replace(REQUEST, decision=said)


@pytest.mark.parametrize(
    ("request_", "group", "why"),
    [
        (REQUEST, replace(FREE, deleting=True), "group_not_found"),
        (REQUEST, replace(FREE, active_run=6), "run_under_way"),
        (REQUEST, replace(FREE, waiting=(5, 6)), "run_under_way"),
        (decided_on("d"), FREE, "no_hold"),
        (decided_on("other"), replace(FREE, hold=HOLD), "hold_changed"),
    ],
)
def test_why_a_run_is_not_accepted(request_: RunRequest, group: GroupRuns, why: str) -> None:
    with pytest.raises((NotFoundError, ConflictError)) as caught:
        opening.accepted(request_, group, NOW, PATIENCE)
    assert caught.value.code == why


def test_an_accepted_run_has_the_groups_next_number_and_the_group_to_itself() -> None:
    opened = opening.accepted(replace(REQUEST, delay_seconds=60), FREE, NOW, PATIENCE)
    run = opened.run
    assert (run.seq, run.state, run.leg, run.config) == (7, RunState.ACCEPTED, 0, FREE.config)
    assert opened.look_at == NOW + PATIENCE + timedelta(seconds=60)
    assert opened.group.seen == {
        "deleting": False, "run_seq": 6, "version": 1, "active_run": None, "waiting": (),
    }  # fmt: skip
    assert opened.group.changes == {"run_seq": 7, "active_run": 7}
    approved = opening.accepted(decided_on("d"), replace(FREE, hold=HOLD), NOW, PATIENCE)
    # It fetches nothing, and begins with its plan.
    assert approved.run.state is RunState.PLANNING
    assert approved.run.cursor is not None


@pytest.mark.parametrize("found", [None, NOW - SECOND, NOW + timedelta(days=1)])
def test_the_clock_starts_or_skips_a_group_once(found: datetime | None) -> None:
    group = replace(FREE, next_run_at=found)
    with pytest.raises(NotDueError):
        opening.accepted(BY_CLOCK, group, NOW, PATIENCE)
    with pytest.raises(NotDueError):
        opening.skipped(BY_CLOCK, group, WHY, NOW)


def test_a_skipped_run_has_ended_and_leaves_the_group_to_its_run() -> None:
    opened = opening.skipped(BY_CLOCK, replace(FREE, active_run=5), WHY, NOW)
    run = opened.run
    assert (run.state, run.reason, run.finished_at) == (RunState.CANCELLED, WHY, NOW)
    assert (run.config.secrets, opened.look_at) == ({}, NOW)
    assert opened.group.changes == {
        "run_seq": 7, "next_run_at": DUE.next_at, "anchor": IfNone(DUE.anchor),
    }  # fmt: skip


def drop(supersedes: tuple[int, ...] = ()) -> Drop:
    place = BundleObject(name="a.zip", key="drops/a.zip", version="1", size=1)
    return Drop(ENTERPRISE, GROUP, Mode.SYNC, Bundle(objects=(place,)), supersedes)


def waiting_run(seq: int) -> Run:
    return run_in(RunState.WAITING, owner=None).model_copy(update={"seq": seq})


def test_a_dropped_bundle_waits_behind_the_others_that_it_does_not_hold_itself() -> None:
    group = replace(FREE, active_run=3, waiting=(4, 5, 6))
    others = [waiting_run(seq) for seq in group.waiting]
    opened = opening.dropped(drop((4, 6)), group, others, NOW, PATIENCE)
    assert opened.run.state is RunState.WAITING
    assert opened.group.changes == {"run_seq": 7, "waiting": (5, 7)}
    assert [(key.seq, step.changes["state"]) for key, step in opened.ends] == [
        (4, RunState.SUPERSEDED),
        (6, RunState.SUPERSEDED),
    ]
    with pytest.raises(NotFoundError):
        opening.dropped(drop(), replace(group, deleting=True), others, NOW, PATIENCE)


def test_only_so_many_bundles_wait() -> None:
    group = replace(FREE, run_seq=99, waiting=tuple(range(1, opening.MAX_WAITING + 1)))
    others = [waiting_run(seq) for seq in group.waiting]
    with pytest.raises(TryLaterError):
        opening.dropped(drop(), group, others, NOW, PATIENCE)
    opened = opening.dropped(drop((1,)), group, others, NOW, PATIENCE)
    assert len(opened.group.changes["waiting"]) == opening.MAX_WAITING


@pytest.mark.parametrize(
    "group", [FREE, replace(WAITING_GROUP, active_run=3), replace(WAITING_GROUP, deleting=True)]
)
def test_none_begins_where_none_waits_or_another_has_the_group(group: GroupRuns) -> None:
    assert opening.begun(group, NOW, PATIENCE) is None


@pytest.mark.parametrize("marked", [True, False])
def test_the_first_that_waits_begins_under_the_settings_and_the_mark_of_now(marked: bool) -> None:
    now = GroupRuns(config(suffix="@new"), run_seq=9, waiting=(7, 8), marked=marked)
    step = opening.begun(now, NOW, PATIENCE)
    assert step is not None
    assert step.group is not None
    assert step.group.changes == {"active_run": 7, "waiting": (8,)}
    begun = changed(step, waiting_run(7))
    assert (begun.config.suffix, begun.marked) == ("@new", marked)


def test_a_deletion_ends_all_other_runs_and_counts_what_was_counted() -> None:
    group = replace(FREE, active_run=4, waiting=(5, 6), hold=HOLD, marked=True)
    others = [run_in(RunState.APPLYING).model_copy(update={"seq": 4}), waiting_run(5)]
    given_up = run_in(RunState.FAILED, Mode.DELETE).model_copy(update={"progress": {"n": 3}})
    opened = opening.deletion_begun(
        (ENTERPRISE, GROUP), "ann", group, others, given_up, NOW, PATIENCE
    )
    run = opened.run
    assert (run.mode, run.state, run.seq, run.config.secrets, run.progress) == (
        Mode.DELETE, RunState.ACCEPTED, 7, {}, {"n": 3},
    )  # fmt: skip
    assert [key.seq for key, _ in opened.ends] == [4, 5]
    assert opened.group.changes["deleting_since"] == IfNone(NOW)
    assert (opened.group.changes["waiting"], opened.group.changes["hold"]) == ((), None)
    assert opening.deletes(run)
    assert not opening.deletes(others[0])


# Plans and ends, as the group sees them


def test_a_plan_makes_its_changes_uncertain_and_numbers_the_group_up() -> None:
    def changes(order: int) -> object:
        stamp = Stamp(order=order, attempt="one", shards=3)
        step = work.planned(
            run_in(RunState.PLANNING).key, "one", NOW, PATIENCE,
            PlanResult({}, (), PLAN, stamp=stamp), 8,
        )  # fmt: skip
        assert step.group is not None
        assert step.group.seen["active_run"] == 7
        assert step.group.changes["dirty"] == Appended(("changes/7",))
        return step.group.seen.get("run_seq"), step.group.changes.get("run_seq")

    assert changes(7) == (None, None)
    assert changes(8) == (None, None)
    assert changes(12) == (8, 12)


@pytest.mark.parametrize(
    ("mode", "shown"), [(Mode.SYNC, True), (Mode.PREVIEW, False), (Mode.RETENTION, False)]
)
def test_a_group_shows_how_its_last_sync_ended(mode: Mode, shown: bool) -> None:
    run = run_in(RunState.PLANNING, mode)
    for step in (closed(run, RunState.FAILED), committed(run, RunState.SUCCEEDED, "one")):
        assert step.group is not None
        assert step.group.seen == {"active_run": 7}
        assert step.group.changes["active_run"] is None
        assert ("last_ended" in step.group.changes) is shown


def test_a_commit_replaces_hold_and_uncertain_changes_and_takes_a_mark_away_if_it_says_so() -> None:
    run = run_in(RunState.APPLYING)
    plain = Commit(RunState.SUCCEEDED, SNAPSHOT, 3, dirty=("left",))
    step = end.committed(run, NOW, plain)
    assert step.group is not None
    assert step.group.changes.items() >= {
        "base": SNAPSHOT, "base_at": NOW, "dirty": ("left",), "hold": None, "shards": IfNone(3),
    }.items()  # fmt: skip
    assert not step.group.changes.keys() & {"marked_at", "stamp"}
    step = end.committed(run, NOW, replace(plain, unmark=True, distrust=True))
    assert step.group is not None
    assert step.group.changes.items() >= {"marked_at": None, "stamp": None}.items()


def test_an_ended_run_keeps_no_secret_and_an_announced_one_nothing_to_take_away() -> None:
    run = run_in(RunState.APPLYING)
    assert run.config.secrets
    ended = changed(
        end.committed(run, NOW, Commit(RunState.HELD, SNAPSHOT, 3, supersedes=("a",))), run
    )
    assert (ended.config.secrets, ended.supersedes, ended.finished_at) == ({}, ("a",), NOW)
    told = changed(end.announced(), ended)
    assert (told.announced, told.supersedes) == (True, ())


def test_an_end_is_recorded_once() -> None:
    run = run_in(RunState.FAILED)
    assert unmet(end.recorded(), run, None) is None
    assert unmet(end.recorded(), changed(end.recorded(), run), None) is Unmet.CHANGED


def test_changes_that_depend_on_what_is_there() -> None:
    assert changed_value(None, IfNone(3)) == 3
    assert changed_value(2, IfNone(3)) == 2
    assert changed_value(2, Plus(1)) == 3
    assert changed_value(("a",), Appended(("b", "c"))) == ("a", "b", "c")
    assert changed_value("old", None) is None


def test_steps_name_fields_of_runs() -> None:
    for make in STEPS.values():
        step = make(run_in(RunState.PLANNING))
        assert step is not None
        assert {*step.seen, *step.changes} <= set(Run.model_fields)


def test_a_store_has_an_attribute_for_each_field_of_a_step() -> None:
    for make in STEPS.values():
        step = make(run_in(RunState.PLANNING))
        assert step is not None
        kept = {name.upper() for name in (*step.seen, *step.changes)} - {"ANNOUNCED"}
        assert kept <= set(RunItem.__members__)
        if step.group is not None:
            assert {name.upper() for name in step.group.changes} <= set(GroupItem.__members__)


# The drawing


def test_the_architecture_draws_this_life() -> None:
    text = ARCHITECTURE.read_text()
    drawing = text.partition("stateDiagram-v2\n")[2].partition("```")[0]
    arrows = set()
    for line in drawing.splitlines():
        ends, _, events = line.strip().partition(": ")
        before, _, after = ends.partition(" --> ")
        if after:
            arrows |= {(before, after, event) for event in events.split(", ")}
    wanted = {
        (before.value if before else "[*]", after.value, event.value)
        for event, follows in FOLLOWS.items()
        for before, states in follows.items()
        for after in states
        if before is not after or event is Event.HANDED_ON
    }
    wanted |= {(state.value, "[*]", Event.ANNOUNCED.value) for state in ENDED_STATES}
    assert arrows == wanted
