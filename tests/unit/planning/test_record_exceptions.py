"""What is left out is never in the roster, what is kept always is, on whatever way a record comes.

``WAYS`` are the ways in: a complete delivery, a delta, a mode that deletes nothing, a restore, and
an approval of what waits.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.group.choices import MatchWith
from shared.domain.group.hold import Decision
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.record_exception import Effect, NamedBy, RecordException
from shared.domain.run.run import Mode
from tests.fakes.simulation import config
from tests.unit.planning.nights import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
    GROUP,
    ORGS,
    SESSIONS,
    USERS,
    Night,
    Nights,
    Rows,
    class_,
    course,
    enrollment,
    org,
    own_id,
    role,
    session,
    user,
)

UPDATE = Mode.UPDATE
LONG_AGO = datetime(2026, 8, 1, tzinfo=UTC)
DELTA = dict.fromkeys(Collection, CollectionStatus.DELTA)
WAYS = ("update", "sync", "delta", "restore")
NAMED = {
    ORGS: "south",
    SESSIONS: "term",
    COURSES: "course",
    CLASSES: "class",
    USERS: "ann",
    ENROLLMENTS: "e-ann",
}
"""In each collection, the record that the exceptions are about."""
CAN_BE_LEFT_OUT = [collection for collection in Collection if collection is not ORGS]
Case = tuple[Collection, NamedBy]


def exception(
    effect: Effect, collection: Collection, digest: str, named_by: NamedBy, **changes: Any
) -> RecordException:
    return RecordException(
        effect=effect,
        entity=collection.entity,
        named_by=named_by,
        digest=digest,
        why="A test.",
        by="ann",
        at=LONG_AGO,
    ).model_copy(update=changes)


def keep(collection: Collection, name: str, **changes: Any) -> RecordException:
    digest = own_id(collection, name)
    return exception(Effect.KEEP, collection, digest, NamedBy.SOURCED_ID, **changes)


def leave_out(collection: Collection, name: str, **changes: Any) -> RecordException:
    digest = own_id(collection, name)
    return exception(Effect.LEAVE_OUT, collection, digest, NamedBy.SOURCED_ID, **changes)


def district() -> Rows:
    """Two schools; whatever ``NAMED`` names can be gone without anybody else."""
    return Rows(
        {
            ORGS: [
                org("district", type="district"),
                org("school", parent="district"),
                org("south", parent="district"),
            ],
            SESSIONS: [session("year", type="schoolYear"), session("term", parent="year")],
            COURSES: [
                course("course", org="district", school_year="year"),
                course("other", org="district", school_year="year"),
            ],
            CLASSES: [
                class_("class", course="course", terms=["term"]),
                class_("other", course="other", terms=["term"]),
            ],
            USERS: [
                user("ann", username="ann", agents=["mum"]),
                user("bob", username="bob", agents=["ann"]),
                user("tom", role("teacher"), username="tom"),
            ],
            ENROLLMENTS: [
                enrollment("e-ann", "class", "ann"),
                enrollment("e-ann-2", "other", "ann"),
                enrollment("e-bob", "class", "bob"),
                enrollment("e-tom", "class", "tom", role="teacher"),
            ],
        }
    )


def without(rows: Rows, collection: Collection) -> Rows:
    """The delivery in which the record of the exceptions is gone, and what would contradict it."""
    name = NAMED[collection]
    rows = rows.minus(collection, name)
    if collection is CLASSES:
        rows = rows.minus(ENROLLMENTS, "e-ann", "e-bob", "e-tom")
    if collection is USERS:
        rows = rows.minus(ENROLLMENTS, "e-ann", "e-ann-2")
    if collection is SESSIONS:
        rows = rows.but(CLASSES, "class", terms=["year"]).but(CLASSES, "other", terms=["year"])
    if collection is COURSES:
        rows = rows.but(CLASSES, "class", course="other")
    return rows


def states(night: Night, collection: Collection) -> dict[str, str]:
    """The state of each record that is in the roster."""
    rows = night.held[collection]
    return {
        row["sourced_id"]: row["state"] for row in rows if row["state"] not in ("deleted", "ended")
    }


def names(night: Night) -> dict[Collection, set[str]]:
    return {collection: set(states(night, collection)) for collection in Collection}


def excepted(nights: Nights, night: Night, effect: Effect, case: Case) -> None:
    """Make an exception for the record of a collection, named in one of the two ways."""
    collection, named_by = case
    name = NAMED[collection]
    by_id = named_by is NamedBy.ID
    digest = night.id(collection, name) if by_id else own_id(collection, name)
    nights.exceptions = (exception(effect, collection, digest, named_by),)


def cases(collections: list[Collection]) -> list[Case]:
    """Enrollments are known by their ids alone."""
    return [
        (collection, named_by)
        for collection in collections
        for named_by in NamedBy
        if collection is not ENROLLMENTS or named_by is NamedBy.ID
    ]


def come(nights: Nights, way: str, rows: Rows, first: int) -> Night:
    """Let the rows come in on one of the ways; a restore goes back to the ``first`` night."""
    if way == "restore":
        return nights.run(Rows(), mode=Mode.RESTORE, restores=first)
    if way == "delta":
        return nights.run(rows, DELTA, mode=UPDATE)
    return nights.run(rows, mode=UPDATE if way == "update" else Mode.SYNC)


@pytest.mark.parametrize("case", cases(CAN_BE_LEFT_OUT), ids=lambda case: f"{case[0]}-{case[1]}")
def test_what_is_left_out_is_in_no_result(tmp_path: Path, case: Case) -> None:
    collection, _ = case
    nights, rows = Nights(tmp_path), district()
    first = nights.run(rows)
    excepted(nights, first, Effect.LEAVE_OUT, case)
    for number, way in enumerate(WAYS):
        night = come(nights, way, rows, 1)
        assert names(night) == _left(rows, collection), way
        left = {change.rows[0]["sourced_id"] for change in night.changes}
        assert (NAMED[collection] in left) is (number == 0), way
        # Nothing waits, and nobody is told of a mistake of the source.
        assert night.outcome.hold is None, way
        assert not [finding for finding in night.findings if finding["severity"] == "error"], way
        assert night.outcome.counts[collection.entity].left_out >= 1, way
        assert "exceptions_obeyed" in night.notices, way
        assert number == 0 or not night.changes, way
    # Without the exception the same record is back, with what hangs on it.
    nights.exceptions = ()
    night = nights.run(rows, mode=UPDATE)
    assert names(night) == names(first)
    assert night.id(collection, NAMED[collection]) == first.id(collection, NAMED[collection])


def _left(rows: Rows, collection: Collection) -> dict[Collection, set[str]]:
    left = without(rows, collection)
    return {each: {row["sourced_id"] for row in left[each]} for each in Collection}


@pytest.mark.parametrize("case", cases(CAN_BE_LEFT_OUT), ids=lambda case: f"{case[0]}-{case[1]}")
def test_what_was_never_there_stays_out(tmp_path: Path, case: Case) -> None:
    collection, _ = case
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    known = Nights(elsewhere).run(district())
    nights = Nights(tmp_path)
    excepted(nights, known, Effect.LEAVE_OUT, case)
    for mode in (Mode.SYNC, UPDATE):
        night = nights.run(district(), mode=mode)
        assert names(night) == _left(district(), collection)
        assert not [finding for finding in night.findings if finding["severity"] == "error"]


@pytest.mark.parametrize("case", cases(list(Collection)), ids=lambda case: f"{case[0]}-{case[1]}")
def test_what_is_kept_is_in_every_result(tmp_path: Path, case: Case) -> None:
    collection, _ = case
    nights, rows, name = Nights(tmp_path), district(), NAMED[collection]
    gone = without(rows, collection)
    nights.run(gone)
    first = nights.run(rows)
    excepted(nights, first, Effect.KEEP, case)
    row = next(row for row in rows[collection] if row["sourced_id"] == name)
    for way in (*WAYS, "tombstone"):
        dead = [row | {"status": "tobedeleted"}] if way == "tombstone" else []
        come_by = "update" if way == "tombstone" else way
        night = come(nights, come_by, gone.plus(collection, *dead), 1)
        assert night.row(collection, name)["state"] == "current", way
        assert night.row(collection, name)["hold"] is None, way
        assert night.id(collection, name) == first.id(collection, name)
    # Without the exception it is judged as every other; a partner waits.
    nights.exceptions = ()
    night = nights.run(gone, mode=UPDATE)
    assert states(night, collection).get(name) == ("pending" if collection is ORGS else None)


def test_a_kept_enrollment_keeps_its_user_and_its_class(tmp_path: Path) -> None:
    nights, rows = Nights(tmp_path), district()
    first = nights.run(rows)
    digest = first.id(ENROLLMENTS, "e-ann")
    nights.exceptions = (exception(Effect.KEEP, ENROLLMENTS, digest, NamedBy.ID),)
    gone = rows.minus(USERS, "ann").minus(CLASSES, "class")
    gone = gone.minus(ENROLLMENTS, "e-ann", "e-ann-2", "e-bob", "e-tom")
    night = nights.run(gone.plus(ENROLLMENTS, enrollment("e-x", "other", "bob")), mode=UPDATE)
    assert states(night, ENROLLMENTS)["e-ann"] == "current"
    assert (states(night, USERS)["ann"], states(night, CLASSES)["class"]) == ("current", "current")


def test_an_exception_that_is_over_has_no_effect_from_the_next_day(tmp_path: Path) -> None:
    nights, rows = Nights(tmp_path), district()
    nights.run(rows)
    ends_at = nights.now + timedelta(days=2)
    nights.exceptions = (leave_out(USERS, "ann", until=date(2026, 9, 3), ends_at=ends_at),)
    assert "ann" not in states(nights.run(rows, mode=UPDATE), USERS)
    assert states(nights.run(rows, mode=UPDATE), USERS)["ann"] == "current"


def test_leaving_out_wins_over_keeping(tmp_path: Path) -> None:
    nights, rows = Nights(tmp_path), district()
    first = nights.run(rows)
    by_id = exception(Effect.LEAVE_OUT, USERS, first.id(USERS, "ann"), NamedBy.ID)
    nights.exceptions = (keep(USERS, "ann"), by_id)
    for delivered in (rows, without(rows, USERS)):
        assert "ann" not in states(nights.run(delivered, mode=UPDATE), USERS)


def test_many_that_are_left_out_do_not_wait_and_hold_nobody(tmp_path: Path) -> None:
    nights, rows = Nights(tmp_path), district()
    pupils = [f"p{number}" for number in range(40)]
    rows = rows.plus(USERS, *(user(name, username=name) for name in pupils))
    nights.run(rows)
    nights.exceptions = tuple(leave_out(USERS, name) for name in pupils)
    night = nights.run(rows, mode=UPDATE)
    assert set(states(night, USERS)) == {"ann", "bob", "tom"}
    assert night.outcome.hold is None
    counts = night.outcome.counts["users"]
    assert (counts.deleted, counts.left_out, counts.unchanged) == (40, 40, 3)


class TestIdentity:
    """Whose record it is that an exception names."""

    def test_nobody_becomes_one_who_is_left_out(self, tmp_path: Path) -> None:
        """A new pupil with the e-mail of an erased one is a new person."""
        nights = Nights(tmp_path, config(match_with=MatchWith.EMAIL))
        rows = district().but(USERS, "ann", email="a@springfield.example")
        first = nights.run(rows)
        nights.exceptions = (leave_out(USERS, "ann"),)
        came = rows.plus(USERS, user("new", username="new", email="a@springfield.example"))
        night = nights.run(without(came, USERS), mode=UPDATE)
        assert set(states(night, USERS)) == {"bob", "tom", "new"}
        assert night.id(USERS, "new") != first.id(USERS, "ann")

    def test_one_who_is_kept_can_still_be_recognised(self, tmp_path: Path) -> None:
        """Who comes under another sourcedId is the same record, not a second one."""
        nights = Nights(tmp_path, config(match_with=MatchWith.USERNAME))
        rows = district()
        first = nights.run(rows)
        nights.exceptions = (keep(USERS, "ann"),)
        again = without(rows, USERS).plus(USERS, user("ann-2", username="ann"))
        night = nights.run(again, mode=UPDATE)
        assert set(states(night, USERS)) == {"ann-2", "bob", "tom"}
        assert night.id(USERS, "ann-2") == first.id(USERS, "ann")

    def test_a_rekeyed_one_is_left_out_by_id_as_long_as_the_roster_knows_it(
        self, tmp_path: Path
    ) -> None:
        nights = Nights(tmp_path, config(match_with=MatchWith.USERNAME))
        rows = district()
        first = nights.run(rows)
        again = without(rows, USERS).plus(USERS, user("ann-2", username="ann"))
        nights.run(again, mode=UPDATE)
        by_id = exception(Effect.LEAVE_OUT, USERS, first.id(USERS, "ann"), NamedBy.ID)
        nights.exceptions = (by_id,)
        for mode in (UPDATE, Mode.SYNC):
            assert set(states(nights.run(again, mode=mode), USERS)) == {"bob", "tom"}
        restored = nights.run(Rows(), mode=Mode.RESTORE, restores=1)
        assert set(states(restored, USERS)) == {"bob", "tom"}

    def test_a_sourced_id_means_who_bears_it_now(self, tmp_path: Path) -> None:
        """A new record with the old sourcedId of one that was re-keyed is another person."""
        nights = Nights(tmp_path, config(match_with=MatchWith.USERNAME))
        rows = district()
        nights.run(rows)
        moved = without(rows, USERS).plus(USERS, user("ann-2", username="ann"))
        nights.run(moved, mode=UPDATE)
        both = moved.plus(USERS, user("ann", username="another"))
        nights.run(both, mode=UPDATE)
        nights.exceptions = (leave_out(USERS, "ann"),)
        night = nights.run(both, mode=UPDATE)
        assert set(states(night, USERS)) == {"ann-2", "bob", "tom"}

    def test_a_teacher_with_two_rows_leaves_with_both(self, tmp_path: Path) -> None:
        nights, rows = Nights(tmp_path), district()
        rows = rows.plus(USERS, user("tom-2", role("teacher", "south"), username="tom"))
        nights.run(rows)
        nights.exceptions = (leave_out(USERS, "tom-2"),)
        for mode in (UPDATE, Mode.SYNC):
            assert set(states(nights.run(rows, mode=mode), USERS)) == {"ann", "bob"}


class TestWaiting:
    """Records that wait for a person, or that a person has rejected."""

    def _held(self, tmp_path: Path) -> tuple[Nights, Rows]:
        nights, rows = Nights(tmp_path), district()
        rows = rows.plus(USERS, *(user(f"p{number}", username=f"p{number}") for number in range(9)))
        nights.run(rows)
        gone = rows.minus(USERS, "bob", *(f"p{number}" for number in range(9)))
        gone = gone.minus(ENROLLMENTS, "e-bob")
        night = nights.run(gone, mode=UPDATE)
        assert night.outcome.hold is not None
        return nights, gone

    def test_one_that_waits_leaves_at_once_when_it_is_left_out(self, tmp_path: Path) -> None:
        nights, gone = self._held(tmp_path)
        nights.exceptions = (leave_out(USERS, "p0"),)
        night = nights.run(gone, mode=UPDATE)
        assert "p0" not in states(night, USERS)
        assert states(night, USERS)["p1"] == "pending"

    @pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.REJECT])
    def test_one_that_waits_is_kept_whatever_is_decided(
        self, tmp_path: Path, decision: Decision
    ) -> None:
        nights, gone = self._held(tmp_path)
        nights.exceptions = (keep(USERS, "p0"),)
        night = nights.run(Rows(), mode=UPDATE, decision=decision)
        assert states(night, USERS)["p0"] == "current"
        assert ("p1" in states(night, USERS)) is (decision is Decision.REJECT)
        assert states(nights.run(gone, mode=UPDATE), USERS)["p0"] == "current"

    def test_a_proposal_of_one_that_is_left_out_cannot_be_approved(self, tmp_path: Path) -> None:
        nights = Nights(tmp_path)
        pupils = [f"p{number}" for number in range(12)]
        rows = district().plus(USERS, *(user(name, username=name) for name in pupils))
        nights.run(rows)
        turned = [f"q{number}" for number in range(12)]
        came = rows.minus(USERS, *pupils).plus(
            USERS, *(user(name, username=name[1:] + "x") for name in turned)
        )
        night = nights.run(came, mode=UPDATE)
        assert "q0" in {row["sourced_id"] for row in night.proposed[USERS]}
        nights.exceptions = (leave_out(USERS, "q0"),)
        night = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
        assert {"q1", "q11"} <= set(states(night, USERS))
        assert "q0" not in states(night, USERS)
        assert "q0" not in {row["sourced_id"] for row in night.proposed[USERS]}


def test_the_ids_of_tests_are_those_of_the_group() -> None:
    assert keep(USERS, "ann").exception_id == f"users-sourcedId-{own_id(USERS, 'ann')}"
    assert GROUP == "group-1"
