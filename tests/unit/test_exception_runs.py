"""Exceptions on the whole way of a run, over REST and by bundle, over in-memory stores."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from local.sample_district.bundle import csv_files, pack
from local.sample_district.evolution import without_users
from local.sample_district.roster import District, generate
from shared.domain.group.choices import SyncType
from shared.domain.ids import SourcedId, record_id
from shared.domain.roster.collection import Collection
from shared.domain.roster.record_exception import Effect, NamedBy, RecordException
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, RunState, Trigger
from shared.messages import ExtractLeg, PlanRun
from shared.sync.request.request_sync import start_planning
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation, config
from tests.fakes.source import class_, enrollment, org, user

ORGS, SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS = Collection


def _except(world: Simulation, effect: Effect, name: str, **changes: Any) -> RecordException:
    made = RecordException(
        effect=effect,
        entity="users",
        named_by=NamedBy.SOURCED_ID,
        digest=record_id(GROUP, "users", name),
        sourced_id=SourcedId(name) if effect is Effect.KEEP else None,
        why="A test.",
        by="ann",
        at=world.now,
    ).model_copy(update=changes)
    world.exceptions.put(GROUP, made)
    return made


def _users(world: Simulation) -> set[str]:
    return {str(doc["sourcedId"]) for doc in world.docs(USERS).values()}


@pytest.fixture
def school() -> Simulation:
    """Over REST: four pupils in one class."""
    world = Simulation()
    world.source.put(ORGS, org("district"), org("school", parent="district"))
    world.source.put(CLASSES, class_("class", "school"))
    for name in ("ann", "bob", "cem", "dee"):
        world.source.put(USERS, user(name, "school"))
        world.source.put(ENROLLMENTS, enrollment(f"e-{name}", "class", name))
    assert world.sync().state is RunState.SUCCEEDED
    return world


def test_who_is_left_out_comes_back_in_no_run_and_no_restore(school: Simulation) -> None:
    _except(school, Effect.LEAVE_OUT, "ann")
    left = school.ask(Mode.SYNC)
    assert left.state is RunState.SUCCEEDED
    assert (left.counts["users"].deleted, left.counts["users"].left_out) == (1, 1)
    for run in (school.restore(1), school.ask(Mode.UPDATE), school.restore(1)):
        assert run.state is RunState.SUCCEEDED
        assert run.counts["users"].left_out == 1
        assert _users(school) == {"bob", "cem", "dee"}
        assert len(school.docs(ENROLLMENTS)) == 3
    # The roster's documents and the hash are all that is left to find the pupil by.
    stored = [each.model_dump_json() for each in school.exceptions.all(GROUP)]
    assert "ann" not in "".join(stored).replace('"by":"ann"', "")


def test_who_is_kept_stays_until_the_day_is_over(school: Simulation) -> None:
    ends_at = datetime(2026, 9, 3, tzinfo=UTC)
    _except(school, Effect.KEEP, "ann", until=date(2026, 9, 2), ends_at=ends_at)
    del school.source.collections[USERS]["ann"], school.source.collections[ENROLLMENTS]["e-ann"]
    run = school.ask(Mode.UPDATE)
    assert "ann" in _users(school)
    assert [notice.code for notice in run.notices] == ["exceptions_obeyed"]
    school.now = ends_at - timedelta(seconds=1)
    school.ask(Mode.UPDATE)
    assert "ann" in _users(school)
    school.now = ends_at
    school.ask(Mode.UPDATE)
    assert "ann" not in _users(school)


def test_what_other_exceptions_would_miss_is_asked_for_before_it_goes(school: Simulation) -> None:
    """The list of the source misses a pupil who is there, and an exception ends meanwhile."""
    made = _except(school, Effect.LEAVE_OUT, "ann")
    ann = school.source.collections[USERS].pop("ann")
    del school.source.collections[USERS]["bob"], school.source.collections[ENROLLMENTS]["e-bob"]
    run = school.request(Mode.UPDATE)
    while not isinstance(school.queue.messages[0], PlanRun):
        school.deliver(school.take())
    school.deliver(school.take())  # the first plan, which sends the run back to ask for "bob"
    assert isinstance(school.queue.messages[0], ExtractLeg)
    school.exceptions.remove(GROUP, made.exception_id)
    school.source.collections[USERS]["ann"] = ann
    school.settle()
    assert school.control.runs[run.key].state is RunState.SUCCEEDED
    assert _users(school) == {"ann", "cem", "dee"}


def test_a_run_that_only_gives_new_ends_changes_nothing_by_them(school: Simulation) -> None:
    _except(school, Effect.LEAVE_OUT, "ann")
    request = RunRequest(ENTERPRISE, GROUP, Mode.RETENTION, Trigger.CLOCK, "clock")
    run = start_planning(request, school.control, school.queue, school.now)
    school.settle()
    assert school.control.runs[run.key].state is RunState.SUCCEEDED
    assert _users(school) == {"ann", "bob", "cem", "dee"}


def test_a_deleted_group_leaves_no_exception(school: Simulation) -> None:
    _except(school, Effect.KEEP, "ann")
    school.delete()
    school.deliver(school.take())
    school.now += timedelta(hours=1)
    school.settle()
    assert not school.exceptions.all(GROUP)
    erased = school.control.gone[ENTERPRISE, GROUP].erased
    assert {each.kind: each.deleted for each in erased}["exceptions"] == 1


class TestBundles:
    """A bundle that was loaded before is read again where the exceptions are others."""

    @pytest.fixture
    def district(self) -> District:
        return generate(pupils=30)

    def _bring(self, world: Simulation, district: District) -> Run:
        world.drop(pack(csv_files(district, "1.2")), f"{len(world.control.runs)}.zip")
        world.settle()
        return world.control.runs[max(world.control.runs, key=lambda key: key.seq)]

    def test_the_same_bundle_is_planned_again(self, district: District) -> None:
        world = Simulation(group_config=config(sync_type=SyncType.ZIP, connection=None, secrets={}))
        everybody = len(_loaded(self._bring(world, district), world))
        pupil = sorted(_users(world))[0]
        made = _except(
            world, Effect.LEAVE_OUT, pupil, until=date(2026, 9, 2),
            ends_at=datetime(2026, 9, 3, tzinfo=UTC),
        )  # fmt: skip
        assert pupil not in _loaded(self._bring(world, district), world)
        again = self._bring(world, district)
        assert [notice.code for notice in again.notices] == ["bundle_unchanged"]
        assert again.counts["users"].left_out == 1
        world.now = datetime(2026, 9, 3, tzinfo=UTC)
        assert pupil in _loaded(self._bring(world, district), world)
        world.exceptions.remove(GROUP, made.exception_id)
        assert len(_users(world)) == everybody

    def test_who_is_kept_stays_when_a_bundle_lacks_the_pupil(self, district: District) -> None:
        world = Simulation(group_config=config(sync_type=SyncType.ZIP, connection=None, secrets={}))
        _loaded(self._bring(world, district), world)
        pupil = sorted(_users(world))[0]
        _except(world, Effect.KEEP, pupil)
        assert pupil in _loaded(self._bring(world, without_users(district, {pupil})), world)


def _loaded(run: Run, world: Simulation) -> set[str]:
    """Who is in the roster after a run, which has planned its bundle."""
    assert "bundle_unchanged" not in [notice.code for notice in run.notices]
    assert run.state in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_ERRORS), run.reason
    return _users(world)
