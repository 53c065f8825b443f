"""One of the tables goes back to an earlier moment, or both do: the roster equals the source again.

``control`` has the groups and their runs, ``roster`` what the platform reads; both can be restored
to a point in time, each by itself. Nothing may freeze, nothing be lost sight of, and nothing leaves
by another way than an update's.
"""

import copy
import sys
from typing import Any

import pytest

from shared.domain.group.choices import MatchWith
from shared.domain.group.guard import GuardSettings
from shared.domain.group.hold import Decision
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Mode, Run, RunState
from tests.fakes.backups import kept_control, kept_roster
from tests.fakes.simulation import GROUP, Simulation, config
from tests.fakes.source import class_, course, enrollment, org, session, user

CLASSES, USERS, ENROLLMENTS = Collection.CLASSES, Collection.USERS, Collection.ENROLLMENTS
FREE = GuardSettings(
    deleted_percent=100, school_percent=100, enrollment_percent=100, class_percent=100
)


def world_of(**settings: Any) -> Simulation:
    """A group with a school, two classes and four users, synced once."""
    world = Simulation(group_config=config(**settings))
    source = world.source
    source.put(Collection.ORGS, org("district"), org("school", "School", "district"))
    source.put(Collection.ACADEMIC_SESSIONS, session("term"))
    source.put(Collection.COURSES, course("course", "district"))
    source.put(CLASSES, *(class_(f"class-{n}", "school", course_id="course") for n in range(2)))
    source.put(USERS, *(user(f"user-{n}", "school") for n in range(4)))
    source.put(
        ENROLLMENTS, *(enrollment(f"e-{n}", f"class-{n % 2}", f"user-{n}") for n in range(4))
    )
    assert world.sync(Mode.UPDATE).state is RunState.SUCCEEDED
    return world


def an_hour(world: Simulation) -> None:
    """What two runs do: one gets other names, one comes with a membership, one leaves."""
    source = world.source
    source.put(USERS, user("user-1", "school", name="Changed") | {"username": "other"})
    source.put(USERS, user("user-9", "school"))
    source.put(ENROLLMENTS, enrollment("e-9", "class-0", "user-9"))
    world.sync(Mode.UPDATE)
    del source.collections[USERS]["user-2"], source.collections[ENROLLMENTS]["e-2"]
    world.sync(Mode.UPDATE)


def check(world: Simulation) -> None:
    """The roster is what the source has: all of it as it is there, and nothing besides."""
    source = world.source.collections
    docs = {c: {str(d.get("sourcedId")): d for d in world.docs(c).values()} for c in Collection}
    for collection in (Collection.ORGS, CLASSES, USERS):
        assert docs[collection].keys() == source[collection].keys(), collection
        assert world.held(collection).keys() == world.docs(collection).keys()
    for name, entity in source[USERS].items():
        doc = docs[USERS][name]
        assert (doc["givenName"], doc["loginName"]) == (entity["givenName"], entity["username"])
    for name, entity in source[CLASSES].items():
        assert docs[CLASSES][name]["title"] == entity["title"]
    by_id = {i: d["sourcedId"] for c in (CLASSES, USERS) for i, d in world.docs(c).items()}
    members = {
        (by_id[str(d["classId"])], by_id[str(d["userId"])])
        for d in world.docs(ENROLLMENTS).values()
    }
    assert members == {
        (e["class"]["sourcedId"], e["user"]["sourcedId"]) for e in source[ENROLLMENTS].values()
    }
    owners = {name: owner for (_, name), (owner, _) in world.roster.logins.items()}
    assert owners == {d["loginName"]: id_ for id_, d in world.docs(USERS).items()}
    stamp = world.group.stamp
    assert stamp is not None
    assert all(record.seq <= stamp.order for record in world.roster.records.values())


def told(run: Run) -> list[str]:
    return [notice.code for notice in run.notices]


def shown(world: Simulation, what: str, *runs: Run) -> None:
    """Print what was seen."""
    lines = [f"\n{what}:"]
    for run in runs:
        made = {n: c.model_dump(exclude_defaults=True) for n, c in run.counts.items()}
        lines.append(f"  run {run.seq} {run.mode}: {run.state}; {made}")
        lines += [f"    {notice.code}: {notice.message}" for notice in run.notices]
    sys.stdout.write("\n".join([*lines, f"  {world.group.stamp!r}", ""]))


def test_the_records_of_runs_go_back_an_hour_and_the_roster_does_not() -> None:
    world = world_of(guard=FREE)
    back = kept_control(world)
    an_hour(world)
    lost = max(record.seq for record in world.roster.records.values())
    back()
    assert world.group.run_seq < lost
    # Since then: one more change at the source, and a class that is new.
    world.source.put(USERS, user("user-0", "school", name="Since"))
    world.source.put(CLASSES, class_("class-7", "school", course_id="course"))
    first = world.sync(Mode.UPDATE)
    assert (first.state, told(first)) == (RunState.SUCCEEDED, ["begun_anew"])
    # Nobody left: who had left in the lost hour stays away, and who came then is there still.
    second = world.sync(Mode.UPDATE)
    shown(world, "control an hour older than roster", first, second)
    assert second.state is RunState.SUCCEEDED
    check(world)
    writes = world.roster.writes
    third = world.sync(Mode.UPDATE)
    assert (world.roster.writes, told(third)) == (writes, [])
    assert third.seq > lost


def test_the_roster_goes_back_an_hour_and_the_records_of_runs_do_not() -> None:
    world = world_of(guard=FREE)
    back = kept_roster(world)
    an_hour(world)
    back()
    assert len(world.docs(USERS)) == 4
    first = world.sync(Mode.UPDATE)
    second = world.sync(Mode.UPDATE)
    shown(world, "roster an hour older than control", first, second)
    assert (first.state, told(first), told(second)) == (RunState.SUCCEEDED, ["begun_anew"], [])
    check(world)


def test_what_was_deleted_before_the_roster_went_back_leaves_again_by_that_decision() -> None:
    """It went through the guard then; nobody is shown again a whole year later."""
    world = world_of(guard=FREE)
    back = kept_roster(world)
    an_hour(world)
    back()
    world.sync(Mode.SYNC)
    assert "user-2" not in {d["sourcedId"] for d in world.docs(USERS).values()}


@pytest.mark.parametrize("how", ["before the first load", "with nothing in the roster"])
def test_one_table_knows_nothing_at_all(how: str) -> None:
    world = Simulation(group_config=config(guard=FREE))
    back = (kept_control if how == "before the first load" else kept_roster)(world)
    world.source = world_of().source
    world.sync(Mode.UPDATE)
    an_hour(world)
    back()
    first = world.sync(Mode.UPDATE)
    assert (first.state, told(first)) == (RunState.SUCCEEDED, ["begun_anew"])
    world.sync(Mode.UPDATE)
    check(world)


def test_both_go_back_and_the_snapshot_of_that_time_is_gone() -> None:
    world = world_of(guard=FREE)
    runs_back, roster_back = kept_control(world), kept_roster(world)
    an_hour(world)
    world.objects.expire()
    runs_back()
    roster_back()
    first = world.sync(Mode.UPDATE)
    assert (first.state, told(first)) == (RunState.SUCCEEDED, ["begun_anew"])
    second = world.sync(Mode.UPDATE)
    shown(world, "both an hour back, the snapshot gone", first, second)
    check(world)
    # They went back together, and so would they again: the stamp says that all is of one history.
    assert world.roster.stamps[GROUP] == world.group.stamp


def test_both_go_back_together_and_nothing_is_written_twice() -> None:
    world = world_of(guard=FREE)
    runs_back, roster_back = kept_control(world), kept_roster(world)
    an_hour(world)
    runs_back()
    roster_back()
    run = world.sync(Mode.UPDATE)
    assert told(run) == []
    check(world)


def test_a_run_that_was_lost_half_way_is_noticed_too() -> None:
    """It had begun to write, and never came to its end: no snapshot says so."""
    world = world_of(guard=FREE)
    back = kept_control(world)
    world.source.put(USERS, user("user-8", "school"))
    run = world.request(Mode.UPDATE)
    while len(world.docs(USERS)) == 4:
        world.deliver(world.take(), die_at=None)
    world.queue.messages.clear()
    back()
    del world.source.collections[USERS]["user-8"]
    again = world.sync(Mode.UPDATE)
    assert (again.seq, told(again)) == (run.seq, ["begun_anew"])
    assert "user-8" in {d["sourcedId"] for d in world.docs(USERS).values()}
    world.sync(Mode.UPDATE)
    check(world)


def test_the_guard_holds_what_only_the_roster_knows_as_it_holds_all_else() -> None:
    world = world_of(guard=GuardSettings(new_percent=100))
    back = kept_control(world)
    came = [user(f"new-{n}", "school") for n in range(30)]
    world.source.put(USERS, *came)
    world.sync(Mode.UPDATE)
    back()
    for entity in came:
        del world.source.collections[USERS][entity["sourcedId"]]
    first = world.sync(Mode.UPDATE)
    assert (told(first), len(world.docs(USERS))) == (["begun_anew"], 34)
    assert {world.held(USERS)[id_] for id_ in world.docs(USERS)} == {"current", "pending"}
    second = world.sync(Mode.UPDATE)
    assert (second.state, len(world.docs(USERS))) == (RunState.HELD, 34)
    assert world.decide(Decision.APPROVE).state is RunState.SUCCEEDED
    check(world)


def test_a_person_who_was_known_again_in_the_lost_hour_is_nobody_else_after_it() -> None:
    world = world_of(guard=FREE, match_with=MatchWith.USERNAME)
    [before] = [i for i, d in world.docs(USERS).items() if d["sourcedId"] == "user-3"]
    back = kept_control(world)
    moved = world.source.collections[USERS].pop("user-3")
    world.source.put(USERS, moved | {"sourcedId": "renumbered"})
    del world.source.collections[ENROLLMENTS]["e-3"]
    world.source.put(ENROLLMENTS, enrollment("e-3", "class-1", "renumbered"))
    assert world.sync(Mode.UPDATE).counts["users"].rekeyed == 1
    # The number is given to somebody else, as schools do.
    world.source.put(USERS, user("user-3", "school") | {"username": "somebody"})
    world.sync(Mode.UPDATE)
    back()
    world.sync(Mode.UPDATE)
    world.sync(Mode.UPDATE)
    check(world)
    names = {d["sourcedId"]: i for i, d in world.docs(USERS).items()}
    assert (names["renumbered"], names["user-3"] != before) == (before, True)


def test_messages_of_the_lost_hour_do_nothing() -> None:
    """A number means another run by then; its batches are others, and none is taken for done."""
    world = world_of(guard=FREE)
    back = kept_control(world)
    an_hour(world)
    late = list(world.sent)
    back()
    world.source.put(USERS, *(user(f"user-{n}", "school", name="Since") for n in range(4)))
    world.request(Mode.UPDATE)
    while world.queue.messages:
        for message in late:
            world.deliver(message)
        world.deliver(world.take())
    world.settle()
    world.sync(Mode.UPDATE)
    check(world)


def test_a_roster_from_before_stamps_is_taken_as_it_is() -> None:
    world = world_of(guard=FREE)
    world.roster.stamps.clear()
    world.group.stamp = None
    writes = world.roster.writes
    run = world.sync(Mode.UPDATE)
    assert (told(run), world.roster.writes, world.group.stamp) == ([], writes, None)
    world.source.put(USERS, user("user-0", "school", name="Changed"))
    world.sync(Mode.UPDATE)
    assert world.roster.writes == writes + 1
    assert world.group.stamp == world.roster.stamps[GROUP]
    check(world)


def test_a_preview_shows_it_and_leaves_it_to_the_next_run() -> None:
    world = world_of(guard=FREE)
    back = kept_control(world)
    an_hour(world)
    back()
    before = copy.deepcopy(world.roster.records)
    run = world.sync(Mode.PREVIEW)
    assert (told(run), world.roster.records) == (["begun_anew"], before)
    assert told(world.sync(Mode.UPDATE)) == ["begun_anew"]


def test_a_run_that_begins_anew_and_stops_half_way_is_not_lost() -> None:
    world = world_of(guard=FREE)
    back = kept_control(world)
    an_hour(world)
    back()
    world.request(Mode.UPDATE)
    while world.group.stamp != world.roster.stamps[GROUP]:
        world.deliver(world.take())
    world.deliver(world.take(), die_at=3)
    world.queue.messages.clear()
    for _ in range(12):
        world.now += world.leg * 400
        world.tick(world.leg)
        world.queue.messages.clear()
    world.sync(Mode.UPDATE)
    world.sync(Mode.UPDATE)
    check(world)


def test_what_no_stamp_says_is_noticed_by_the_first_write_that_is_refused() -> None:
    """The hour was lost under a version that left no stamps: the records' numbers tell of it."""
    world = world_of(guard=FREE)
    world.roster.stamps.clear()
    world.group.stamp = None
    back = kept_control(world)
    an_hour(world)
    back()
    world.roster.stamps.clear()
    world.source.put(USERS, user("user-1", "school", name="Since") | {"username": "since"})
    frozen = world.sync(Mode.UPDATE)
    assert frozen.reason is not None
    assert (frozen.state, frozen.reason.code) == (RunState.SUCCEEDED_WITH_ERRORS, "overtaken")
    first = world.sync(Mode.UPDATE)
    assert (first.state, told(first)) == (RunState.SUCCEEDED, ["begun_anew"])
    world.sync(Mode.UPDATE)
    check(world)


def test_the_message_of_a_deletion_of_the_lost_hour_deletes_no_group() -> None:
    """Its number is that of a sync by now, which is at the same leg."""
    world = world_of(guard=FREE)
    back = kept_control(world)
    deletion = world.delete()
    late = world.take()
    back()
    run = world.request(Mode.UPDATE)
    assert run.seq == deletion.seq
    before = copy.deepcopy(world.roster.records)
    world.deliver(late)
    assert world.roster.records == before
    world.settle()
    assert world.control.runs[run.key].state is RunState.SUCCEEDED
    check(world)


def test_a_membership_that_cannot_be_asked_for_leaves_after_a_second_reading() -> None:
    """Its sourcedId was lost with the hour, and one reading proves nothing (offset paging)."""
    world = world_of(guard=FREE)
    back = kept_control(world)
    world.source.put(ENROLLMENTS, enrollment("e-9", "class-1", "user-0"))
    world.sync(Mode.UPDATE)
    back()
    del world.source.collections[ENROLLMENTS]["e-9"]
    there = dict(world.source.collections[ENROLLMENTS])
    world.source.collections[ENROLLMENTS].clear()
    first = world.sync(Mode.UPDATE)  # an empty collection proves nothing
    assert told(first) == ["begun_anew"]
    world.source.collections[ENROLLMENTS].update(there)
    world.sync(Mode.UPDATE)
    assert len(world.docs(ENROLLMENTS)) == 5
    world.sync(Mode.UPDATE)
    check(world)
