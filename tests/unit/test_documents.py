"""The documents that the learning platform reads, made of snapshot rows."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.domain.group.calendar import Calendar, DateRange, Pause
from shared.domain.ids import RecordId
from shared.domain.roster.change import Action, Change, LoginClaim, Removal
from shared.domain.roster.collection import Collection
from shared.domain.roster.documents import roster_write
from shared.http.contract.answers import Answer
from shared.http.contract.roster import (
    ClassAnswer,
    EnrollmentAnswer,
    PartnerAnswer,
    RoleAnswer,
    UserAnswer,
)
from shared.planning.columns import ROW_COLUMNS
from tests.fakes.simulation import config

Row = dict[str, Any]

SEPTEMBER = datetime(2026, 9, 1, 2, tzinfo=UTC)


def _document(collection: Collection, *rows: Row) -> dict[str, Any]:
    return roster_write(_change(collection, *rows), config()).doc


def _change(collection: Collection, *rows: Row, **values: Any) -> Change:
    empty = dict.fromkeys(ROW_COLUMNS[collection])
    filled = tuple(empty | row for row in rows)
    base: Row = {"collection": collection, "id": RecordId("id"), "action": Action.UPDATE}
    return Change(**(base | {"rows": filled} | values))


def _role(name: str = "student", **values: Any) -> Row:
    return {"role": name, "role_type": None, "org": "o", "begin_date": None, "end_date": None} | (
        values
    )


def _user(**values: Any) -> Row:
    row: Row = {"sourced_id": "u", "enabled": True, "roles": [_role()], "org_ids": ["org"]}
    return row | values


def test_a_document_says_only_what_is_known() -> None:
    assert _document(Collection.ORGS, {"sourced_id": "o", "name": "O", "root": False}) == {
        "sourcedId": "o", "name": "O", "root": False, "clientPartnerId": "district",
    }  # fmt: skip
    assert _document(Collection.COURSES, {"sourced_id": "k", "title": "K", "grades": []}) == {
        "sourcedId": "k", "title": "K",
    }  # fmt: skip
    assert _document(Collection.ENROLLMENTS, {"role": "student", "primary": False}) == {
        "role": "student", "primary": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("collection", "model"),
    [
        (Collection.ORGS, PartnerAnswer),
        (Collection.CLASSES, ClassAnswer),
        (Collection.USERS, UserAnswer),
        (Collection.ENROLLMENTS, EnrollmentAnswer),
    ],
)
def test_the_api_has_a_field_for_all_that_is_stored(
    collection: Collection, model: type[Answer]
) -> None:
    # What it has not would be left out without a word.
    full: Row = dict.fromkeys(ROW_COLUMNS[collection], "x")
    if collection is Collection.USERS:
        dates = {"role_type": "primary", "begin_date": "2026-01-01", "end_date": "2026-12-31"}
        full |= {"roles": [_role(**dates)], "org_ids": ["org"]}
    rows = [full] * (2 if collection is Collection.USERS else 1)
    document = _document(collection, *rows)
    assert document.keys() == _fields(model) - {"id", "updatedAt", "endedAt"}
    for role in document.get("roles", ()):
        assert role.keys() == _fields(RoleAnswer)


def _fields(model: type[Answer]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_references_are_ids_of_our_own() -> None:
    partner = {"sourced_id": "o", "parent": "p", "parent_id": "P", "customer_id": "c", "root": True}
    assert _document(Collection.ORGS, partner) == {
        "sourcedId": "o", "parentId": "P", "customerId": "c", "root": True,
        "clientPartnerId": "district",
    }  # fmt: skip
    session = {"sourced_id": "s", "parent": "p", "parent_id": "P", "start_date": "2026-01-01"}
    assert _document(Collection.ACADEMIC_SESSIONS, session) == {
        "sourcedId": "s", "parentId": "P", "startDate": "2026-01-01",
    }  # fmt: skip
    course = {"sourced_id": "k", "org": "o", "org_id": "O", "school_year_id": "Y"}
    assert _document(Collection.COURSES, course) == {
        "sourcedId": "k", "partnerId": "O", "schoolYearId": "Y",
    }  # fmt: skip
    class_ = {"sourced_id": "c", "school": "o", "school_id": "O", "course_id": "K",
              "terms": ["s"], "term_ids": ["S"], "periods": ["1", "2"]}  # fmt: skip
    assert _document(Collection.CLASSES, class_) == {
        "sourcedId": "c", "partnerId": "O", "courseId": "K", "termIds": ["S"],
        "periods": ["1", "2"], "clientPartnerId": "district",
    }  # fmt: skip


def test_an_enrollment_names_whom_it_joins_and_lies_with_its_class() -> None:
    row = {"sourced_id": "e", "class": "c", "user": "u", "class_id": "C", "user_id": "U",
           "school_id": "O", "role": "teacher", "begin_date": "2026-08-17"}  # fmt: skip
    write = roster_write(_change(Collection.ENROLLMENTS, row, action=Action.CREATE), config())
    assert (write.class_id, write.user_id, write.new, write.login) == ("C", "U", True, None)
    # Sources renumber enrollments: their sourcedId would be a change every night.
    assert write.doc == {
        "classId": "C", "userId": "U", "partnerId": "O", "role": "teacher",
        "beginDate": "2026-08-17",
    }  # fmt: skip


def test_only_a_creation_is_expected_to_be_missing_and_the_claim_goes_along() -> None:
    claim = LoginClaim(take="ann", release=("anna",))
    for action in Action:
        change = _change(Collection.USERS, _user(), action=action, login=claim, since=SEPTEMBER)
        write = roster_write(change, config())
        assert (write.new, write.login) == (action is Action.CREATE, claim)
        assert (write.class_id, write.user_id, write.id) == (None, None, "id")


def test_a_user_has_a_role_at_each_partner_and_each_partner_once() -> None:
    roles = [
        _role("teacher", role_type="primary", begin_date="2026-01-01", end_date="2026-12-31"),
        _role("aide"),
        _role("aide", org="unknown"),
        _role("principal"),
    ]
    document = _document(
        Collection.USERS, _user(roles=roles, org_ids=["B", "A", None, "B"], primary_org_id="B")
    )
    assert document["roles"] == [
        {"role": "teacher", "roleType": "primary", "partnerId": "B", "beginDate": "2026-01-01",
         "endDate": "2026-12-31"},
        {"role": "aide", "partnerId": "A"},
        {"role": "aide"},
        {"role": "principal", "partnerId": "B"},
    ]  # fmt: skip
    assert document["partnerIds"] == ["A", "B"]
    assert document["primaryPartnerId"] == "B"
    assert document["enabled"] is True
    assert "sourcedIds" not in document


def test_a_user_of_several_rows_is_one_person() -> None:
    one = _user(
        sourced_id="a", enabled=False, username="kim", login_name="kim@x", grades=["2"],
        agent_ids=["m"], given_name="Kim",
    )  # fmt: skip
    two = _user(
        sourced_id="b", username="KIM", login_name="KIM@x", email="kim@x.example",
        grades=["1", "2"], roles=[_role(), _role("aide")], org_ids=["org", "other"],
        agent_ids=None, given_name="Kimberly",
    )  # fmt: skip
    document = _document(Collection.USERS, one, two)
    assert document == {
        "sourcedId": "a", "sourcedIds": ["a", "b"], "enabled": True, "username": "kim",
        "loginName": "kim@x", "givenName": "Kim", "email": "kim@x.example", "grades": ["1", "2"],
        "roles": [{"role": "student", "partnerId": "org"}, {"role": "aide", "partnerId": "other"}],
        "partnerIds": ["org", "other"], "agentIds": ["m"], "clientPartnerId": "district",
    }  # fmt: skip
    off = [row | {"enabled": False} for row in (one, two)]
    assert _document(Collection.USERS, *off)["enabled"] is False


def test_what_a_group_asks_for_is_in_the_document() -> None:
    more = {"phone": "1", "sms": "2", "metadata": '{"a": 1}', "identifier": "4711",
            "middle_name": "M", "preferred_given_name": "P"}  # fmt: skip
    document = _document(Collection.USERS, _user(**more))
    assert (document["phone"], document["sms"], document["metadata"]) == ("1", "2", '{"a": 1}')
    assert (document["identifier"], document["middleName"], document["preferredGivenName"]) == (
        "4711", "M", "P",
    )  # fmt: skip


AUTUMN = DateRange(first=date(2026, 10, 1), last=date(2026, 10, 10))


@pytest.mark.parametrize(
    ("action", "calendar", "kind", "until"),
    [
        (Action.DELETE, Calendar(), "deleted", datetime(2026, 12, 31, tzinfo=UTC)),
        (Action.END, Calendar(), "ended", datetime(2026, 11, 1, tzinfo=UTC)),
        (
            Action.DELETE,
            Calendar(blackouts=(AUTUMN,)),
            "deleted",
            datetime(2027, 1, 10, tzinfo=UTC),
        ),
        (Action.END, Calendar(blackouts=(AUTUMN,)), "ended", datetime(2026, 11, 11, tzinfo=UTC)),
        (Action.DELETE, Calendar(pause=Pause(since=date(2026, 8, 1))), "deleted", None),
    ],
)
def test_what_leaves_says_since_when_and_how_long_it_is_kept(
    action: Action, calendar: Calendar, kind: Any, until: datetime | None
) -> None:
    change = _change(Collection.CLASSES, {"sourced_id": "c"}, action=action, since=SEPTEMBER)
    write = roster_write(change, config(calendar=calendar))
    assert write.removal == Removal(kind=kind, since=SEPTEMBER, until=until)


def test_what_leaves_without_saying_when_is_no_document() -> None:
    with pytest.raises(ValueError, match="since when"):
        roster_write(_change(Collection.USERS, _user(), action=Action.DELETE), config())
