"""After one clean run the roster equals the source, whatever happened before.

The real extract, plan, apply and commit run over in-memory stores. Messages come twice, late, out
of order, or not at all; workers die at any write; runs are abandoned; objects expire; tables go
back to an earlier moment; the source changes in between. Every history that once failed stays as an
example below.

The nightly setting: HOMEROOM_STEPS=10000 make test-unit
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from shared.domain.errors import TryLaterError
from shared.domain.group.guard import GuardSettings
from shared.domain.group.hold import Decision, HoldDecision
from shared.domain.ids import RunKey
from shared.domain.roster.collection import Collection
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, RunState, Trigger
from shared.messages import ExtractLeg, PlanRun
from shared.planning.standing import Answer
from shared.sync import change_file
from shared.sync.request.carry_out_decision import carry_out_decision
from shared.sync.request.request_sync import start_planning
from tests.fakes.backups import kept_control, kept_roster
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation, config
from tests.fakes.source import class_, course, enrollment, org, session, user

STEPS = int(os.environ.get("HOMEROOM_STEPS", "400"))
PER_HISTORY = 25
SCHOOLS = ("school-1", "school-2")
USERS = Collection.USERS

ENDED_WELL = (RunState.SUCCEEDED, RunState.HELD)

numbers = st.integers(0, 2)
modes = st.sampled_from([Mode.SYNC, Mode.UPDATE, Mode.PREVIEW])


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the batches so small that even a tiny district needs several."""
    monkeypatch.setattr(change_file, "CHANGES_PER_BATCH", 2)


class AnyHistory(RuleBasedStateMachine):
    """One group, and anything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        # The guard must hold some of these few records.
        guard = GuardSettings(
            deleted_percent=40, deleted_minimum=2, class_size=2, changed_minimum=2
        )
        self.world = Simulation(group_config=config(guard=guard))
        self.names = 0
        self.backups: list[Callable[[], None]] = []

    @initialize()
    def a_small_district(self) -> None:
        source = self.world.source
        source.put(Collection.ORGS, org("district"), *(org(s, s, "district") for s in SCHOOLS))
        source.put(Collection.ACADEMIC_SESSIONS, session("term"))
        source.put(Collection.COURSES, course("course", "district"))
        source.put(Collection.CLASSES, class_("class-0", SCHOOLS[0], course_id="course"))
        source.put(Collection.USERS, user("user-0", SCHOOLS[0]))
        source.put(Collection.ENROLLMENTS, enrollment("e-0-0", "class-0", "user-0"))

    # What happens at the source

    @rule(number=numbers, school=st.sampled_from(SCHOOLS))
    def a_user_comes_or_changes(self, number: int, school: str) -> None:
        self.names += 1
        entity = user(f"user-{number}", school, name=f"Name {self.names}")
        self.world.source.put(Collection.USERS, entity)

    @rule(number=numbers)
    def a_user_gets_another_username(self, number: int) -> None:
        users = self.world.source.collections[Collection.USERS]
        if entity := users.get(f"user-{number}"):
            self.names += 1
            entity = entity | {"username": f"login-{self.names}"}
            self.world.source.put(Collection.USERS, entity)

    @rule(number=numbers)
    def a_user_row_turns_bad(self, number: int) -> None:
        users = self.world.source.collections[Collection.USERS]
        if entity := users.get(f"user-{number}"):
            self.world.source.put(Collection.USERS, entity | {"roles": [{"role": "wizard"}]})

    @rule(number=numbers)
    def a_user_leaves(self, number: int) -> None:
        self.world.source.collections[Collection.USERS].pop(f"user-{number}", None)

    @rule(number=numbers, school=st.sampled_from(SCHOOLS))
    def a_class_comes_or_changes(self, number: int, school: str) -> None:
        self.names += 1
        entity = class_(f"class-{number}", school, f"Title {self.names}", "course")
        self.world.source.put(Collection.CLASSES, entity)

    @rule(number=numbers)
    def a_class_goes(self, number: int) -> None:
        self.world.source.collections[Collection.CLASSES].pop(f"class-{number}", None)

    @rule(one=numbers, other=numbers)
    def somebody_enrolls(self, one: int, other: int) -> None:
        entity = enrollment(f"e-{one}-{other}", f"class-{one}", f"user-{other}")
        self.world.source.put(Collection.ENROLLMENTS, entity)

    @rule(one=numbers, other=numbers)
    def somebody_drops_out(self, one: int, other: int) -> None:
        self.world.source.collections[Collection.ENROLLMENTS].pop(f"e-{one}-{other}", None)

    # What happens to the work

    @precondition(lambda self: self.world.group.active_run is None)
    @rule(mode=modes)
    def a_sync_is_asked_for(self, mode: Mode) -> None:
        self.world.request(mode)

    @precondition(lambda self: self.world.group.active_run is None and self.world.group.hold)
    @rule(decision=st.sampled_from(Decision))
    def a_person_decides(self, decision: Decision) -> None:
        hold = self.world.group.hold
        assert hold is not None
        said = HoldDecision(decision=decision, digest=hold.digest, reason="r")
        carry_out_decision(
            ENTERPRISE, GROUP, said, "ann", self.world.request_ports(), self.world.now
        )

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
        self.world.sync(mode)
        if mode is Mode.PREVIEW:
            assert (self.world.roster.records, self.world.group.base) == before

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

    def teardown(self) -> None:
        self.world.settle()
        run = self.world.sync()
        check_equal(self.world, run.state)
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


def check_nobody_besides(world: Simulation) -> None:
    """Check that after approved updates only the records that a person keeps are left over."""
    for collection in (Collection.USERS, Collection.CLASSES):
        source = world.source.collections[collection]
        if not source:
            continue  # an empty collection proves nothing
        rows = [row for row in world.snapshot_rows(collection) if row["hold"] != Answer.KEPT]
        here = {str(r["sourced_id"]) for r in rows if r["state"] not in ("deleted", "ended")}
        assert here <= source.keys(), collection


def check_equal(world: Simulation, state: RunState) -> None:
    """Check that the roster has what the source has, and that everything else is pending."""
    assert state in ENDED_WELL
    assert world.group.dirty == ()
    source = world.source.collections
    for collection in Collection:
        held, docs = world.held(collection), world.docs(collection)
        assert held.keys() == docs.keys(), collection
    by_sourced_id = {
        collection: {str(doc["sourcedId"]): doc for doc in world.docs(collection).values()}
        for collection in Collection
        if collection is not Collection.ENROLLMENTS
    }
    for entity in source[Collection.CLASSES].values():
        doc = by_sourced_id[Collection.CLASSES][entity["sourcedId"]]
        assert doc["title"] == entity["title"]
        school = by_sourced_id[Collection.ORGS][entity["school"]["sourcedId"]]
        assert doc["partnerId"] == _id_of(world, Collection.ORGS, school)
    good = {u["sourcedId"]: u for u in source[Collection.USERS].values() if _good(u)}
    for sourced_id, entity in good.items():
        doc = by_sourced_id[Collection.USERS][sourced_id]
        assert (doc["givenName"], doc["loginName"]) == (entity["givenName"], entity["username"])
    logins = {name: owner for (_, name), (owner, _) in world.roster.logins.items()}
    for id_, doc in world.docs(Collection.USERS).items():
        assert logins[str(doc["loginName"]).casefold()] == id_
    assert len(logins) == len(world.docs(Collection.USERS))
    memberships = {
        (doc["classId"], doc["userId"]) for doc in world.docs(Collection.ENROLLMENTS).values()
    }
    ids = {
        collection: {str(doc["sourcedId"]): id_ for id_, doc in world.docs(collection).items()}
        for collection in (Collection.CLASSES, Collection.USERS)
    }
    for entity in source[Collection.ENROLLMENTS].values():
        class_id = ids[Collection.CLASSES].get(entity["class"]["sourcedId"])
        user_id = ids[Collection.USERS].get(entity["user"]["sourcedId"])
        if class_id and user_id:
            assert (class_id, user_id) in memberships


def _good(entity: dict[str, Any]) -> bool:
    return all(role["role"] != "wizard" for role in entity["roles"])


def _id_of(world: Simulation, collection: Collection, wanted: dict[str, object]) -> str:
    return next(id_ for id_, doc in world.docs(collection).items() if doc is wanted)


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


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=max(1, STEPS // PER_HISTORY),
    stateful_step_count=PER_HISTORY,
    deadline=None,
    derandomize="HOMEROOM_STEPS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
