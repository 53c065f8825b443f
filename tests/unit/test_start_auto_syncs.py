"""The clock over the real stores (moto): what is due starts once, spread, in its mode."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.control_table.attributes import GroupItem
from shared.adapters.control_table.deletions import DynamoDeletions
from shared.adapters.control_table.due_groups import DynamoDueGroups
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.keys import group_key
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.dynamodb.actions import update
from shared.adapters.dynamodb.writes import write_item
from shared.domain.errors import NotFoundError
from shared.domain.group.calendar import Calendar, DateRange
from shared.domain.group.choices import AutoMode, Period, SyncFrequency, SyncType
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.requests import RunRequest
from shared.domain.run.results import RunEnd
from shared.domain.run.run import Mode, Run, RunState, Trigger
from shared.sync.request.request_sync import RequestPorts
from shared.sync.request.start_auto_syncs import AutoPorts, Tick, start_auto_syncs
from tests.fakes.control_table import NAME, make_control_table
from tests.fakes.simulation import ENTERPRISE
from tests.fakes.world import InMemoryQueue
from tests.stores.control_stores import certified, group_of

DUE = datetime(2026, 9, 1, 2, tzinfo=UTC)
TICK = Tick(period=Period.DAILY, tick=DUE)
NONE = {"started": 0, "skipped": 0, "not_due": 0, "retentions": 0, "failed": 0}


@dataclass
class World:
    """Groups, their runs, and the clock."""

    groups: DynamoGroups
    runs: DynamoRuns
    deletions: DynamoDeletions
    client: Any
    queue: InMemoryQueue = field(default_factory=InMemoryQueue)
    plans: InMemoryQueue = field(default_factory=InMemoryQueue)
    failures: list[str] = field(default_factory=list)
    now: datetime = DUE + timedelta(minutes=1)
    ports: AutoPorts = field(init=False)

    def __post_init__(self) -> None:
        queues = dict.fromkeys(SyncType, self.queue)
        self.ports = AutoPorts(
            due_groups=DynamoDueGroups(self.client, NAME),
            requests=RequestPorts(self.groups, self.runs, queues, self.plans),
            clock=lambda: self.now,
            report=lambda enterprise, group_id, error: self.failures.append(repr(error)),
            workers=1,  # moto's transactions are not for several threads
        )

    def add(
        self, name: str, due: datetime = DUE, period: Period = Period.DAILY, **changes: Any
    ) -> GroupId:
        config = {n: changes.pop(n) for n in ("calendar",) if n in changes}
        auto = {"sync_frequency": SyncFrequency.AUTO, "period": period, "next_run_at": due}
        group = group_of(GroupId(name), **config).model_copy(update=auto | changes)
        self.groups.create(group)
        return group.group_id

    def loaded(self, group_id: GroupId) -> None:
        """Let a group have a roster."""
        key = group_key(ENTERPRISE, group_id)
        write_item(self.client, update(NAME, key, {GroupItem.BASE: "{}"}))

    def tick(self, tick: Tick = TICK) -> dict[str, int]:
        return start_auto_syncs(tick, self.ports)

    def history(self, group_id: GroupId) -> list[Run]:
        return list(self.runs.history(group_id, 10, None))

    def group(self, group_id: GroupId) -> Group:
        return self.groups.get(ENTERPRISE, group_id)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        client = boto3.client("dynamodb")
        table = make_control_table(client)
        deletions = DynamoDeletions(client, table, resend_after=timedelta(minutes=5))
        yield World(DynamoGroups(client, table), DynamoRuns(client, table), deletions, client)


def test_what_is_due_starts_and_the_rest_does_not(world: World) -> None:
    due = world.add("due")
    late = world.add("late", DUE - timedelta(hours=5))
    world.add("later", DUE + timedelta(seconds=1))
    world.add("weekly", period=Period.WEEKLY)
    world.groups.create(group_of(GroupId("manual")))
    assert world.tick() == NONE | {"started": 2}
    for group_id in (due, late):
        [run] = world.history(group_id)
        assert (run.mode, run.trigger, run.state, run.requested_by) == (
            Mode.UPDATE, Trigger.CLOCK, RunState.ACCEPTED, "clock",
        )  # fmt: skip
        assert world.group(group_id).next_run_at == DUE + timedelta(days=1)
    assert {message.group_id for message in world.queue.messages} == {due, late}
    assert all(world.history(GroupId(name)) == [] for name in ("later", "weekly", "manual"))


def test_a_tick_that_comes_twice_or_late_starts_nothing_twice(world: World) -> None:
    group_id = world.add("due")
    assert world.tick() == NONE | {"started": 1}
    world.now += timedelta(minutes=50)
    assert world.tick() == NONE
    assert len(world.history(group_id)) == 1


def test_an_index_that_lags_starts_nothing_twice(world: World) -> None:
    group_id = world.add("due")
    stale: Any = _Stale([(ENTERPRISE, group_id), (ENTERPRISE, GroupId("deleted"))])
    world.ports = replace(world.ports, due_groups=stale)
    assert world.tick() == NONE | {"started": 1, "not_due": 1}
    assert world.tick() == NONE | {"not_due": 2}


@dataclass
class _Stale:
    places: list[tuple[EnterpriseId, GroupId]]

    def due(self, period: Period, tick: datetime) -> Iterator[list[tuple[EnterpriseId, GroupId]]]:
        yield self.places

    def new_retentions(self, tick: datetime) -> Iterator[list[tuple[EnterpriseId, GroupId]]]:
        yield []


def test_a_group_whose_run_is_under_way_is_skipped_and_that_is_history(world: World) -> None:
    group_id = world.add("busy")
    request = RunRequest(ENTERPRISE, group_id, Mode.SYNC, Trigger.REQUEST, "ann")
    world.runs.accept(request, world.now)
    assert world.tick() == NONE | {"skipped": 1}
    skipped, running = world.history(group_id)
    assert (skipped.state, skipped.reason and skipped.reason.code) == (
        RunState.CANCELLED, "run_under_way",
    )  # fmt: skip
    assert running.open
    assert "run 1 was still under way" in (skipped.reason.message if skipped.reason else "")
    assert world.group(group_id).next_run_at == DUE + timedelta(days=1)
    assert world.tick() == NONE


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({}, Mode.UPDATE),
        ({"auto_mode": AutoMode.SYNC}, Mode.SYNC),
        ({"only": date(2026, 9, 1)}, Mode.SYNC),
        ({"only": date(2026, 9, 2)}, Mode.UPDATE),
        # At two in the morning UTC it is still August in New York.
        ({"only": date(2026, 8, 31), "time_zone": "America/New_York"}, Mode.SYNC),
    ],
)
def test_it_runs_in_the_mode_of_the_group_and_of_the_day(
    world: World, changes: dict[str, Any], mode: Mode
) -> None:
    if only := changes.pop("only", None):
        changes["calendar"] = Calendar(additions_only=(DateRange(first=only, last=only),))
    group_id = world.add("due", **changes)
    world.tick()
    assert [run.mode for run in world.history(group_id)] == [mode]


def test_a_roster_that_is_marked_is_planned_without_fetching(world: World) -> None:
    group_id = world.add("marked")
    world.groups.mark(ENTERPRISE, group_id, DUE)
    world.tick()
    assert ([run.marked for run in world.history(group_id)], len(world.plans.messages)) == (
        [True], 1,
    )  # fmt: skip


def test_a_roster_that_is_marked_takes_nothing_in_by_the_clock(world: World) -> None:
    group_id = world.add("marked", auto_mode=AutoMode.SYNC)
    world.groups.mark(ENTERPRISE, group_id, DUE)
    assert world.tick() == NONE | {"skipped": 1}
    [skipped] = world.history(group_id)
    assert (skipped.state, skipped.reason and skipped.reason.code) == (
        RunState.CANCELLED, "roster_marked",
    )  # fmt: skip
    assert (world.queue.messages, world.plans.messages) == ([], [])
    assert world.group(group_id).next_run_at == DUE + timedelta(days=1)


def test_before_a_blackout_it_is_due_after_it(world: World) -> None:
    autumn = DateRange(first=date(2026, 9, 2), last=date(2026, 9, 20))
    group_id = world.add("due", calendar=Calendar(blackouts=(autumn,)))
    assert world.tick() == NONE | {"started": 1}
    assert world.group(group_id).next_run_at == datetime(2026, 9, 21, 2, tzinfo=UTC)


@pytest.mark.parametrize(("late", "next_day"), [(1, 2), (30, 3)])
def test_a_tick_that_comes_past_midnight_costs_no_run(
    world: World, late: int, next_day: int
) -> None:
    due = datetime(2026, 9, 1, 23, tzinfo=UTC)
    group_id = world.add("due", due, sync_hour=23)
    world.now = due + timedelta(hours=late)
    assert world.tick(Tick(period=Period.DAILY, tick=world.now)) == NONE | {"started": 1}
    assert world.group(group_id).next_run_at == datetime(2026, 9, next_day, 23, tzinfo=UTC)


def test_a_group_from_before_takes_the_day_that_it_is_due_for_its_own(world: World) -> None:
    # A Tuesday, before a black-out over the next one: it keeps Tuesdays after it.
    autumn = DateRange(first=date(2026, 9, 7), last=date(2026, 9, 10))
    group_id = world.add("old", period=Period.WEEKLY, calendar=Calendar(blackouts=(autumn,)))
    assert world.group(group_id).anchor is None
    days = []
    for _ in range(4):
        due = world.group(group_id).next_run_at
        assert due is not None
        world.now = due + timedelta(minutes=1)
        assert world.tick(Tick(period=Period.WEEKLY, tick=due)) == NONE | {"started": 1}
        days.append(due.date())
        run = world.history(group_id)[0]
        assert world.runs.close(run.key, world.now, RunEnd(RunState.FAILED))
    assert world.group(group_id).anchor == date(2026, 9, 1)
    assert [f"{day:%a %d}" for day in days] == ["Tue 01", "Fri 11", "Tue 15", "Tue 22"]


def _regrace(world: World, group_id: GroupId, days: int) -> None:
    """Change for how long a group keeps what has left, as a person does."""
    old = world.group(group_id)
    config = old.config.model_copy(update={"grace_days": days, "version": old.config.version + 1})
    world.groups.change(old, old.model_copy(update={"config": config, "updated_at": world.now}))


def _with_roster(world: World, name: str) -> GroupId:
    """A Manual group that has had a run."""
    world.groups.create(group_of(GroupId(name)))
    request = RunRequest(ENTERPRISE, GroupId(name), Mode.SYNC, Trigger.REQUEST, "ann")
    run = world.runs.accept(request, world.now)
    assert world.runs.close(run.key, world.now, RunEnd(RunState.FAILED))
    world.loaded(GroupId(name))
    return GroupId(name)


def test_a_new_retention_gets_a_run_that_fetches_nothing_once(world: World) -> None:
    group_id = _with_roster(world, "manual")
    later = Tick(period=Period.DAILY, tick=DUE + timedelta(hours=1))
    assert world.tick(later) == NONE
    _regrace(world, group_id, 30)
    assert world.tick() == NONE  # it was changed after this hour had struck
    assert world.tick(later.model_copy(update={"period": Period.WEEKLY})) == NONE
    assert world.tick(later) == NONE | {"retentions": 1}
    run, _ = world.history(group_id)
    assert (run.mode, run.trigger, run.state, run.config.grace_days) == (
        Mode.RETENTION, Trigger.CLOCK, RunState.PLANNING, 30,
    )  # fmt: skip
    assert ([m.group_id for m in world.plans.messages], world.queue.messages) == ([group_id], [])
    assert world.runs.close(run.key, world.now, RunEnd(RunState.FAILED))
    # Whoever looks for the last sync finds it.
    last = world.group(group_id).last_ended
    assert last is not None
    assert (last.run_id, last.mode) == ("1", "sync")
    assert world.tick(later) == NONE


def test_a_new_retention_waits_for_the_run_under_way(world: World) -> None:
    group_id = _with_roster(world, "busy")
    request = RunRequest(ENTERPRISE, group_id, Mode.SYNC, Trigger.REQUEST, "ann")
    run = world.runs.accept(request, world.now)
    _regrace(world, group_id, 30)
    later = Tick(period=Period.DAILY, tick=DUE + timedelta(hours=1))
    assert world.tick(later) == NONE | {"not_due": 1}
    assert [run.mode for run in world.history(group_id)] == [Mode.SYNC, Mode.SYNC]
    assert world.runs.close(run.key, world.now, RunEnd(RunState.FAILED))
    assert world.tick(later) == NONE | {"retentions": 1}


def test_a_retention_that_is_changed_again_meanwhile_gets_another_run(world: World) -> None:
    group_id = _with_roster(world, "manual")
    _regrace(world, group_id, 30)
    old = world.group(group_id).config.version
    _regrace(world, group_id, 60)
    world.ports.due_groups.retention_kept(ENTERPRISE, group_id, old)
    later = Tick(period=Period.DAILY, tick=DUE + timedelta(hours=1))
    assert world.tick(later) == NONE | {"retentions": 1}


def test_a_group_that_is_gone_or_has_nothing_keeps_nothing(world: World) -> None:
    later = Tick(period=Period.DAILY, tick=DUE + timedelta(hours=1))
    world.groups.create(group_of(GroupId("new")))
    _regrace(world, GroupId("new"), 30)
    assert world.tick(later) == NONE
    group_id = _with_roster(world, "leaving")
    _regrace(world, group_id, 30)
    world.deletions.begin(ENTERPRISE, group_id, "ann", world.now)
    assert world.tick(later) == NONE | {"not_due": 1}
    run, _ = world.history(group_id)
    assert world.runs.claim(run.key, RunState.APPLYING, 0, "one", world.now)
    group = world.groups.get(ENTERPRISE, group_id, deleting=True)
    world.deletions.finish(run.key, "one", group, certified(group))
    assert world.tick(later) == NONE


def test_many_groups_begin_spread_and_none_is_lost(world: World) -> None:
    names = {world.add(f"group-{number:02}") for number in range(60)}
    assert world.tick() == NONE | {"started": 60}
    assert {message.group_id for message in world.queue.messages} == names
    thirds = [delay // 300 for delay in world.queue.delays]
    assert all(10 < thirds.count(third) < 30 for third in range(3))


def test_one_group_that_fails_stops_no_other_and_is_still_due(world: World) -> None:
    names = [world.add(f"g{number}") for number in range(5)]
    broken = _broken(world, names[2])
    assert world.tick() == NONE | {"started": 4, "failed": 1}
    assert len(world.failures) == 1
    broken()
    assert world.tick() == NONE | {"started": 1}


def _broken(world: World, name: GroupId) -> Callable[[], None]:
    """Let the reading of one group fail; returns what repairs it."""
    groups: Any = world.ports.requests.groups
    whole = groups.get

    def get(enterprise: EnterpriseId, group_id: GroupId) -> Group:
        if group_id == name:
            raise RuntimeError
        found: Group = whole(enterprise, group_id)
        return found

    groups.get = get

    def repair() -> None:
        with suppress(NotFoundError):
            groups.get = whole

    return repair
