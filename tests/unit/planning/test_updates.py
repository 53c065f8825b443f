"""Runs that delete: which records are deleted, ended, held or kept, and which return."""

from collections.abc import Iterable
from datetime import date

import pytest

from shared.domain.group.hold import Decision
from shared.domain.group.scope import Scope
from shared.domain.run.run import Mode
from tests.fakes.simulation import config
from tests.unit.planning.nights import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
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
    small,
    user,
)

UPDATE = Mode.UPDATE
SCHOOLS = ("north", "south")
# An empty collection proves nothing, so one class is always there.
STAYING = (CLASSES, class_("stays"))


def district(pupils: int = 50, per_class: int = 10) -> Rows:
    """Two schools with equally many pupils, each pupil in one class."""
    rows = Rows(
        {
            ORGS: [org("district", type="district")],
            SESSIONS: [session("year", type="schoolYear")],
            COURSES: [],
            CLASSES: [],
            USERS: [],
            ENROLLMENTS: [],
        }
    )
    for school in SCHOOLS:
        rows[ORGS].append(org(school, parent="district"))
        for number in range(pupils):
            name, room = f"{school}-{number}", f"{school}-room-{number // per_class}"
            if number % per_class == 0:
                rows[CLASSES].append(class_(room, school, terms=["year"]))
            rows[USERS].append(
                user(name, role("student", school), username=name, given_name=f"Given {name}")
            )
            rows[ENROLLMENTS].append(enrollment(f"e-{name}", room, name))
    return rows


def without(rows: Rows, pupils: Iterable[str]) -> Rows:
    gone = set(pupils)
    left = rows.minus(USERS, *gone)
    return Rows(left | {ENROLLMENTS: [row for row in left[ENROLLMENTS] if row["user"] not in gone]})


def numbers(night: Night, entity: str = "users") -> tuple[int, int, int]:
    """How many records are deleted, ended and held."""
    counts = night.outcome.counts[entity]
    return counts.deleted, counts.ended, counts.held


def test_a_missing_record_stays_on_sync_and_is_deleted_on_update(nights: Nights) -> None:
    nights.run(small())
    left = without(small(), ["ann"])
    stays = nights.run(left)
    assert (stays.changes, stays.notices) == ([], ["pending_deletions"])
    goes = nights.run(left, mode=UPDATE)
    assert goes.did() == {("users", "delete", "ann"), ("enrollments", "delete", "e-ann")}
    assert (numbers(goes), numbers(goes, "enrollments")) == ((1, 0, 0), (1, 0, 0))
    assert goes.row(USERS, "ann")["since"] == nights.now.isoformat()
    login = goes.change(USERS, "ann").login
    assert login is not None
    assert (login.take, login.release) == (None, ("ann",))
    again = nights.run(left, mode=UPDATE)
    assert (again.changes, again.outcome.counts["users"].unchanged) == ([], 1)


def test_a_returning_user_is_the_same_record(nights: Nights) -> None:
    nights.run(small())
    nights.run(without(small(), ["ann"]), mode=UPDATE)
    night = nights.run(small(), mode=UPDATE, days=100)
    assert night.did() == {("users", "restore", "ann"), ("enrollments", "restore", "e-ann")}
    assert night.outcome.counts["users"].restored == 1
    assert night.id(USERS, "ann") == own_id(USERS, "ann")
    login = night.change(USERS, "ann").login
    assert login is not None
    assert login.take == "ann"
    assert set(night.states(USERS).values()) == {"current"}


def test_after_its_grace_a_record_is_forgotten(nights: Nights) -> None:
    nights.run(small())
    left = without(small(), ["ann"])
    nights.run(left, mode=UPDATE)
    assert "ann" in nights.run(left, mode=UPDATE, days=120).states(USERS)
    night = nights.run(left, mode=UPDATE)
    assert (night.changes, "ann" in night.states(USERS)) == ([], False)
    assert ("users", "create", "ann") in nights.run(small()).did()


def test_an_interrupted_deletion_is_carried_out_by_any_run(nights: Nights) -> None:
    nights.run(small())
    left = without(small(), ["ann"])
    nights.run(left, mode=UPDATE, stops=True)
    night = nights.run(left)
    assert ("users", "delete", "ann") in night.did()
    login = night.change(USERS, "ann").login
    assert login is not None
    assert "ann" in login.release


def test_an_interrupted_deletion_is_undone_if_the_record_returns(nights: Nights) -> None:
    nights.run(small())
    nights.run(without(small(), ["ann"]), mode=UPDATE, stops=True)
    night = nights.run(small())
    assert ("users", "restore", "ann") in night.did()


@pytest.mark.parametrize(("end", "ended"), [("2026-09-17", True), ("2026-09-18", False)])
def test_a_class_whose_terms_are_over_is_closed_and_not_deleted(
    nights: Nights, end: str, ended: bool
) -> None:
    rows = small().but(SESSIONS, "term", end_date=end).plus(*STAYING)
    rows = rows.plus(ENROLLMENTS, enrollment("e-stays", "stays", "ann"))
    nights.run(rows)
    left = rows.minus(CLASSES, "class").minus(ENROLLMENTS, "e-ann", "e-tom")
    night = nights.run(left, mode=UPDATE)
    assert nights.today == date(2026, 9, 3)
    action = "end" if ended else "delete"
    assert night.did() == {
        ("classes", action, "class"),
        ("enrollments", action, "e-ann"),
        ("enrollments", action, "e-tom"),
    }


def test_an_ended_class_can_be_read_for_60_days(nights: Nights) -> None:
    rows = small().but(SESSIONS, "term", end_date="2026-09-01").plus(*STAYING)
    rows = rows.plus(ENROLLMENTS, enrollment("e-stays", "stays", "ann"))
    nights.run(rows)
    left = rows.minus(CLASSES, "class").minus(ENROLLMENTS, "e-ann", "e-tom")
    nights.run(left, mode=UPDATE)
    assert nights.run(left, mode=UPDATE, days=60).states(CLASSES) == {
        "class": "ended gone",
        "stays": "current",
    }
    night = nights.run(left, mode=UPDATE)
    assert (night.states(CLASSES), night.changes) == ({"stays": "current"}, [])


def test_sessions_and_courses_leave_after_the_last_class_that_uses_them(nights: Nights) -> None:
    nights.run(small())
    # The classes are not delivered: nothing of this delivery names the term or the course.
    left = small().minus(SESSIONS, "term").minus(COURSES, "course")
    left = Rows({c: rows for c, rows in left.items() if c in (ORGS, SESSIONS)})
    night = nights.run(left.plus(COURSES, course("other")), mode=UPDATE)
    assert night.did() == {("courses", "create", "other")}
    assert night.states(SESSIONS)["term"] == "pending gone"
    left = small().minus(CLASSES, "class").minus(ENROLLMENTS, "e-ann", "e-tom")
    left = Rows(left.minus(SESSIONS, "term") | {CLASSES: [class_("new")]})
    night = nights.run(left, mode=UPDATE)
    assert ("classes", "delete", "class") in night.did()
    assert ("academicSessions", "delete", "term") in night.did()


@pytest.mark.parametrize(("gone", "held"), [(9, 0), (10, 0), (11, 11)])
def test_more_than_a_tenth_is_held(nights: Nights, gone: int, held: int) -> None:
    rows = district(50)
    nights.run(rows)
    left = without(rows, [f"{SCHOOLS[n % 2]}-{n}" for n in range(gone)])
    night = nights.run(left, mode=UPDATE)
    assert numbers(night) == (gone - held, 0, held)
    assert numbers(night, "enrollments") == (gone - held, 0, held)
    assert (night.outcome.hold is not None) == bool(held)


def test_a_school_that_is_missing_for_one_night_is_held_and_returns(nights: Nights) -> None:
    rows = district(50)
    big = rows.plus(USERS, *(user(f"more-{n}", role("student", "north")) for n in range(500)))
    nights.run(big)
    night = nights.run(without(big, [f"south-{n}" for n in range(50)]), mode=UPDATE)
    assert numbers(night) == (0, 0, 50)
    hold = night.outcome.hold
    assert hold is not None
    assert {r["rule"] for r in hold.by_rule} == {"too_many_in_school", "with_held"}
    back = nights.run(big, mode=UPDATE)
    assert (back.outcome.hold, back.changes) == (None, [])


def test_exactly_what_is_approved_is_deleted(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    left = without(rows, [f"south-{n}" for n in range(20)])
    held = nights.run(left, mode=UPDATE).outcome.hold
    # One of them returns, which changes the digest of the hold.
    back = nights.run(without(rows, [f"south-{n}" for n in range(1, 20)]), mode=UPDATE)
    hold = back.outcome.hold
    assert held is not None
    assert hold is not None
    assert (hold.digest != held.digest, numbers(back)) == (True, (0, 0, 19))
    night = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
    assert (numbers(night), night.outcome.hold) == ((19, 0, 0), None)
    assert numbers(night, "enrollments") == (19, 0, 0)
    assert night.states(USERS)["south-0"] == "current"


def test_a_kept_record_is_not_proposed_again_until_it_has_returned(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    left = without(rows, [f"south-{n}" for n in range(20)])
    nights.run(left, mode=UPDATE)
    kept = nights.run(Rows(), mode=UPDATE, decision=Decision.REJECT)
    assert (numbers(kept), kept.outcome.hold) == ((0, 0, 0), None)
    for _ in range(3):
        night = nights.run(left, mode=UPDATE)
        assert (numbers(night), night.outcome.hold, night.changes) == ((0, 0, 0), None, [])
    nights.run(rows, mode=UPDATE)
    assert numbers(nights.run(left, mode=UPDATE)) == (0, 0, 20)


def test_a_narrower_scope_deletes_nobody_unasked(nights: Nights) -> None:
    nights.run(district(20))
    nights.config = config(scope=Scope(schools=("district", "north")))
    night = nights.run(district(20), mode=UPDATE)
    assert (numbers(night), numbers(night, "classes")) == ((0, 0, 20), (0, 0, 2))
    hold = night.outcome.hold
    assert hold is not None
    assert {r["rule"] for r in hold.by_rule} == {"out_of_scope", "with_held"}


def test_a_partner_is_never_deleted_unasked_or_while_it_is_used(nights: Nights) -> None:
    rows = small().plus(ORGS, org("empty", parent="district"))
    nights.run(rows)
    # Only the orgs are delivered: nothing of this delivery names the school.
    left = Rows({ORGS: rows.minus(ORGS, "empty", "school")[ORGS]})
    night = nights.run(left, mode=UPDATE)
    assert numbers(night, "partners") == (0, 0, 2)
    night = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
    assert night.did() == {("partners", "delete", "empty")}
    assert night.notices == ["partners_in_use"]


def test_a_pupil_who_changes_classes_has_moved(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    # More than half of a class moves to the next one.
    moved = [
        row | {"class": "north-room-1", "sourced_id": f"new-{row['sourced_id']}"}
        if row["user"] in {f"north-{n}" for n in range(6)}
        else row
        for row in rows[ENROLLMENTS]
    ]
    night = nights.run(Rows(rows | {ENROLLMENTS: moved}), mode=UPDATE)
    counts = night.outcome.counts["enrollments"]
    assert (counts.deleted, counts.created, counts.held) == (6, 6, 0)


@pytest.mark.parametrize(("gone", "held"), [(5, 0), (6, 6)])
def test_more_than_half_of_a_class_is_held(nights: Nights, gone: int, held: int) -> None:
    rows = district(50)
    nights.run(rows)
    left = rows.minus(ENROLLMENTS, *(f"e-north-{n}" for n in range(gone)))
    night = nights.run(left, mode=UPDATE)
    assert numbers(night, "enrollments") == (gone - held, 0, held)


def shifted(rows: Rows, school: str, column: str) -> Rows:
    """Shift one column of a school's pupils by a row, as happens in a spreadsheet."""
    there = [row for row in rows[USERS] if row["roles"][0]["org"] == school]
    values = [row[column] for row in there]
    moved = dict(zip([r["sourced_id"] for r in there], values[1:] + values[:1], strict=True))
    users = [row | {column: moved.get(row["sourced_id"], row[column])} for row in rows[USERS]]
    return Rows(rows | {USERS: users})


@pytest.mark.parametrize("mode", [Mode.SYNC, Mode.UPDATE])
def test_children_do_not_get_each_others_names(nights: Nights, mode: Mode) -> None:
    rows = district(50)
    nights.run(rows)
    bad = shifted(rows, "south", "given_name").but(USERS, "north-1", given_name="Renamed")
    night = nights.run(bad, mode=mode)
    assert (numbers(night), night.outcome.counts["users"].updated) == ((0, 0, 50), 1)
    assert night.row(USERS, "south-1")["given_name"] == "Given south-1"
    # With more pupils the share is smaller, but the names are still wrong.
    many = [user(f"more-{n}", role("student", "south")) for n in range(2000)]
    assert numbers(nights.run(bad.plus(USERS, *many), mode=mode)) == (0, 0, 50)
    # If rejected, it is not proposed again unchanged; if approved, it is applied.
    nights.run(Rows(), mode=UPDATE, decision=Decision.REJECT)
    night = nights.run(bad.plus(USERS, *many), mode=mode)
    assert (night.outcome.hold, night.changes) == (None, [])


def test_identities_that_a_person_approves_are_applied_at_once(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    bad = shifted(rows, "south", "given_name")
    nights.run(bad, mode=UPDATE)
    night = nights.run(Rows(), mode=UPDATE, decision=Decision.APPROVE)
    assert (night.outcome.hold, night.outcome.counts["users"].updated) == (None, 50)
    assert night.row(USERS, "south-1")["given_name"] == "Given south-2"
    night = nights.run(bad, mode=UPDATE)
    assert (night.outcome.hold, night.changes) == (None, [])


def test_a_source_that_renumbers_everybody_changes_nothing_unasked(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    renamed = Rows(
        rows
        | {
            USERS: [row | {"sourced_id": f"n-{row['sourced_id']}"} for row in rows[USERS]],
            ENROLLMENTS: [row | {"user": f"n-{row['user']}"} for row in rows[ENROLLMENTS]],
        }
    )
    night = nights.run(renamed, mode=UPDATE)
    assert (night.changes, numbers(night)) == ([], (0, 0, 100))
    assert "rekeyed" in night.notices
    assert any("matchWith to username" in n.message for n in night.outcome.notices)
    assert [f for f in night.findings if f["severity"] == "error"] == []


def test_held_records_stay_held_whatever_the_numbers_become(nights: Nights) -> None:
    rows = district(50)
    nights.run(rows)
    left = without(rows, [f"south-{n}" for n in range(11)])
    assert numbers(nights.run(left, mode=UPDATE)) == (0, 0, 11)
    # With so many new pupils the eleven are less than a tenth, but are still held.
    more = left.plus(USERS, *(user(f"new-{n}", role("student", "north")) for n in range(60)))
    nights.run(more)
    night = nights.run(more, mode=UPDATE)
    assert (numbers(night), numbers(night, "enrollments")) == ((0, 0, 11), (0, 0, 11))
    # They count together with the newly missing ones.
    night = nights.run(without(more, [f"north-{n}" for n in range(6)]), mode=UPDATE)
    assert numbers(night) == (0, 0, 17)
