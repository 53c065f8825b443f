"""What the guard judges in small places, and what waits with a partner that is gone."""

from shared.domain.group.hold import Decision
from shared.domain.run.run import Mode
from tests.unit.planning.nights import CLASSES, ENROLLMENTS, ORGS, SESSIONS, USERS, Nights, Rows
from tests.unit.planning.test_updates import district, numbers, without

PUPILS = [f"south-{n}" for n in range(9)]


def test_most_of_a_school_of_nine_waits_and_one_leaver_does_not(nights: Nights) -> None:
    rows = district(9)
    nights.run(rows)
    night = nights.run(without(rows, PUPILS[:1]), mode=Mode.UPDATE)
    assert numbers(night) == (1, 0, 0)
    night = nights.run(without(rows, PUPILS[:6]), mode=Mode.UPDATE)
    assert numbers(night) == (0, 0, 5)


def test_a_partner_that_is_gone_keeps_its_classes_users_and_enrollments(nights: Nights) -> None:
    rows = district(9)
    nights.run(rows)
    left = without(rows, PUPILS).minus(ORGS, "south")
    left = Rows(left | {CLASSES: [row for row in left[CLASSES] if row["school"] != "south"]})
    night = nights.run(left, mode=Mode.UPDATE)
    assert night.changes == []
    assert {row["hold"] for row in night.held[ORGS] if row["sourced_id"] == "south"} == {
        "partner_gone"
    }
    for collection in (CLASSES, USERS, ENROLLMENTS):
        held = {row["hold"] for row in night.held[collection] if row["state"] == "pending"}
        assert held == {"with_held"}
    night = nights.run(Rows(), mode=Mode.UPDATE, decision=Decision.APPROVE)
    assert numbers(night) == (9, 0, 0)
    assert numbers(night, "partners") == (1, 0, 0)


def test_an_end_that_came_in_the_same_night_is_not_believed(nights: Nights) -> None:
    rows = district(9)
    nights.run(rows)
    left = Rows(rows.but(SESSIONS, "year", end_date="2026-08-20") | {CLASSES: [], ENROLLMENTS: []})
    left = left.plus(CLASSES, *[row for row in rows[CLASSES] if row["school"] == "north"])
    night = nights.run(left, mode=Mode.UPDATE)
    assert numbers(night, "classes")[1] == 0
