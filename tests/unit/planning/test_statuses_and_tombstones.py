"""What a status says, which record a tombstone names, and which dates are none."""

import pytest

from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.run.run import Mode
from tests.unit.planning.nights import (
    CLASSES,
    ENROLLMENTS,
    SESSIONS,
    USERS,
    Night,
    Nights,
    Row,
    Rows,
    enrollment,
    small,
    user,
)

GONE = {"status": "tobedeleted"}
TWO_TERMS = (
    enrollment("e-fall", "class", "ann"),
    enrollment("e-spring", "class", "ann", begin_date="2027-01-11"),
    enrollment("e-proctor", "class", "ann", role="proctor"),
)


def roster() -> Rows:
    return small().minus(ENROLLMENTS, "e-ann").plus(ENROLLMENTS, *TWO_TERMS)


def delta(nights: Nights, *rows: Row) -> Night:
    said = {ENROLLMENTS: CollectionStatus.DELTA}
    return nights.run(Rows({ENROLLMENTS: list(rows)}), statuses=said)


def pending(night: Night, collection: Collection) -> set[str]:
    return {row["sourced_id"] for row in night.held[collection] if row["state"] == "pending"}


@pytest.mark.parametrize("sourced_id", ["e-fall", "e-spring", "e-proctor"])
def test_a_tombstone_with_a_known_id_names_that_enrollment_alone(
    nights: Nights, sourced_id: str
) -> None:
    nights.run(roster())
    night = delta(nights, enrollment(sourced_id, "class", "ann", **GONE))
    assert pending(night, ENROLLMENTS) == {sourced_id}


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({}, "e-fall"),
        ({"begin_date": "2027-01-11T00:00:00Z"}, "e-spring"),
        ({"role": " Proctor "}, "e-proctor"),
        ({"role": "proctor", "begin_date": None}, "e-proctor"),
        ({"begin_date": "2025-08-17"}, None),
        ({"role": "teacher"}, None),
    ],
)
def test_a_tombstone_with_an_unknown_id_names_the_whole_membership(
    nights: Nights, said: Row, named: str | None
) -> None:
    nights.run(roster())
    night = delta(nights, enrollment("other", "class", "ann", **GONE) | said)
    assert pending(night, ENROLLMENTS) == ({named} if named else set())
    assert night.told() == []


@pytest.mark.parametrize("said", [{"begin_date": None}, {"role": None, "begin_date": None}])
def test_a_tombstone_that_fits_several_names_none(nights: Nights, said: Row) -> None:
    nights.run(roster())
    night = delta(nights, enrollment("other", "class", "ann", **GONE) | said)
    assert pending(night, ENROLLMENTS) == set()
    told = [("enrollments", "tombstone_unclear", "1", "sourcedId", "not loaded")]
    assert night.told() == told


@pytest.mark.parametrize("collection", Collection)
def test_a_status_that_is_none_is_an_error_and_no_departure(
    nights: Nights, collection: Collection
) -> None:
    nights.run(small())
    wanted = small()[collection][-1]["sourced_id"]
    night = nights.run(small().but(collection, wanted, status="withdrawn"), mode=Mode.UPDATE)
    found = {(f["entity"], f["code"], f["field"], f["consequence"]) for f in night.findings}
    assert (collection.value, "unknown_status", "status", "kept as before") in found
    assert night.row(collection, wanted)["state"] == "stale"


@pytest.mark.parametrize("status", ["inactive", " Inactive ", "tobedeleted", "ToBeDeleted"])
@pytest.mark.parametrize("collection", Collection)
def test_inactive_is_gone_for_all_but_users(
    nights: Nights, collection: Collection, status: str
) -> None:
    nights.run(small())
    wanted = small()[collection][-1]["sourced_id"]
    night = nights.run(small().but(collection, wanted, status=status))
    disabled = collection is USERS and status.strip().casefold() == "inactive"
    row = night.row(collection, wanted)
    assert row["state"] == ("current" if disabled else "pending")
    if disabled:
        assert row["enabled"] is False


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-30", "1900-01-01", "9999-12-31"])
@pytest.mark.parametrize("name", ["begin_date", "end_date"])
def test_a_date_that_stands_for_none_is_none(nights: Nights, day: str, name: str) -> None:
    night = nights.run(small().but(ENROLLMENTS, "e-ann", **{name: day}))
    assert night.row(ENROLLMENTS, "e-ann")[name] is None
    field = "beginDate" if name == "begin_date" else "endDate"
    assert night.told() == [("enrollments", "no_date", "1", field, "loaded without the value")]


def test_an_end_before_its_begin_is_none(nights: Nights) -> None:
    roles = [{"role": "student", "org": "school", "begin_date": "2026-08-17"}]
    roles[0]["end_date"] = "2026-06-12"
    rows = small().but(ENROLLMENTS, "e-ann", end_date="2026-06-12").but(USERS, "ann", roles=roles)
    night = nights.run(rows)
    assert night.row(ENROLLMENTS, "e-ann")["end_date"] is None
    assert night.row(USERS, "ann")["roles"][0]["end_date"] is None
    assert {code for _, code, *_ in night.told()} == {"end_before_begin"}


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ({"end_date": "2026-01-31"}, "end_before_begin"),
        ({"end_date": "0001-01-01"}, "no_date"),
        ({"start_date": "9999-12-31"}, "no_date"),
    ],
)
def test_a_session_keeps_its_dates_and_its_classes_their_term(
    nights: Nights, days: Row, code: str
) -> None:
    nights.run(small())
    before = nights.run(small()).row(SESSIONS, "term")
    night = nights.run(small().but(SESSIONS, "term", **days))
    row = night.row(SESSIONS, "term")
    assert (row["start_date"], row["end_date"]) == (before["start_date"], before["end_date"])
    assert night.row(CLASSES, "class")["term_ids"] == [row["id"]]
    assert [(told[1], told[4]) for told in night.told()] == [(code, "kept as before")]


def test_a_user_of_the_scope_who_is_inactive_is_out_of_it(nights: Nights) -> None:
    scope = nights.config.scope.model_copy(update={"statuses": ("active",)})
    nights.config = nights.config.model_copy(update={"scope": scope})
    nights.run(small().plus(USERS, user("ben")))
    night = nights.run(small().plus(USERS, user("ben", status="inactive")))
    assert (night.row(USERS, "ben")["state"], night.row(USERS, "ben")["why"]) == (
        "pending", "outside",
    )  # fmt: skip
