"""One leg after another: faults of the source, heartbeats, and what is staged in the end."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import GiveUpError, ParameterRefusedError, SourceBusyError
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.staged_rows import StagedRoster
from shared.domain.run.run import Reason, RunState
from shared.messages import ExtractLeg, PlanRun
from tests.fakes.simulation import Simulation
from tests.fakes.source import enrollment, org, user

BUSY = Reason(code="source_unavailable", message="busy")


def _world(**settings: Any) -> Simulation:
    world = Simulation(**settings)
    world.source.put(Collection.ORGS, org("district"), org("school", parent="district"))
    world.source.put(Collection.USERS, *(user(f"user-{n}", "school") for n in range(9)))
    world.source.put(Collection.ENROLLMENTS, enrollment("e", "class", "user-1"))
    return world


def _staged(world: Simulation) -> dict[Collection, list[str]]:
    """The sourcedIds that the planner would read."""
    [message] = world.queue.messages
    assert isinstance(message, PlanRun)
    run = world.control.runs[message.key]
    roster = StagedRoster.model_validate((run.cursor or {})["staged"])
    return {
        name: [
            json.loads(line)["sourced_id"]
            for key in each.objects
            for line in gzip.decompress(world.objects.objects[key]).splitlines()
        ]
        for name, each in roster.collections.items()
    }


def _extract(world: Simulation) -> None:
    """Deliver extraction messages until something else waits."""
    world.request()
    while world.queue.messages and isinstance(world.queue.messages[0], ExtractLeg):
        world.deliver(world.take())


def test_all_collections_are_staged() -> None:
    world = _world()
    _extract(world)
    staged = _staged(world)
    assert staged[Collection.USERS] == [f"user-{n}" for n in range(9)]
    assert staged[Collection.ORGS] == ["district", "school"]
    assert staged[Collection.COURSES] == []


def test_a_pull_over_many_legs_reads_every_record_once() -> None:
    world = _world(leg=timedelta(seconds=5))

    def slow(collection: Collection, offset: int) -> None:
        world.now += timedelta(seconds=3)

    world.source.on_page = slow
    _extract(world)
    legs = sum(isinstance(message, ExtractLeg) for message in world.sent)
    assert legs > 3
    assert _staged(world)[Collection.USERS] == [f"user-{n}" for n in range(9)]


def test_a_fault_in_passing_costs_only_time() -> None:
    world = _world()
    faults = iter([True, False] * 50)

    def flaky(collection: Collection, offset: int) -> None:
        if offset and next(faults):
            raise SourceBusyError(BUSY, after_seconds=7)

    world.source.on_page = flaky
    before = world.now
    _extract(world)
    assert _staged(world)[Collection.USERS] == [f"user-{n}" for n in range(9)]
    assert world.now - before >= timedelta(seconds=7)


def test_a_long_wait_goes_into_the_next_leg() -> None:
    world = _world()
    asked = 0

    def busy_once(collection: Collection, offset: int) -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise SourceBusyError(BUSY, after_seconds=600)

    world.source.on_page = busy_once
    world.request()
    world.deliver(world.take())
    assert world.queue.delays[-1] == 600
    while isinstance(world.queue.messages[0], ExtractLeg):
        world.deliver(world.take())
    assert _staged(world)[Collection.USERS] == [f"user-{n}" for n in range(9)]


def test_a_source_that_never_answers_is_given_up_soon() -> None:
    world = _world()

    def dead(collection: Collection, offset: int) -> None:
        raise SourceBusyError(Reason(code="unreachable", message="", field="connection.url"))

    world.source.on_page = dead
    before = world.now
    run = world.sync()
    assert (run.state, run.reason and run.reason.field) == (RunState.FAILED, "connection.url")
    assert world.source.pages <= 3
    assert world.now - before < timedelta(minutes=1)
    assert world.group.active_run is None


def test_a_source_that_keeps_failing_is_given_up_in_the_end() -> None:
    world = _world()

    def dying(collection: Collection, offset: int) -> None:
        if collection is Collection.USERS and offset >= 4:
            raise SourceBusyError(BUSY)

    world.source.on_page = dying
    run = world.sync()
    assert (run.state, run.reason and run.reason.code) == (RunState.FAILED, "source_unavailable")
    assert world.roster.writes == 0


def test_a_collection_that_fails_ends_the_run_before_any_change() -> None:
    world = _world()
    world.sync()
    writes = world.roster.writes
    world.source.put(Collection.USERS, user("user-new", "school"))

    def missing(collection: Collection, offset: int) -> None:
        if collection is Collection.ENROLLMENTS:
            raise GiveUpError(Reason(code="missing_envelope", message="enrollments"))

    world.source.on_page = missing
    run = world.sync()
    assert (run.state, run.reason and run.reason.code) == (RunState.FAILED, "missing_envelope")
    assert world.roster.writes == writes


def test_a_collection_that_cannot_be_sorted_proves_no_absence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = _world()
    plain = world.source.page

    def unsorted(collection: Collection, *, offset: int, limit: int, in_order: bool) -> Any:
        if in_order and collection is Collection.USERS:
            raise ParameterRefusedError(BUSY, 400)
        return plain(collection, offset=offset, limit=limit, in_order=in_order)

    monkeypatch.setattr(world.source, "page", unsorted)
    world.sync()
    del world.source.collections[Collection.USERS]["user-3"]
    world.sync()
    assert set(world.held(Collection.USERS).values()) == {"current"}


@pytest.mark.parametrize("die_at", range(8))
def test_a_leg_that_died_is_done_again_without_a_trace(die_at: int) -> None:
    world = _world()
    world.request()
    message = world.take()
    world.deliver(message, die_at=die_at)
    world.now += timedelta(minutes=2)
    world.deliver(message)
    world.settle()
    run = world.sync()
    assert run.state is RunState.SUCCEEDED
    assert len(world.docs(Collection.USERS)) == 9


def test_a_second_worker_does_not_touch_a_leg_that_is_under_way() -> None:
    world = _world()
    run = world.request()
    message = world.take()
    world.control.claim(run.key, RunState.EXTRACTING, 0, "somebody", world.now)
    world.deliver(message)
    assert world.source.pages == 0


def test_what_is_learned_about_a_source_comes_back_with_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = _world()
    monkeypatch.setattr(world.source, "learned", lambda: {"signatureMethod": "HMAC-SHA1"})
    world.sync()
    assert world.request().config.learned == {"signatureMethod": "HMAC-SHA1"}


def test_complete_is_what_was_read_in_order() -> None:
    world = _world()
    _extract(world)
    [run] = world.control.runs.values()
    cursor = run.cursor or {}
    roster = StagedRoster.model_validate(cursor["staged"])
    assert {each.status for each in roster.collections.values()} == {CollectionStatus.COMPLETE}
    assert roster.collections[Collection.USERS].rows == 9
