"""How staged rows are read: what is normalised, what is repaired, what rejects the row."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import MESSAGES, Repairs
from shared.domain.roster.masked_values import shape_of
from shared.domain.roster.records import MAX_SOURCED_ID, MAX_TEXT, RECORD_MODELS
from shared.domain.roster.staged_rows import STAGED_COLUMNS
from shared.planning.columns import PARSED_COLUMNS

ROW: dict[Collection, dict[str, Any]] = {
    Collection.ORGS: {"name": "O"},
    Collection.ACADEMIC_SESSIONS: {
        "title": "S", "start_date": "2026-01-01", "end_date": "2026-12-31",
    },
    Collection.COURSES: {"title": "K"},
    Collection.CLASSES: {"title": "C", "school": "o"},
    Collection.USERS: {"given_name": "G", "roles": [{"role": "student"}]},
    Collection.ENROLLMENTS: {"class": "c", "user": "u", "role": "student"},
}  # fmt: skip


def _read(collection: Collection, **values: Any) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    """The columns read, and the repairs: code, field, what was found."""
    empty = dict.fromkeys(STAGED_COLUMNS[collection])
    row = empty | {"row": 7, "sourced_id": "id"} | ROW[collection] | values
    repairs = Repairs(collection)
    record = TypeAdapter(RECORD_MODELS[collection]).validate_python(row, context=repairs)
    assert all(found[:2] == (7, record.model_dump()["sourced_id"] or "") for found in repairs.found)
    return record.model_dump(by_alias=True), [found[2:] for found in repairs.found]


def _value(collection: Collection, name: str, value: Any) -> Any:
    read, repairs = _read(collection, **{name: value})
    assert repairs == []
    return read[name]


def _refusal(collection: Collection, **values: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        _read(collection, **values)
    [problem] = caught.value.errors()
    assert problem["type"] in MESSAGES
    return problem["type"], str((problem["loc"] or ("",))[-1])


@pytest.mark.parametrize("collection", list(Collection))
def test_a_record_has_the_columns_of_a_snapshot(collection: Collection) -> None:
    read, repairs = _read(collection)
    assert set(read) == set(PARSED_COLUMNS[collection]) | {"row", "sourced_id"}
    assert repairs == []


@pytest.mark.parametrize("collection", [c for c in Collection if c is not Collection.ENROLLMENTS])
def test_a_sourced_id_is_required_whole_and_clean(collection: Collection) -> None:
    assert _read(collection, sourced_id="  {a/b} é ")[0]["sourced_id"] == "{a/b} é"
    for value, code in (
        (None, "missing_sourced_id"),
        (" \t", "missing_sourced_id"),
        ("x" * (MAX_SOURCED_ID + 1), "too_long"),
        ("a\x1fb", "bad_characters"),
        ("a\x7fb", "bad_characters"),
    ):
        assert _refusal(collection, sourced_id=value) == (code, "sourced_id")


def test_an_enrollment_needs_no_sourced_id() -> None:
    for value, read in ((None, None), (" ", None), ("e" * 300, "e" * 255)):
        assert _read(Collection.ENROLLMENTS, sourced_id=value)[0]["sourced_id"] == read


@pytest.mark.parametrize(
    ("collection", "name"),
    [
        (Collection.ORGS, "name"),
        (Collection.ACADEMIC_SESSIONS, "title"),
        (Collection.ACADEMIC_SESSIONS, "start_date"),
        (Collection.COURSES, "title"),
        (Collection.CLASSES, "school"),
        (Collection.ENROLLMENTS, "class"),
        (Collection.ENROLLMENTS, "user"),
        (Collection.ENROLLMENTS, "role"),
    ],
)
def test_a_required_value_rejects_the_row_when_missing(collection: Collection, name: str) -> None:
    for value in (None, "", "\xa0 "):
        assert _refusal(collection, **{name: value}) == ("missing_value", name)


def test_texts_are_stripped_and_too_long_ones_given_up() -> None:
    assert _value(Collection.ORGS, "identifier", "  4711\n") == "4711"
    assert _value(Collection.ORGS, "identifier", " ") is None
    assert _refusal(Collection.ORGS, name="x" * (MAX_TEXT + 1)) == ("too_long", "name")
    read, repairs = _read(Collection.USERS, middle_name="x" * (MAX_TEXT + 1))
    assert (read["middle_name"], repairs) == (
        None, [("too_long", "middle_name", "1,001 characters")],
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-17",
        " 2026-08-17 ",
        "2026-08-17T23:30:00.000Z",
        "2026-08-17 01:00:00+14:00",
        "2026-08-17 01:00",
    ],
)
def test_a_date_is_the_day_as_written_whatever_the_zone(text: str) -> None:
    assert _value(Collection.ENROLLMENTS, "begin_date", text) == "2026-08-17"


@pytest.mark.parametrize(
    "text",
    ["17.08.2026", "2026-02-30", "2026-8-17", "20260817", "2026-08-17Tnoon", "0000-01-01", "x"],
)
def test_what_is_no_date_is_dropped_or_rejects(text: str) -> None:
    read, [(code, name, found)] = _read(Collection.ENROLLMENTS, end_date=text)
    assert (read["end_date"], code, name, found) == (None, "bad_date", "end_date", shape_of(text))
    assert _refusal(Collection.ACADEMIC_SESSIONS, end_date=text) == ("bad_date", "end_date")


@pytest.mark.parametrize(
    ("text", "flag"),
    [("TRUE", True), ("1", True), (" Yes", True), ("false", False), ("0", False), ("", None)],
)
def test_flags_are_read_in_many_spellings(text: str, flag: bool | None) -> None:
    assert _value(Collection.ENROLLMENTS, "primary", text) is flag


@pytest.mark.parametrize(
    ("enabled_user", "status", "enabled"),
    [
        (None, None, True),
        ("true", "active", True),
        ("False", "active", False),
        ("0", None, False),
        ("true", " Inactive", False),
        (None, "inactive", False),
        ("", "", True),
    ],
)
def test_a_user_is_enabled_unless_disabled_or_inactive(
    enabled_user: str | None, status: str | None, enabled: bool
) -> None:
    read, repairs = _read(Collection.USERS, enabled_user=enabled_user, status=status)
    assert (read["enabled"], repairs) == (enabled, [])


def test_an_unreadable_flag_is_reported_and_disables_nobody() -> None:
    read, repairs = _read(Collection.USERS, enabled_user="perhaps or not")
    assert (read["enabled"], repairs) == (
        True, [("bad_boolean", "enabled_user", "perhaps or")],
    )  # fmt: skip
    read, repairs = _read(Collection.USERS, enabled_user="?", status="inactive")
    assert read["enabled"] is False


def test_terms_are_known_in_any_case_and_extensions_kept() -> None:
    assert _value(Collection.ORGS, "type", " SCHOOL ") == "school"
    assert _value(Collection.ORGS, "type", "ext:academy") == "ext:academy"
    assert _value(Collection.ACADEMIC_SESSIONS, "type", "gradingperiod") == "gradingPeriod"
    assert _value(Collection.CLASSES, "class_type", "Homeroom") == "homeroom"
    assert _value(Collection.CLASSES, "class_type", "") is None
    read, repairs = _read(Collection.CLASSES, class_type="club")
    assert (read["class_type"], repairs) == (None, [("unknown_term", "class_type", "club")])


def test_an_unknown_role_rejects_the_row() -> None:
    assert _value(Collection.ENROLLMENTS, "role", "TEACHER") == "teacher"
    assert _value(Collection.ENROLLMENTS, "role", "ext:coach") == "ext:coach"
    assert _refusal(Collection.ENROLLMENTS, role="pupil") == ("unknown_role", "role")
    assert _refusal(Collection.USERS, roles=[{"role": "pupil"}]) == ("unknown_role", "role")
    assert _refusal(Collection.USERS, roles=None) == ("missing_value", "roles")


def test_roles_are_in_one_order_and_each_once() -> None:
    roles = [
        {"role": "teacher", "org": "b"},
        {"role": "Aide", "org": "a", "begin_date": "2026-01-01T00:00:00Z"},
        {"role": "aide", "org": " a", "begin_date": "2026-01-01"},
        {"role": "principal", "org": "c", "role_type": "Primary"},
    ]
    expected = [("principal", "c", "primary"), ("aide", "a", None), ("teacher", "b", None)]
    for given_roles in (roles, roles[::-1]):
        read = _value(Collection.USERS, "roles", given_roles)
        assert [(r["role"], r["org"], r["role_type"]) for r in read] == expected


def test_a_role_loses_a_wrong_date_and_not_the_row() -> None:
    wrong = {"role": "student", "begin_date": "soon", "role_type": "main"}
    read, repairs = _read(Collection.USERS, roles=[wrong])
    assert (read["roles"][0]["begin_date"], read["roles"][0]["role_type"]) == (None, None)
    assert sorted(repairs) == [
        ("bad_date", "begin_date", "4 characters"), ("unknown_term", "role_type", "main"),
    ]  # fmt: skip


def test_a_user_needs_one_name() -> None:
    assert _read(Collection.USERS, given_name=" ", family_name="F")[0]["given_name"] is None
    assert _refusal(Collection.USERS, given_name=" ", family_name=None)[0] == "missing_value"


def test_an_address_without_at_is_dropped_and_not_shown() -> None:
    assert _value(Collection.USERS, "email", " a@b ") == "a@b"
    read, repairs = _read(Collection.USERS, email="ann at home")
    assert (read["email"], repairs) == (None, [("bad_email", "email", "11 characters")])


def test_lists_without_order_are_sorted_and_others_are_not() -> None:
    values = ["b", " a", None, "", "b"]
    assert _value(Collection.CLASSES, "grades", values) == ["a", "b"]
    assert _value(Collection.CLASSES, "terms", values) == ["a", "b"]
    # Subjects lie parallel to their codes.
    assert _value(Collection.CLASSES, "subjects", values) == ["b", "a", "b"]
    assert _value(Collection.CLASSES, "periods", None) == []


@given(st.text())
def test_a_shape_shows_nothing_of_a_value(text: str) -> None:
    shape = shape_of(text)
    told = shape == "empty" or re.fullmatch(r"1 character|[\d,]+ characters", shape)
    assert told or not set(shape) & set("012345678")


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (None, "empty"), (" ", "empty"), ("07/31/2019", "99/99/9999"),
        ("2019-07-31T10:00:00Z", "9999-99-99T99:99:99Z"), ("Ann", "3 characters"),
        ("12345", "5 characters"), (12, "2 characters"),
    ],
)  # fmt: skip
def test_shapes(value: object, shape: str) -> None:
    assert shape_of(value) == shape
