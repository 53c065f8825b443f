"""Waiting is no failure: queues stand still, workers are slow or die, messages are lost.

The scenarios of ``benchmarks/standstill.py``, with fewer groups: real use cases over queues that
behave as SQS does, with the times and caps of the template.
"""

from datetime import timedelta

import pytest

from benchmarks.standstill import SCENARIOS, Scenario, fleet, night
from shared.domain import timers
from shared.ports.messaging import WorkQueue
from shared.sync.close import close_runs
from tests.fakes.fleet import START

BOUND = timers.RESENDS + 1
"""How often a message comes at most."""

GROUPS = 12


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.what)
def test_no_run_is_abandoned_for_waiting_and_no_message_comes_beyond_the_bound(
    scenario: Scenario,
) -> None:
    world = scenario.live(GROUPS)
    assert world.open_runs == 0
    assert set(world.ends()) == scenario.ends
    assert world.copies() <= BOUND == 6
    if "stand" in scenario.what and "two hours" in scenario.what:
        assert (world.copies(), world.done["resent"]) == (1, 0)


def test_last_receives_are_reached_and_what_still_fails_is_parked_and_named() -> None:
    [scenario] = [s for s in SCENARIOS if s.what == "the table refuses all writes"]
    world = scenario.live(GROUPS)
    # Each batch was tried five times, and none was sent again meanwhile.
    assert (world.parked(), world.copies()) == (GROUPS * 3, 1)
    run = next(iter(world.control.runs.values()))
    assert run.reason is not None
    assert "Affected: " in run.reason.message


def test_a_message_that_was_never_sent_is_sent_soon_whatever_waits_in_its_queue() -> None:
    world = fleet(GROUPS, stopped={WorkQueue.EXTRACT_API})
    world.ask()
    queue = world.queues[WorkQueue.EXTRACT_API]
    [*_, last] = world.control.runs
    # Its worker died between the write of the state and the sending.
    world.control.runs[last] = world.control.runs[last].model_copy(update={"sent_at": None})
    world.go_on(timedelta(minutes=7))
    sent = {message: count for message, count in queue.sent.items() if count > 1}
    assert sent == {next(m for m in queue.sent if f'"{last.group_id}"' in m): 2}
    assert world.control.runs[last].sent_at is not None


def test_a_tick_looks_after_a_bounded_number_and_each_has_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(close_runs.close_runs, "__kwdefaults__", {"most": 3})
    world = fleet(GROUPS, stopped={WorkQueue.EXTRACT_API})
    world.ask()
    world.go_on(timedelta(minutes=6))
    looked = []
    for _ in range(GROUPS // 3):
        before = dict(world.control.open_until)
        world.go_on(timedelta(minutes=1))
        looked += [key for key, until in world.control.open_until.items() if until != before[key]]
    assert world.most_looks == 3
    assert len(looked) == len(set(looked)) == GROUPS


def test_a_tick_ends_in_time_and_the_next_goes_on() -> None:
    world = fleet(GROUPS, stopped={WorkQueue.EXTRACT_API})
    world.ask()
    world.now += timedelta(minutes=6)
    slow = world.control.on_write

    def take_time(name: str) -> None:
        slow(name)
        world.now += timedelta(seconds=15)

    world.control.on_write = take_time
    world.tick()
    # Three looks of 15 seconds; after 45 no other is begun.
    assert world.most_looks == 3
    world.tick()
    assert world.done["waiting"] == 6


def test_one_run_that_fails_stops_no_other() -> None:
    world = fleet(GROUPS, stopped={WorkQueue.EXTRACT_API})
    world.ask()
    for run in world.control.runs.values():
        world.control.runs[run.key] = run.model_copy(update={"sent_at": None})
    queue = world.queues[WorkQueue.EXTRACT_API]
    queue.refuses = lambda message: str(message.group_id) == "group-0"
    world.go_on(timedelta(minutes=7))
    assert (world.done["failed"], world.done["resent"]) == (1, GROUPS - 1)
    assert [str(key.group_id) for key, _ in world.reported] == ["group-0"]


def test_a_run_that_waits_for_ever_ends_with_a_reason() -> None:
    world = fleet(2, stopped={WorkQueue.EXTRACT_API})
    world.ask()
    world.step = timedelta(minutes=10)
    world.go_on(timers.RUN_DEADLINE + timedelta(hours=1))
    assert set(world.ends()) == {"abandoned"}
    # Each copy was believed to wait for half a day, so that this took three days.
    assert world.copies() == BOUND
    ended = [run.finished_at for run in world.control.runs.values()]
    assert all(at and at - START < timers.RUN_DEADLINE for at in ended)


def test_a_night_of_many_groups_ends_and_nothing_is_sent_twice() -> None:
    seen = night(60, "small")
    assert (dict(seen.ends), seen.copies, seen.resent) == ({"Succeeded": 60}, 1, 0)
