"""After one clean run the roster equals the source, whatever happened before; and, always:

* nobody who is in the delivery loses access unheld;
* nobody is two people, and no two people are one.

The real extract, plan, apply and commit run over in-memory stores. Messages come twice, late, out
of order, or not at all; workers die at any write; runs are abandoned; objects expire; tables go
back to an earlier moment; people decide in whole or in part, think again, and make
exceptions. The source changes in
between, contradicts itself, numbers its rows anew and gives its users other sourcedIds. Every
history that once failed stays as an example below.

The nightly setting: HOMEROOM_STEPS=10000 make test-unit
"""

import os
from collections.abc import Callable
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, precondition, rule

from shared.domain.errors import TryLaterError
from shared.domain.group.choices import MatchWith
from shared.domain.group.hold import Decision
from shared.domain.ids import RunKey
from shared.domain.roster.collection import Collection
from shared.domain.roster.record_exception import Effect
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Trigger
from shared.messages import ExtractLeg, PlanRun
from shared.sync import change_file
from shared.sync.request.request_sync import start_planning
from tests.fakes.backups import kept_control, kept_roster
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.property.any_person import AnyPerson
from tests.property.any_source import ENROLLMENTS, SCHOOLS, USERS
from tests.property.promises import (
    ENDED_WELL,
    check_counts,
    check_equal,
    check_nobody_besides,
    check_nobody_is_lost,
    check_who_is_who,
    seen,
)

STEPS = int(os.environ.get("HOMEROOM_STEPS", "400"))
PER_HISTORY = 25

modes = st.sampled_from([Mode.SYNC, Mode.UPDATE, Mode.PREVIEW])


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the batches so small that even a tiny district needs several."""
    monkeypatch.setattr(change_file, "CHANGES_PER_BATCH", 2)


class AnyHistory(AnyPerson):
    """One group, and anything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.backups: list[Callable[[], None]] = []

    # What happens to the work

    @precondition(lambda self: self.world.group.active_run is None)
    @rule(mode=modes)
    def a_sync_is_asked_for(self, mode: Mode) -> None:
        self.world.request(mode)

    @precondition(lambda self: self.world.group.active_run is None)
    @rule(back=st.integers(1, 5))
    def a_past_run_is_restored(self, back: int) -> None:
        seq = self.world.group.run_seq - back
        past = self.world.control.runs.get(RunKey(ENTERPRISE, GROUP, seq))
        if past is not None and past.snapshot is not None:
            request = RunRequest(
                ENTERPRISE, GROUP, Mode.RESTORE, Trigger.REQUEST, "ann", restores=seq
            )
            start_planning(request, self.world.control, self.world.queue, self.world.now)

    @precondition(lambda self: self.world.queue.messages)
    @rule(data=st.data())
    def a_message_is_delivered(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.world.queue.messages) - 1), "which")
        self._deliver(index, None)

    @precondition(lambda self: self.world.queue.messages)
    @rule(data=st.data(), die_at=st.integers(0, 25))
    def a_worker_dies(self, data: st.DataObject, die_at: int) -> None:
        index = data.draw(st.integers(0, len(self.world.queue.messages) - 1), "which")
        self._deliver(index, die_at)

    @precondition(lambda self: self.world.queue.messages)
    @rule(data=st.data())
    def a_message_is_lost(self, data: st.DataObject) -> None:
        self.world.take(data.draw(st.integers(0, len(self.world.queue.messages) - 1), "which"))

    @precondition(lambda self: self.world.sent)
    @rule(data=st.data())
    def an_old_message_comes_again(self, data: st.DataObject) -> None:
        self.world.deliver(data.draw(st.sampled_from(self.world.sent), "which"))

    @rule(minutes=st.sampled_from([1, 10, 300]))
    def time_passes(self, minutes: int) -> None:
        self.world.tick(timedelta(minutes=minutes))

    @rule()
    def a_run_is_abandoned(self) -> None:
        for _ in range(12):
            self.world.tick(timedelta(hours=24))
            self.world.queue.messages.clear()

    @precondition(lambda self: self.world.group.active_run is None)
    @rule(batches=st.integers(0, 3), die_at=st.integers(0, 4), mode=modes)
    def a_run_stops_half_way(self, batches: int, die_at: int, mode: Mode = Mode.SYNC) -> None:
        """Apply some batches, and the next one in part; nobody ever continues."""
        self.world.request(mode)
        while isinstance(self.world.queue.messages[0], ExtractLeg | PlanRun):
            self.world.deliver(self.world.take())
            if not self.world.queue.messages:
                return  # nothing had changed
        for _ in range(min(batches, len(self.world.queue.messages) - 1)):
            self.world.deliver(self.world.take())
        self.world.deliver(self.world.take(), die_at=die_at)
        self.world.queue.messages.clear()
        self.a_run_is_abandoned()

    @precondition(lambda self: self.world.group.active_run is None)
    @rule()
    def weeks_pass_and_objects_expire(self) -> None:
        self.world.objects.expire()

    # What happens to the tables

    @rule()
    def a_backup_is_taken(self) -> None:
        self.backups = [kept_control(self.world), kept_roster(self.world)]

    @precondition(lambda self: self.backups)
    @rule(which=st.sampled_from([(0,), (1,), (0, 1)]))
    def a_table_goes_back(self, which: tuple[int, ...]) -> None:
        for table in which:
            self.backups[table]()

    @precondition(lambda self: self.world.group.active_run is None)
    @rule(mode=modes)
    def a_clean_run(self, mode: Mode) -> None:
        before = dict(self.world.roster.records), self.world.group.base
        people = seen(self.world)
        run = self.world.sync(mode)
        if mode is Mode.PREVIEW:
            assert (self.world.roster.records, self.world.group.base) == before
        elif run.state in ENDED_WELL:
            check_nobody_is_lost(people, self.world)
            check_counts(run, self.world)

    @invariant()
    def the_snapshot_is_what_the_roster_holds(self) -> None:
        """Check that readers see what the snapshot says, between runs that ended well."""
        world = self.world
        if world.group.active_run is not None or world.group.dirty:
            return
        if world.roster.stamps.get(GROUP) != world.group.stamp:
            return  # a table went back; the next run finds it
        for collection in Collection:
            held = self.world.held(collection)
            assert held.keys() == self.world.docs(collection).keys(), collection
        check_who_is_who(world)

    def teardown(self) -> None:
        self.world.settle()
        before = seen(self.world)
        run = self.world.sync()
        check_equal(self.world, run.state)
        check_nobody_is_lost(before, self.world)
        self.mend_the_source()
        self.world.sync(Mode.UPDATE)
        if self.world.group.hold is not None:
            assert self.world.decide(Decision.APPROVE).state in ENDED_WELL
        # Again, for what was held with the users or classes that stayed.
        self.world.sync(Mode.UPDATE)
        check_nobody_besides(self.world)

    def _deliver(self, index: int, die_at: int | None) -> None:
        message = self.world.take(index)
        try:
            self.world.deliver(message, die_at=die_at)
        except TryLaterError:
            self.world.queue.messages.append(message)


# Histories that a version with one safeguard removed gets wrong.


def half_a_run(history: AnyHistory) -> None:
    """Write one new user in a run that never ends."""
    history.world.sync()
    history.a_user_comes_or_changes(2, SCHOOLS[0])
    history.a_run_stops_half_way(0, 1)
    assert len(history.world.docs(Collection.USERS)) == 2


def test_a_record_that_only_an_abandoned_run_wrote_is_not_forgotten() -> None:
    history = AnyHistory()
    history.a_small_district()
    half_a_run(history)
    history.a_user_leaves(2)
    history.teardown()
    states = {row["sourced_id"]: row["state"] for row in history.world.snapshot_rows(USERS)}
    assert states == {"user-0": "current", "user-2": "deleted"}


def test_a_change_that_an_abandoned_run_applied_is_undone() -> None:
    history = AnyHistory()
    history.a_small_district()
    history.world.sync()
    before = history.world.source.collections[Collection.USERS]["user-0"]
    history.a_user_comes_or_changes(0, SCHOOLS[0])
    history.a_run_stops_half_way(0, 1)
    history.world.source.put(Collection.USERS, before)
    history.teardown()


def test_a_login_name_that_an_abandoned_run_claimed_is_released() -> None:
    history = AnyHistory()
    history.a_small_district()
    history.world.sync()
    history.a_user_gets_another_username(0)
    history.a_run_stops_half_way(0, 1)
    history.a_user_gets_another_username(0)
    history.teardown()


def test_a_late_message_of_an_abandoned_run_changes_nothing() -> None:
    history = AnyHistory()
    history.a_small_district()
    half_a_run(history)
    history.world.sync()
    history.a_user_comes_or_changes(2, SCHOOLS[1])
    history.world.sync()
    for message in history.world.sent:
        history.world.deliver(message)
    history.teardown()


def three_in_two_classes(match: MatchWith = MatchWith.SOURCED_ID) -> AnyHistory:
    """A district with three pupils, each in two classes, in the roster."""
    history = AnyHistory()
    history.a_small_district(match)
    history.a_class_comes_or_changes(1, SCHOOLS[0])
    for number in range(3):
        history.a_user_comes_or_changes(number, SCHOOLS[0])
        history.somebody_enrolls(0, number)
        history.somebody_enrolls(1, number)
    history.world.sync()
    return history


def test_a_user_whom_only_enrollments_name_stays() -> None:
    history = three_in_two_classes()
    history.a_user_row_is_lost(1)
    history.a_clean_run(Mode.UPDATE)
    history.teardown()


def test_a_class_that_only_enrollments_name_stays() -> None:
    history = three_in_two_classes()
    history.a_class_row_is_lost(1)
    history.a_clean_run(Mode.UPDATE)
    history.teardown()


@pytest.mark.parametrize("new", [False, True])
def test_enrollments_that_are_numbered_anew_are_the_same(*, new: bool) -> None:
    history = three_in_two_classes()
    before = history.world.docs(ENROLLMENTS)
    history.the_enrollments_are_numbered_anew(2, new=new)
    history.a_clean_run(Mode.UPDATE)
    assert history.world.docs(ENROLLMENTS) == before
    history.teardown()


def test_a_user_with_another_sourced_id_is_the_same() -> None:
    history = three_in_two_classes(MatchWith.IDENTIFIER)
    history.a_user_gets_another_sourced_id(1)
    history.a_clean_run(Mode.UPDATE)
    history.teardown()


def test_whom_a_person_keeps_stays_and_whom_a_person_leaves_out_goes() -> None:
    history = three_in_two_classes()
    history.a_person_makes_an_exception(1, Effect.LEAVE_OUT)
    history.a_person_makes_an_exception(2, Effect.KEEP)
    history.a_user_leaves(2)
    for _ in range(2):
        history.a_clean_run(Mode.UPDATE)
        assert seen(history.world).bear.keys() == {"user-0", "user-2"}
    history.teardown()


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=max(1, STEPS // PER_HISTORY),
    stateful_step_count=PER_HISTORY,
    deadline=None,
    derandomize="HOMEROOM_STEPS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
