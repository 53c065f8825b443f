"""How an absence over REST is proven: by what was delivered, by single answers, or by nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import GiveUpError, ParameterRefusedError, SourceBusyError
from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import PlanCursor
from shared.domain.run.run import Mode, Reason, Run, RunState
from shared.messages import ExtractLeg
from shared.sync.extract.cursor import Cursor
from tests.fakes.simulation import Simulation
from tests.fakes.source import class_, enrollment, org, user

ORGS, SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS = Collection
UPDATE = Mode.UPDATE
REASON = Reason(code="unexpected", message="The source answered 500.")
Json = dict[str, Any]
Answers = Callable[[Collection, str], Json | None]


def _school(pupils: int = 40, awkward: str = "", **settings: Any) -> Simulation:
    """One school of ``pupils``, ten to a class, loaded; ids have ``awkward`` in their middle."""
    world = Simulation(**settings)
    world.source.put(ORGS, org("district"), org("school", parent="district"))
    for number in range(pupils):
        room, name = f"room-{number // 10}", f"u{awkward}{number:04}"
        world.source.put(CLASSES, class_(room, "school"))
        world.source.put(USERS, user(name, "school"))
        world.source.put(ENROLLMENTS, enrollment(f"e{awkward}{number:04}", room, name))
    assert world.sync().state is RunState.SUCCEEDED
    return world


def _leave(world: Simulation, *numbers: int, awkward: str = "") -> None:
    for number in numbers:
        del world.source.collections[USERS][f"u{awkward}{number:04}"]
        del world.source.collections[ENROLLMENTS][f"e{awkward}{number:04}"]


def _users(world: Simulation) -> set[str]:
    return {str(doc["sourcedId"]) for doc in world.docs(USERS).values()}


def _rooms(world: Simulation, pupil: str) -> list[str]:
    """The classes that a pupil is in."""
    rooms = {id_: str(doc["sourcedId"]) for id_, doc in world.docs(CLASSES).items()}
    [mine] = [id_ for id_, doc in world.docs(USERS).items() if doc["sourcedId"] == pupil]
    return sorted(
        rooms[str(doc["classId"])]
        for doc in world.docs(ENROLLMENTS).values()
        if doc["userId"] == mine
    )


def _told(run: Run) -> list[str]:
    return [notice.code for notice in run.notices]


# The source's row says another membership.


def test_a_pupil_who_changes_class_while_the_row_keeps_its_id_is_only_in_the_new_class() -> None:
    world = _school()
    world.source.put(ENROLLMENTS, enrollment("e0003", "room-2", "u0003"))
    run = world.sync(UPDATE)
    assert (run.state, run.counts["enrollments"].deleted) == (RunState.SUCCEEDED, 1)
    assert _rooms(world, "u0003") == ["room-2"]
    # The delivery itself is proof, so nobody was asked.
    assert world.source.asked == []


def test_it_stays_so_when_the_row_is_end_dated_later() -> None:
    world = _school()
    moved = enrollment("e0003", "room-2", "u0003")
    world.source.put(ENROLLMENTS, moved)
    world.sync(UPDATE)
    world.source.put(ENROLLMENTS, moved | {"endDate": "2026-08-30"})
    assert world.sync(UPDATE).state is RunState.SUCCEEDED
    assert _rooms(world, "u0003") == ["room-2"]


def test_rows_that_are_numbered_anew_each_night_leave_nobody_in_two_classes() -> None:
    world = _school()
    rows = sorted(world.source.collections[ENROLLMENTS].values(), key=lambda e: e["sourcedId"])
    moved = [
        row | {"sourcedId": f"e{number:04}"}
        for number, row in enumerate(
            row | ({"class": {"sourcedId": "room-3"}} if place == 5 else {})
            for place, row in enumerate(rows)
            if place != 2
        )
    ]
    world.source.collections[ENROLLMENTS].clear()
    world.source.put(ENROLLMENTS, *moved)
    run = world.sync(UPDATE)
    assert (run.state, run.counts["enrollments"].deleted) == (RunState.SUCCEEDED, 2)
    assert (_rooms(world, "u0005"), _rooms(world, "u0002")) == (["room-3"], [])
    assert all(len(_rooms(world, f"u{n:04}")) == 1 for n in range(40) if n != 2)


@pytest.mark.parametrize("fault", [{"role": "wizard"}, {"class": {"sourcedId": "nowhere"}}])
def test_a_row_that_was_rejected_proves_nothing(fault: Json) -> None:
    world = _school()
    world.source.put(ENROLLMENTS, enrollment("e0003", "room-2", "u0003") | fault)
    assert world.sync(UPDATE).counts["enrollments"].deleted == 0
    assert _rooms(world, "u0003") == ["room-0"]


def test_a_sourced_id_that_several_memberships_bear_proves_nothing_of_the_others() -> None:
    world = _school(12)
    for number in range(12):
        world.source.collections[ENROLLMENTS][f"x{number}"] = enrollment(
            f"e{number:04}", "room-1" if number < 10 else "room-0", f"u{number:04}"
        )
    world.sync()
    assert _rooms(world, "u0003") == ["room-0", "room-1"]
    # Paging skips one of the two, and the source answers with the other.
    row = world.source.collections[ENROLLMENTS].pop("x3")
    asked: set[Collection] = set()

    def back(collection: Collection, offset: int) -> None:
        if collection is ENROLLMENTS and asked and not offset:
            world.source.collections[ENROLLMENTS]["x3"] = row
        if collection is ENROLLMENTS and offset:
            asked.add(collection)

    world.source.on_page = back
    assert world.sync(UPDATE).counts["enrollments"].deleted == 0
    assert _rooms(world, "u0003") == ["room-0", "room-1"]
    # Once the row is really gone, a second reading proves it.
    del world.source.collections[ENROLLMENTS]["x3"]
    world.source.on_page = lambda collection, offset: None
    assert world.sync(UPDATE).counts["enrollments"].deleted == 1
    assert _rooms(world, "u0003") == ["room-0"]


def _unlisted(world: Simulation, collection: Collection, *ids: str) -> dict[str, Json]:
    """Take records out of the list only: paging skipped them, but the source has them."""
    return {id_: world.source.collections[collection].pop(id_) for id_ in ids}


def _answering(world: Simulation, answers: dict[str, Json]) -> None:
    """Let the source answer for these records by themselves, over what its lists have."""
    listed = world.source.on_record
    world.source.on_record = lambda collection, id_: answers.get(id_) or listed(collection, id_)


@pytest.mark.parametrize(
    ("change", "rooms"),
    [
        ({}, ["room-0"]),
        ({"beginDate": "2026-08-17T00:00:00Z", "role": "Student"}, ["room-0"]),
        ({"role": "wizard"}, ["room-0"]),
        ({"class": {"sourcedId": "room-2"}}, []),
        ({"user": {"sourcedId": "u0009"}}, []),
        ({"role": "aide"}, []),
        ({"beginDate": "2026-10-01"}, []),
        ({"status": "tobedeleted"}, []),
        ({"sourcedId": "e0007"}, []),
    ],
)
def test_an_answer_counts_only_if_it_is_the_membership(change: Json, rooms: list[str]) -> None:
    world = _school()
    [(id_, row)] = _unlisted(world, ENROLLMENTS, "e0003").items()
    _answering(world, {id_: row | change})
    assert world.sync(UPDATE).state is RunState.SUCCEEDED
    assert _rooms(world, "u0003") == rooms
    assert "e0003" in world.source.asked


@pytest.mark.parametrize(
    ("change", "stays"),
    [({}, True), ({"sourcedId": "u0001"}, False), ({"status": "ToBeDeleted "}, False)],
)
def test_an_answer_counts_only_if_it_is_the_user(change: Json, stays: bool) -> None:
    world = _school()
    [(id_, row)] = _unlisted(world, USERS, "u0003").items()
    _unlisted(world, ENROLLMENTS, "e0003")
    _answering(world, {id_: row | change})
    world.sync(UPDATE)
    assert ("u0003" in _users(world)) is stays


def test_a_record_that_an_earlier_run_missed_stays_if_it_answers_although_the_list_is_unproven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = _school()
    gone = _unlisted(world, ENROLLMENTS, "e0003")
    world.sync()
    _answering(world, gone)
    plain = world.source.page

    def unsorted(collection: Collection, *, offset: int, limit: int, in_order: bool) -> Any:
        if in_order and collection is ENROLLMENTS:
            raise ParameterRefusedError(REASON, 400)
        return plain(collection, offset=offset, limit=limit, in_order=in_order)

    monkeypatch.setattr(world.source, "page", unsorted)
    world.sync(UPDATE)
    assert _rooms(world, "u0003") == ["room-0"]


# The source does not answer for single records.


def _raises(error: Exception) -> Answers:
    def answer(collection: Collection, sourced_id: str) -> Json | None:
        raise error

    return answer


NO_WAYS: dict[str, Answers] = {
    "404, or 200 with {}": lambda collection, sourced_id: None,
    "403, 405, 501, a list, HTML": _raises(GiveUpError(REASON)),
    "500, 503": _raises(SourceBusyError(REASON)),
    "always the same record": lambda collection, sourced_id: user("u0001", "school"),
}


@pytest.mark.parametrize("kind", NO_WAYS)
def test_without_single_records_the_ids_are_read_a_second_time(kind: str) -> None:
    world = _school()
    world.source.on_record = NO_WAYS[kind]
    _leave(world, 3)
    # No other row names the pupil, so only the second reading can tell.
    del world.source.collections[ENROLLMENTS]["e0007"]
    skipped: list[Json] = []

    def skip_once(collection: Collection, offset: int) -> None:
        """Paging misses u0007 in the first reading only."""
        users = world.source.collections[USERS]
        if collection is USERS and not skipped:
            skipped.append(users.pop("u0007"))
        elif collection is not USERS and skipped and "u0007" not in users:
            world.source.put(USERS, *skipped)

    world.source.on_page = skip_once
    world.source.put(USERS, user("new", "school"))
    run = world.sync(UPDATE)
    assert (run.state, _told(run)) == (RunState.SUCCEEDED, [])
    assert _users(world) == {f"u{n:04}" for n in range(40) if n != 3} | {"new"}
    assert run.counts["users"].deleted == 1


@pytest.mark.parametrize("kind", NO_WAYS)
def test_what_cannot_be_asked_stays_pending_and_the_run_says_so(kind: str) -> None:
    world = _school()
    world.source.on_record = NO_WAYS[kind]
    _leave(world, 3, 4)
    world.source.put(USERS, user("new", "school"))
    first: set[Collection] = set()

    def forbid_second(collection: Collection, offset: int) -> None:
        first.add(collection)
        if collection is USERS and ENROLLMENTS in first:
            raise GiveUpError(REASON)

    world.source.on_page = forbid_second
    run = world.sync(UPDATE)
    assert run.state is RunState.SUCCEEDED
    [notice] = run.notices
    assert notice.code == "absence_unasked"
    assert "2 users are missing" in notice.message
    assert REASON.message in notice.message
    # Their enrollments could be read a second time, and are gone.
    assert (run.counts["users"].deleted, run.counts["enrollments"].deleted) == (0, 2)
    assert _users(world) == {f"u{n:04}" for n in range(40)} | {"new"}
    states = {row["sourced_id"]: row["state"] for row in world.snapshot_rows(USERS)}
    assert (states["u0003"], states["u0005"]) == ("pending", "current")
    # Once the source can be asked, they leave.
    world.source.on_page = lambda collection, offset: None
    assert world.sync(UPDATE).counts["users"].deleted == 2


def test_a_second_reading_that_is_empty_or_unsorted_proves_nothing() -> None:
    world = _school()
    world.source.on_record = NO_WAYS["404, or 200 with {}"]
    _leave(world, 3)
    read: set[Collection] = set()

    def empty_now(collection: Collection, offset: int) -> None:
        read.add(collection)
        if collection is USERS and ENROLLMENTS in read:
            world.source.collections[USERS].clear()

    world.source.on_page = empty_now
    run = world.sync(UPDATE)
    assert _told(run) == ["absence_unasked"]
    assert len(_users(world)) == 40


def test_a_source_that_answers_500_for_one_record_costs_three_tries() -> None:
    world = _school()
    _leave(world, 3)
    listed, tries = world.source.on_record, 0

    def broken(collection: Collection, sourced_id: str) -> Json | None:
        nonlocal tries
        if sourced_id == "u0003":
            tries += 1
            raise SourceBusyError(REASON)
        return listed(collection, sourced_id)

    world.source.on_record = broken
    run = world.sync(UPDATE)
    assert (run.state, run.counts["users"].deleted, tries) == (RunState.SUCCEEDED, 1, 3)


# Sourced ids that a proxy refuses.


@pytest.mark.parametrize("awkward", ["/", " ", "%", "+", "é", "ß:", "&?"])
def test_awkward_ids_are_believed_only_if_others_as_awkward_answer(awkward: str) -> None:
    world = _school(awkward=awkward)
    world.source.put(USERS, *(user(f"plain{n}", "school") for n in range(5)))
    world.sync()
    listed = world.source.on_record

    def proxy(collection: Collection, sourced_id: str) -> Json | None:
        return listed(collection, sourced_id) if sourced_id.isalnum() else None

    # Paging skips a pupil who is there, and the proxy says that it is not.
    world.source.on_record = proxy
    users = world.source.collections[USERS]
    victim = f"u{awkward}0003"
    row = users.pop(victim)

    def back(collection: Collection, offset: int) -> None:
        if collection is ENROLLMENTS:
            users[victim] = row

    world.source.on_page = back
    run = world.sync(UPDATE)
    assert (run.state, run.counts["users"].deleted) == (RunState.SUCCEEDED, 0)
    assert victim in _users(world)


def test_what_is_known_to_be_there_is_as_awkward_as_what_is_asked_for() -> None:
    world = _school(awkward="/")
    world.source.put(USERS, *(user(f"plain{n}", "school") for n in range(5)))
    world.sync()
    _leave(world, 3, awkward="/")
    assert world.sync(UPDATE).counts["users"].deleted == 1
    known = [id_ for id_ in world.source.asked if id_.startswith("u") and id_ != "u/0003"]
    assert len(known) == 3
    assert all("/" in id_ for id_ in known)


# Over many legs, and from one release to the next.


def test_a_second_reading_longer_than_a_leg_goes_on_where_it_was() -> None:
    world = _school(60)
    world.source.on_record = NO_WAYS["404, or 200 with {}"]
    _leave(world, 3)
    world.leg = timedelta(seconds=5)

    def slow(collection: Collection, offset: int) -> None:
        world.now += timedelta(seconds=2)

    world.source.on_page = slow
    pages = world.source.pages
    run = world.sync(UPDATE)
    assert (run.state, run.counts["users"].deleted) == (RunState.SUCCEEDED, 1)
    assert _users(world) == {f"u{n:04}" for n in range(60) if n != 3}
    # Two readings of 59 users and 59 enrollments in pages of two, and a little.
    assert world.source.pages - pages < 2 * (30 + 30) + 30


def test_single_questions_over_many_legs_are_asked_once() -> None:
    world = _school(150)
    _leave(world, *range(0, 150, 2))
    listed = world.source.on_record

    def slow(collection: Collection, sourced_id: str) -> Json | None:
        world.now += timedelta(seconds=1)
        return listed(collection, sourced_id)

    world.source.on_record = slow
    world.leg = timedelta(seconds=50)
    run = world.sync(UPDATE)
    assert run.counts["users"].held == 75
    asked = [id_ for id_ in world.source.asked if id_ in {f"u{n:04}" for n in range(0, 150, 2)}]
    assert len(asked) == 75


def _asks(run: Run) -> bool:
    return "absent" in (run.cursor or {})


@pytest.mark.parametrize("die_at", range(6))
def test_a_leg_of_questions_that_died_is_done_again(die_at: int) -> None:
    world = _school()
    _leave(world, 3)
    world.request(UPDATE)
    killed = False
    while world.queue.messages:
        message = world.take()
        runs = world.control.runs
        if (
            not killed
            and isinstance(message, ExtractLeg)
            and "absent" in (runs[message.key].cursor or {})
        ):
            killed = True
            world.deliver(message, die_at=die_at)
            world.now += timedelta(minutes=2)
        world.deliver(message)
    world.settle()
    assert killed
    assert _users(world) == {f"u{n:04}" for n in range(40) if n != 3}


def test_cursors_of_the_release_before_are_read() -> None:
    staged: Json = {"collections": {}, "roles": None, "findings": []}
    absent = {"users": {"key": "staged/g/1/absent/w/users.txt", "records": 3}}
    plan = PlanCursor.model_validate({"staged": staged, "absent": absent, "present": None})
    assert (plan.absent[USERS].known, plan.unasked) == ((), {})
    cursor = Cursor.model_validate(
        {"staged": staged, "absent": absent, "reading": "users", "objects": ["a"], "present": {}}
    )
    assert (cursor.asked, cursor.unasked, cursor.place) == (0, {}, None)
