"""Updates over in-memory stores: what is gone is asked for, deleted, held, decided on, restored."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from shared.domain.errors import ConflictError, GiveUpError
from shared.domain.group.calendar import Calendar, Pause
from shared.domain.group.choices import Period, SyncFrequency, SyncType
from shared.domain.group.group import Group
from shared.domain.group.hold import Decision
from shared.domain.ids import RunKey, record_id
from shared.domain.roster.collection import Collection
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Reason, Run, RunState, Trigger
from shared.ports.sources import Page
from shared.sync.request.request_sync import RequestPorts, restore_run
from tests.fakes.groups import InMemoryCustomers, InMemoryGroups
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation
from tests.fakes.source import class_, enrollment, org, user
from tests.stores.control_stores import group_of

ORGS, SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS = Collection
UPDATE, PREVIEW = Mode.UPDATE, Mode.PREVIEW
BUSY = Reason(code="source_unavailable", message="It is busy.")


def school(pupils: int = 40) -> Simulation:
    """One school of ``pupils``, ten to a class, loaded."""
    world = Simulation()
    world.source.put(ORGS, org("district"), org("school", parent="district"))
    for number in range(pupils):
        room = f"room-{number // 10}"
        world.source.put(CLASSES, class_(room, "school"))
        world.source.put(USERS, user(f"u{number:04}", "school"))
        world.source.put(ENROLLMENTS, enrollment(f"e{number:04}", room, f"u{number:04}"))
    assert world.sync().state is RunState.SUCCEEDED
    return world


def leave(world: Simulation, *numbers: int) -> None:
    for number in numbers:
        del world.source.collections[USERS][f"u{number:04}"]
        del world.source.collections[ENROLLMENTS][f"e{number:04}"]


def there(world: Simulation) -> set[str]:
    return {str(doc["sourcedId"]) for doc in world.docs(USERS).values()}


def test_who_has_left_stays_on_sync_is_shown_by_preview_and_goes_on_update() -> None:
    world = school()
    leave(world, 3, 7)
    assert world.sync().state is RunState.SUCCEEDED
    assert len(there(world)) == 40
    before, base = dict(world.roster.records), world.group.base
    shown = world.sync(PREVIEW)
    assert (shown.state, shown.counts["users"].deleted) == (RunState.SUCCEEDED, 2)
    assert (world.roster.records, world.group.base) == (before, base)
    listed = world.objects.objects[f"reports/{GROUP}/{shown.seq}/changes.csv"].decode()
    assert sorted(line.split(",")[2] for line in listed.splitlines() if "delete" in line) == [
        "e0003", "e0007", "u0003", "u0007",
    ]  # fmt: skip
    run = world.sync(UPDATE)
    assert (run.state, run.counts["users"].deleted) == (RunState.SUCCEEDED, 2)
    assert {"u0003", "u0007"} == {f"u{n:04}" for n in range(40)} - there(world)
    # Each of them was asked for by itself.
    assert {"u0003", "u0007", "e0003", "e0007"} <= set(world.source.asked)


@pytest.mark.parametrize("victim", [0, 25, 59])
def test_a_record_that_paging_skipped_is_asked_for_and_stays(victim: int) -> None:
    world = school(60)
    calls = 0

    def delete_one_meanwhile(collection: Collection, offset: int) -> None:
        nonlocal calls
        if collection is USERS and offset >= 10:
            calls += 1
            if calls == 1:
                leave(world, victim)

    world.source.on_page = delete_one_meanwhile
    deleted = [world.sync(UPDATE).counts["users"].deleted for _ in range(2)]
    # Whoever was delivered before going is seen gone the night after.
    assert sum(deleted) == 1
    assert there(world) == {f"u{n:04}" for n in range(60) if n != victim}


def test_many_that_are_gone_are_looked_for_in_a_second_reading() -> None:
    world = school(450)
    leave(world, *range(205))
    pages = world.source.pages
    run = world.sync(UPDATE)
    assert (run.state, run.counts["users"].held) == (RunState.HELD, 205)
    assert not [asked for asked in world.source.asked if asked.startswith("u")]
    # The users were read twice; pages have two rows.
    assert world.source.pages - pages >= 2 * 245 // 2


def _fails_at_page_3(world: Simulation) -> None:
    def on_page(collection: Collection, offset: int) -> None:
        if collection is ENROLLMENTS and offset >= 4:
            raise GiveUpError(BUSY)

    world.source.on_page = on_page


def _is_empty(world: Simulation) -> None:
    for collection in (USERS, ENROLLMENTS):
        world.source.collections[collection].clear()


def test_a_source_that_caps_its_pages_costs_nobody() -> None:
    world = school()
    whole = world.source.page

    def capped(collection: Collection, *, offset: int, limit: int, in_order: bool) -> Page:
        return Page(whole(collection, offset=offset, limit=1, in_order=in_order).entities, None)

    world.source.page = capped  # type: ignore[method-assign]  # a source of its own for one test
    run = world.sync(UPDATE)
    assert (run.state, run.counts["users"].deleted) == (RunState.SUCCEEDED, 0)
    assert len(there(world)) == 40


@pytest.mark.parametrize("fault", [_fails_at_page_3, _is_empty])
def test_a_source_that_breaks_deletes_nothing(fault: Callable[[Simulation], None]) -> None:
    world = school()
    fault(world)
    run = world.sync(UPDATE)
    said = [run.reason.code] if run.reason else [notice.code for notice in run.notices]
    assert said
    assert set(said) <= {"source_unavailable", "nothing_gone"}
    assert len(there(world)) == 40
    assert len(world.docs(ENROLLMENTS)) == 40


def test_held_at_night_approved_in_the_afternoon() -> None:
    world = school()
    leave(world, *range(12))
    held = world.sync(UPDATE)
    assert held.reason is not None
    assert (held.state, held.reason.code, held.counts["users"].held) == (RunState.HELD, "held", 12)
    old = world.group.hold
    # Two more runs: one of them is back, another one has gone.
    world.source.put(USERS, user("u0000", "school"))
    assert world.sync(UPDATE).state is RunState.HELD
    leave(world, 30)
    assert world.sync(Mode.SYNC).state is RunState.HELD
    assert old is not None
    with pytest.raises(ConflictError) as raised:
        world.decide(Decision.APPROVE, old.digest)
    assert raised.value.code == "hold_changed"
    pages = world.source.pages
    run = world.decide(Decision.APPROVE)
    assert (run.state, run.counts["users"].deleted) == (RunState.SUCCEEDED, 11)
    assert (world.group.hold, world.source.pages) == (None, pages)
    # Only what was shown goes: who was gone in a sync alone waits for an update.
    assert there(world) == {"u0000"} | {f"u{n:04}" for n in range(12, 40)}
    assert world.sync(UPDATE).counts["users"].deleted == 1
    assert run.decision is not None
    assert (run.requested_by, run.decision.reason) == ("test", "test")


def test_rejected_and_not_proposed_again() -> None:
    world = school()
    leave(world, *range(12))
    world.sync(UPDATE)
    assert world.decide(Decision.REJECT).state is RunState.SUCCEEDED
    for _ in range(3):
        run = world.sync(UPDATE)
        assert (run.state, run.counts["users"].held) == (RunState.SUCCEEDED, 0)
    assert len(there(world)) == 40
    with pytest.raises(ConflictError) as raised:
        world.decide(Decision.APPROVE)
    assert raised.value.code == "no_hold"


def test_of_two_decisions_at_once_one_counts() -> None:
    world = school()
    leave(world, *range(12))
    world.sync(UPDATE)
    digest = world.group.hold.digest if world.group.hold else ""
    world.group.active_run = 99
    with pytest.raises(ConflictError) as raised:
        world.decide(Decision.REJECT, digest)
    assert raised.value.code == "run_under_way"


def end_of_day(moment: datetime, days: int) -> datetime:
    """The end of the day that is ``days`` after a moment's."""
    return datetime.combine(moment.date() + timedelta(days=days + 1), time(), UTC)


def test_who_returns_within_the_grace_is_the_same_record() -> None:
    world = school()
    ids = {str(doc["sourcedId"]): key for key, doc in world.docs(USERS).items()}
    gone = world.source.collections[USERS]["u0005"]
    leave(world, 5)
    world.sync(UPDATE)
    [record] = [r for (_, sk), r in world.roster.records.items() if sk == ids["u0005"]]
    assert (record.removal, record.expires_at) == ("deleted", end_of_day(world.now, 120))
    world.now += timedelta(days=100)
    world.source.put(USERS, gone)
    run = world.sync()
    assert run.counts["users"].restored == 1
    assert {str(doc["sourcedId"]): key for key, doc in world.docs(USERS).items()} == ids


def test_who_left_before_a_summer_of_unknown_length_is_the_same_record_after_it() -> None:
    world = school()
    gone = world.source.collections[USERS]["u0005"]
    leave(world, 5)
    world.sync(UPDATE)
    [record] = [r for r in world.roster.records.values() if r.removal and r.collection is USERS]
    id_, left_at = record_id(GROUP, "users", "u0005"), record.left_at
    paused = Calendar(pause=Pause(since=world.now.date()))
    world.group.config = world.group.config.model_copy(update={"calendar": paused})
    before = contents(world)
    run = world.plan(Mode.RETENTION)
    assert (run.state, contents(world)) == (RunState.SUCCEEDED, before)
    record = world.roster.records[_place(world, id_)]
    assert (record.removal, record.left_at, record.expires_at) == ("deleted", left_at, None)
    # Longer than the grace of 120 days.
    world.now += timedelta(days=300)
    world.tick(timedelta(hours=1))
    back = paused.changed_to(Calendar(), world.now.date())
    world.group.config = world.group.config.model_copy(update={"calendar": back})
    world.plan(Mode.RETENTION)
    record = world.roster.records[_place(world, id_)]
    assert record.expires_at == end_of_day(world.now, 119)
    assert world.plan(Mode.RETENTION).counts["users"].unchanged == 39
    world.source.put(USERS, gone)
    assert world.sync().counts["users"].restored == 1
    assert world.docs(USERS)[id_]["sourcedId"] == "u0005"


def _place(world: Simulation, id_: str) -> tuple[str, str]:
    [place] = [place for place in world.roster.records if place[1] == id_]
    return place


def test_a_worker_that_dies_while_asking_is_replaced() -> None:
    world = school()
    leave(world, 3)
    run: Run = world.request(UPDATE)
    for die_at in (1, 2, 1, 3):
        while world.queue.messages:
            message = world.take()
            if not world.deliver(message, die_at=die_at):
                break
        world.tick(timedelta(hours=1))
    world.settle()
    ended = world.control.runs[RunKey(ENTERPRISE, GROUP, run.seq)]
    assert (ended.state, len(there(world))) == (RunState.SUCCEEDED, 39)


def contents(world: Simulation) -> dict[tuple[str, str], object]:
    """Everything that a reader sees."""
    return {
        place: record.doc
        for place, record in world.roster.records.items()
        if record.removal is None
    }


def test_a_restore_brings_back_the_roster_of_a_past_run_record_by_record() -> None:
    world = school()
    before = contents(world)
    logins = {name: owner for name, (owner, _) in world.roster.logins.items()}
    leave(world, 1, 2)
    world.source.put(USERS, user("u0003", "school", name="Renamed"))
    world.source.put(USERS, user("new", "school"))
    changed = world.sync(UPDATE)
    assert (changed.counts["users"].deleted, changed.counts["users"].created) == (2, 1)
    assert contents(world) != before

    run = world.plan(Mode.RESTORE, restores=1)
    users = run.counts["users"]
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    assert (users.restored, users.updated, users.deleted) == (2, 1, 1)
    assert contents(world) == before
    assert {name: owner for name, (owner, _) in world.roster.logins.items()} == logins
    # The source has not changed: the next update does again what the restore has undone.
    assert world.sync(UPDATE).counts["users"].deleted == 2


def test_what_came_after_the_restored_run_goes_no_more_freely_than_anything_else() -> None:
    world = school()
    for number in range(100, 115):
        world.source.put(USERS, user(f"u{number:04}", "school"))
    world.sync()
    run = world.plan(Mode.RESTORE, restores=1)
    assert (run.state, run.counts["users"].held) == (RunState.HELD, 15)
    assert len(there(world)) == 55


def test_a_snapshot_that_is_no_longer_kept_is_said_so() -> None:
    world = school()
    world.source.put(USERS, user("new", "school"))
    world.sync()
    world.objects.expire()
    run = world.plan(Mode.RESTORE, restores=1)
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "snapshot_expired")
    assert world.sync().state is RunState.SUCCEEDED


def test_a_marked_roster_waits_and_goes_when_it_is_approved() -> None:
    world = school()
    world.mark()
    pages = world.source.pages
    shown = world.ask(PREVIEW)
    assert shown.counts["users"].held == 40
    run = world.ask(UPDATE)
    assert (run.state, run.counts["users"].held) == (RunState.HELD, 40)
    assert (len(there(world)), world.source.pages) == (40, pages)
    hold = world.group.hold
    assert hold is not None
    assert {str(row["rule"]) for row in hold.by_rule} == {"marked", "with_held"}
    done = world.decide(Decision.APPROVE)
    assert (done.state, done.counts["users"].deleted) == (RunState.SUCCEEDED, 40)
    assert (contents(world), world.marked) == ({}, False)
    # The source still has it all: a sync brings it back, the same records.
    assert world.sync().counts["users"].restored == 40


def test_a_marked_roster_that_is_kept_stays() -> None:
    world = school()
    world.mark()
    before = contents(world)
    world.ask(UPDATE)
    assert world.decide(Decision.REJECT).state is RunState.SUCCEEDED
    assert (contents(world), world.marked) == (before, False)
    assert world.sync(UPDATE).counts["users"].deleted == 0


def test_a_restore_takes_the_group_from_the_clock_whatever_else_is_changed_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = school(10)
    auto = {"sync_frequency": SyncFrequency.AUTO, "period": Period.WEEKLY}
    group = group_of(GROUP).model_copy(update=auto)
    groups = InMemoryGroups(InMemoryCustomers())
    groups.kept[ENTERPRISE, GROUP] = group
    whole = groups.change
    raced: list[Group] = []

    def change(old: Group, new: Group) -> None:
        if not raced:
            raced.append(old)
            config = old.config.model_copy(update={"version": old.config.version + 1})
            groups.kept[ENTERPRISE, GROUP] = old.model_copy(
                update={"config": config, "description": "changed meanwhile"}
            )
        whole(old, new)

    monkeypatch.setattr(groups, "change", change)
    queues = dict.fromkeys(SyncType, world.queue)
    ports = RequestPorts(groups, world.control, queues, world.queue)
    request = RunRequest(ENTERPRISE, GROUP, Mode.RESTORE, Trigger.REQUEST, "ann", restores=1)
    run, still_auto = restore_run(request, ports, world.now, keep_auto=False)
    kept = groups.kept[ENTERPRISE, GROUP]
    assert (run.restores, still_auto, len(raced)) == (1, False, 1)
    assert (kept.sync_frequency, kept.description) == (SyncFrequency.MANUAL, "changed meanwhile")
