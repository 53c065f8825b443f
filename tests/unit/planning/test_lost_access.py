"""Who would be without access tomorrow waits, by whichever door and over however many nights."""

from collections.abc import Callable

import pytest

from shared.domain.group.guard import HoldRule
from shared.domain.group.hold import Decision
from shared.domain.run.run import Mode
from tests.unit.planning.nights import CLASSES, ENROLLMENTS, USERS, Nights, Row, Rows, role, user
from tests.unit.planning.test_updates import district, numbers, without

UPDATE = Mode.UPDATE
NORTH = tuple(f"north-{number}" for number in range(50))

DOORS: dict[str, Callable[[Row], Row]] = {
    "disabled": lambda row: row | {"enabled_user": "false"},
    "inactive": lambda row: row | {"status": "inactive"},
    "no username": lambda row: row | {"username": None},
    "a placeholder": lambda row: row | {"username": "N/A"},
    "staff instead of a pupil": lambda row: row | {"roles": [role("teacher", "north")]},
    "no school": lambda row: row | {"roles": [role("student", None)]},
}


def through(rows: Rows, door: str, pupils: tuple[str, ...]) -> Rows:
    """These pupils lose access by this door."""
    users = [DOORS[door](row) if row["sourced_id"] in pupils else row for row in rows[USERS]]
    return Rows(rows | {USERS: users})


def _waiting(night: object, nights: Nights) -> set[str | None]:
    return {row["hold"] for row in night.held[USERS]} - {None}  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", [Mode.SYNC, UPDATE])
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("pupils", "waits"), [(10, False), (14, True)])
def test_a_school_whose_pupils_lose_access_waits(
    nights: Nights, door: str, mode: Mode, pupils: int, waits: bool
) -> None:
    rows = district(50)
    nights.run(rows)
    before = dict(nights.roster)
    night = nights.run(through(rows, door, NORTH[:pupils]), mode=mode)
    counts = night.outcome.counts["users"]
    assert (counts.updated, counts.held) == ((0, pupils) if waits else (pupils, 0))
    if waits:
        assert nights.roster == before
        assert _waiting(night, nights) == {HoldRule.ACCESS_LOST}
        approved = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
        assert approved.outcome.counts["users"].updated == pupils
        again = nights.run(through(rows, door, NORTH[:pupils]), mode=mode)
        assert (again.changes, again.outcome.hold) == ([], None)


def test_all_doors_count_together(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    left = without(rows, NORTH[:5])
    for door, pupils in zip(("disabled", "no username"), (NORTH[5:10], NORTH[10:14]), strict=True):
        left = through(left, door, pupils)
    night = nights.run(left, mode=UPDATE)
    assert (night.outcome.counts["users"].updated, numbers(night)) == (0, (0, 0, 14))
    assert _waiting(night, nights) == {HoldRule.TOO_MANY_DELETED, HoldRule.ACCESS_LOST}


@pytest.mark.parametrize("door", ["deleted", "disabled", "no username"])
def test_what_left_in_the_last_seven_days_counts_too(nights: Nights, door: str) -> None:
    rows = district(50)

    def night(number: int) -> Rows:
        gone = tuple(f"{school}-{n}" for school in ("north", "south") for n in range(2 * number))
        return without(rows, gone) if door == "deleted" else through(rows, door, gone)

    nights.run(rows)
    # Four of a hundred a night: on the third one it would be twelve in a week.
    for number in (1, 2):
        assert nights.run(night(number), mode=UPDATE).outcome.hold is None
    third = nights.run(night(3), mode=UPDATE)
    assert numbers(third)[2] == 4
    assert nights.run(night(2), mode=UPDATE).outcome.hold is None
    assert nights.run(night(3), mode=UPDATE, days=8).outcome.hold is None


def test_what_a_person_approved_does_not_count_again(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    left = without(rows, NORTH[:14])
    assert numbers(nights.run(left, mode=UPDATE)) == (0, 0, 14)
    nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
    later = nights.run(without(rows, NORTH[:16]), mode=UPDATE)
    assert numbers(later) == (2, 0, 0)


def test_who_is_back_does_not_count(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    for pupils in (NORTH[:8], NORTH[8:16], NORTH[16:24]):
        assert nights.run(without(rows, pupils), mode=UPDATE).outcome.hold is None


@pytest.mark.parametrize(("days", "waits"), [(0, True), (6, True), (30, False)])
def test_memberships_that_end_in_the_next_days_count(
    nights: Nights, days: int, waits: bool
) -> None:
    rows = district(50)
    nights.run(rows)
    end = f"2026-09-{2 + days:02}" if days < 28 else "2026-10-15"
    ended = [row | {"end_date": end} for row in rows[ENROLLMENTS]]
    night = nights.run(Rows(rows | {ENROLLMENTS: ended}), mode=UPDATE)
    counts = night.outcome.counts["enrollments"]
    assert (counts.updated, counts.held) == ((0, 100) if waits else (100, 0))


def test_the_memberships_of_one_class_that_end_wait(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    ended = [
        row | {"end_date": "2026-09-01"} if row["class"] == "north-room-0" else row
        for row in rows[ENROLLMENTS]
    ]
    night = nights.run(Rows(rows | {ENROLLMENTS: ended}), mode=UPDATE)
    counts = night.outcome.counts["enrollments"]
    assert (counts.updated, counts.held) == (0, 10)


def _shifted(rows: Rows, by: int) -> Rows:
    """The column of the classes slips by ``by`` rows."""
    there = [row["class"] for row in rows[ENROLLMENTS]]
    moved = there[by:] + there[:by]
    slipped = [row | {"class": room} for row, room in zip(rows[ENROLLMENTS], moved, strict=True)]
    return Rows(rows | {ENROLLMENTS: slipped})


def test_a_roster_that_moves_waits_with_its_new_memberships(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    before = dict(nights.roster)
    night = nights.run(_shifted(rows, 5), mode=UPDATE)
    counts = night.outcome.counts["enrollments"]
    assert (counts.deleted, counts.created, counts.held, counts.held_new) == (0, 0, 50, 50)
    assert nights.roster.keys() >= before.keys()
    held = {row["hold"] for row in night.held[ENROLLMENTS]}
    assert HoldRule.ROSTER_MOVED in held
    back = nights.run(rows, mode=UPDATE)
    assert back.outcome.hold is None


def test_an_approved_move_moves_everybody(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    nights.run(_shifted(rows, 5), mode=UPDATE)
    approved = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
    assert approved.outcome.hold is None
    after = nights.run(_shifted(rows, 5), mode=UPDATE)
    assert (after.changes, after.outcome.hold) == ([], None)


def test_new_classes_are_no_move_among_classes(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    renamed = [
        row | {"class": f"new {row['class']}", "sourced_id": f"n-{row['sourced_id']}"}
        for row in rows[ENROLLMENTS]
    ]
    classes = [
        *rows[CLASSES],
        *(r | {"sourced_id": f"new {r['sourced_id']}"} for r in rows[CLASSES]),
    ]
    night = nights.run(Rows(rows | {CLASSES: classes, ENROLLMENTS: renamed}), mode=UPDATE)
    assert night.outcome.hold is None


def test_one_who_joins_is_no_loss(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    more = rows.plus(USERS, *(user(f"new-{n}", role("student", "north")) for n in range(30)))
    assert nights.run(more, mode=UPDATE).outcome.hold is None
