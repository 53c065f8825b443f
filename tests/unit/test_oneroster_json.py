"""OneRoster JSON of both versions, and of servers that bend them, as staged rows."""

from typing import Any

import pytest

from local.sample_district.render import COLLECTIONS, render
from local.sample_district.roster import generate
from shared.domain.group.choices import StoredField
from shared.domain.roster.collection import Collection
from shared.domain.roster.oneroster_json import staged_row
from shared.domain.roster.staged_rows import STAGED_COLUMNS

ROLE = {"role_type": "primary", "begin_date": None, "end_date": None}


def _user(**fields: Any) -> dict[str, Any]:
    return staged_row(Collection.USERS, {"sourcedId": "u"} | fields, ())


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_only_known_columns_come_out(collection: str, version: str) -> None:
    stored = tuple(StoredField)
    for entity in render(generate(pupils=8), collection, version):
        row = staged_row(Collection(collection), entity, stored)
        assert row.keys() <= STAGED_COLUMNS[Collection(collection)].keys()
        assert "never-store-this" not in str(row)


def test_both_versions_give_one_user() -> None:
    district = generate(pupils=8)
    old = {row["sourcedId"]: row for row in render(district, "users", "1.1")}
    for entity in render(district, "users", "1.2"):
        if entity["sourcedId"].startswith("admin"):
            continue  # 1.2 has no administrator
        assert staged_row(Collection.USERS, entity, ()) == staged_row(
            Collection.USERS, old[entity["sourcedId"]], ()
        )


def test_a_role_of_1_1_becomes_one_for_each_org() -> None:
    row = _user(role="teacher", orgs=[{"sourcedId": "a"}, {"sourcedId": "b", "type": "user"}])
    assert row["roles"] == [
        ROLE | {"role": "teacher", "org": "a"},
        ROLE | {"role": "teacher", "org": "b", "role_type": "secondary"},
    ]


def test_a_role_of_1_1_without_orgs_is_kept() -> None:
    assert _user(role="student", orgs=None)["roles"] == [ROLE | {"role": "student", "org": None}]


def test_no_role_at_all_is_left_to_the_models() -> None:
    assert _user()["roles"] == []


@pytest.mark.parametrize(
    ("given", "text"), [(True, "true"), ("TRUE", "TRUE"), (0, "0"), (None, None), ("", None)]
)
def test_booleans_in_any_form_are_text(given: object, text: str | None) -> None:
    assert _user(enabledUser=given)["enabled_user"] == text


def test_personal_fields_only_when_asked_for() -> None:
    entity: dict[str, Any] = {"sourcedId": "u", "phone": "1", "sms": "2"}
    entity |= {"agents": [{"sourcedId": "g"}], "metadata": {"b": 1, "a": 2}}
    assert "phone" not in staged_row(Collection.USERS, entity, ())
    row = staged_row(Collection.USERS, entity, tuple(StoredField))
    assert (row["phone"], row["sms"], row["agents"]) == ("1", "2", ["g"])
    assert row["metadata"] == '{"a": 2, "b": 1}'


@pytest.mark.parametrize(
    ("terms", "expected"),
    [(None, []), ([], []), ([{"sourcedId": "t"}, None, {}], ["t"]), ("t", ["t"])],
)
def test_references_as_servers_write_them(terms: object, expected: list[str]) -> None:
    row = staged_row(Collection.CLASSES, {"sourcedId": "c", "terms": terms}, ())
    assert row["terms"] == expected


def test_periods_of_1_1_may_be_a_plain_text() -> None:
    row = staged_row(Collection.CLASSES, {"sourcedId": "c", "periods": "3"}, ())
    assert row["periods"] == ["3"]


def test_a_row_that_is_no_object_names_no_record() -> None:
    assert staged_row(Collection.ORGS, {}, ())["sourced_id"] is None
