"""One delivery that contradicts itself: what it lacks and names at once is not gone."""

import pytest

from shared.domain.roster.collection import Collection
from shared.domain.run.run import Mode
from tests.unit.planning.nights import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
    ORGS,
    SESSIONS,
    USERS,
    Nights,
    Rows,
    class_,
    course,
    enrollment,
    small,
    user,
)

PUPILS = [f"pupil-{number}" for number in range(100)]


def school_of_a_hundred() -> Rows:
    pupils = [user(pupil) for pupil in PUPILS]
    return small().plus(USERS, *pupils).plus(
        ENROLLMENTS, *(enrollment(f"e-{pupil}", "class", pupil) for pupil in PUPILS)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("collection", "absent", "found"),
    [
        (USERS, "ann", "enrollments: 1"),
        (CLASSES, "class", "enrollments: 2"),
        (COURSES, "course", "classes: 1"),
        (SESSIONS, "year", "courses: 1"),
        (SESSIONS, "term", "classes: 1"),
        (ORGS, "school", "classes: 2, courses: 1, users: 2"),
    ],
)
def test_what_other_rows_name_stays_and_is_reported(
    nights: Nights, collection: Collection, absent: str, found: str
) -> None:
    # An empty collection would prove nothing anyway.
    rows = small().plus(CLASSES, class_("other")).plus(COURSES, course("other", org="school"))
    nights.run(rows)
    night = nights.run(rows.minus(collection, absent), mode=Mode.UPDATE)
    assert night.row(collection, absent)["state"] == "current"
    assert not [change for change in night.changes if change.action == "delete"]
    assert night.row(ENROLLMENTS, "e-ann")["state"] == "current"
    [finding] = [each for each in night.findings if each["code"] == "contradicted"]
    assert (finding["sourcedId"], finding["found"]) == (absent, found)
    assert finding["consequence"] == "kept as before"
    assert "contradicted" in [notice.code for notice in night.outcome.notices]


def test_what_nothing_names_is_gone_beside_it(nights: Nights) -> None:
    rows = school_of_a_hundred()
    nights.run(rows)
    left = rows.minus(USERS, *PUPILS[:5]).minus(ENROLLMENTS, *(f"e-{p}" for p in PUPILS[1:5]))
    night = nights.run(left)
    states = {row["sourced_id"]: row["state"] for row in night.held[USERS]}
    assert [states[pupil] for pupil in PUPILS[:6]] == ["current", *["pending"] * 4, "current"]


def test_many_of_them_show_that_the_collection_is_not_complete(nights: Nights) -> None:
    rows = school_of_a_hundred()
    nights.run(rows)
    left = rows.minus(USERS, *PUPILS[:8]).minus(ENROLLMENTS, *(f"e-{p}" for p in PUPILS[6:8]))
    night = nights.run(left, mode=Mode.UPDATE)
    assert {row["state"] for row in night.held[USERS]} == {"current"}
    [notice] = [each for each in night.outcome.notices if each.code == "contradicted"]
    assert "6 of the 8 missing users" in notice.message
    assert "nothing of them counts as gone" in notice.message


def test_an_explicit_deletion_is_believed(nights: Nights) -> None:
    nights.run(small())
    night = nights.run(small().but(USERS, "ann", status="tobedeleted"))
    assert night.row(USERS, "ann")["state"] == "pending"
    assert "contradicted" not in {told[1] for told in night.told()}


def test_who_was_seen_gone_and_is_named_again_is_here(nights: Nights) -> None:
    nights.run(small())
    night = nights.run(small().minus(USERS, "ann").minus(ENROLLMENTS, "e-ann"))
    assert night.row(USERS, "ann")["state"] == "pending"
    night = nights.run(small().minus(USERS, "ann"))
    assert night.row(USERS, "ann")["state"] == "current"
