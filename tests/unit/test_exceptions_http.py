"""Exceptions for records over HTTP: made, listed, removed, and refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared import clock
from shared.domain.ids import GroupId, record_id
from tests.unit.http_stack import HttpStack

NOW = datetime(2026, 9, 1, 22, 30, tzinfo=UTC)
"""The second of September in Tokyo."""
WHY = "She is on leave until Christmas."


@pytest.fixture
def group_id(stack: HttpStack, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    created: str = stack.create(timeZone="Asia/Tokyo")["groupId"]
    return created


def _body(**changes: Any) -> dict[str, Any]:
    body = {"effect": "keep", "entity": "users", "sourcedId": "4711", "why": WHY}
    return {name: value for name, value in (body | changes).items() if value is not None}


def _stored(stack: HttpStack) -> str:
    return str([item for item in stack.items() if item["sk"]["S"].startswith("EXCEPTION#")])


def test_a_record_is_kept_until_a_day(stack: HttpStack, group_id: str) -> None:
    path = f"/groups/{group_id}/exceptions"
    made = stack.syncs(f"POST {path}", _body(until="2026-12-24"))
    assert made.status == 201
    digest = record_id(GroupId(group_id), "users", "4711")
    assert made.json == {
        "exceptionId": f"users-sourcedId-{digest}",
        "effect": "keep",
        "entity": "users",
        "namedBy": "sourcedId",
        "id": None,
        "sourcedId": "4711",
        "until": "2026-12-24",
        "why": WHY,
        "holds": True,
        "by": "5f8c",
        "at": NOW.isoformat(),
    }
    listed = stack.syncs(f"GET {path}")
    assert listed.json == {"exceptions": [made.json], "cursor": None}


def test_it_is_listed_as_over_from_the_next_day_of_the_group(
    stack: HttpStack, group_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/groups/{group_id}/exceptions"
    assert stack.syncs(f"POST {path}", _body(until="2026-09-02")).status == 201
    # Midnight in Tokyo is at three in the afternoon in Greenwich.
    for hour, minute, holds in ((14, 59, True), (15, 0, False)):
        monkeypatch.setattr(
            clock, "now", lambda h=hour, m=minute: datetime(2026, 9, 2, h, m, tzinfo=UTC)
        )
        [shown] = stack.syncs(f"GET {path}").json["exceptions"]
        assert shown["holds"] is holds


def test_of_a_record_that_is_left_out_only_a_hash_is_kept(stack: HttpStack, group_id: str) -> None:
    path = f"/groups/{group_id}/exceptions"
    made = stack.syncs(f"POST {path}", _body(effect="leaveOut", sourcedId="ann-b-smith"))
    assert made.status == 201
    assert made.json["sourcedId"] is None
    assert made.json["until"] is None
    for text in (_stored(stack), made.text, stack.syncs(f"GET {path}").text):
        assert record_id(GroupId(group_id), "users", "ann-b-smith") in text
        assert "ann-b-smith" not in text


def test_the_same_record_has_one_exception(stack: HttpStack, group_id: str) -> None:
    path = f"/groups/{group_id}/exceptions"
    first = stack.syncs(f"POST {path}", _body())
    second = stack.syncs(f"POST {path}", _body(effect="leaveOut", why="She asked to be erased."))
    assert (first.status, second.status) == (201, 200)
    assert stack.syncs(f"GET {path}").json["exceptions"] == [second.json]


def test_a_repeated_request_is_answered_as_the_first(stack: HttpStack, group_id: str) -> None:
    path = f"/groups/{group_id}/exceptions"
    key = {"Idempotency-Key": "one"}
    answers = [stack.syncs(f"POST {path}", _body(), headers=key) for _ in range(2)]
    assert [each.status for each in answers] == [201, 201]


def test_it_is_removed_once(stack: HttpStack, group_id: str) -> None:
    path = f"/groups/{group_id}/exceptions"
    made = stack.syncs(f"POST {path}", _body()).json["exceptionId"]
    assert stack.syncs(f"DELETE {path}/{made}").status == 204
    assert stack.syncs(f"GET {path}").json == {"exceptions": [], "cursor": None}
    again = stack.syncs(f"DELETE {path}/{made}")
    assert (again.status, again.json["code"]) == (404, "exception_not_found")


def test_pages(stack: HttpStack, group_id: str) -> None:
    path = f"/groups/{group_id}/exceptions"
    for number in range(5):
        assert stack.syncs(f"POST {path}", _body(sourcedId=str(number))).status == 201
    seen, query = [], "?limit=2"
    for _ in range(3):
        page = stack.syncs(f"GET {path}{query}").json
        seen += [each["sourcedId"] for each in page["exceptions"]]
        query = f"?limit=2&cursor={page['cursor']}"
    assert sorted(seen) == list("01234")
    assert page["cursor"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"until": "2026-09-01"}, "until"),  # over in Tokyo
        ({"until": "9999-12-31"}, "until"),
        ({"why": " "}, "why"),
        ({"why": "x" * 201}, "why"),
        ({"effect": "forget"}, "effect"),
        ({"entity": "orgs"}, "entity"),
        ({"sourcedId": None, "id": "not-an-id"}, "id"),
        ({"sourcedId": None}, ""),
        ({"id": "0" * 32}, ""),
        ({"entity": "enrollments"}, ""),
        ({"effect": "leaveOut", "entity": "partners"}, ""),
    ],
)
def test_what_cannot_be_is_refused(
    stack: HttpStack, group_id: str, changes: dict[str, Any], field: str
) -> None:
    answer = stack.syncs(f"POST /groups/{group_id}/exceptions", _body(**changes))
    assert answer.status == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]
    assert _stored(stack) == "[]"


def test_another_enterprise_finds_no_group(stack: HttpStack, group_id: str) -> None:
    path = f"/groups/{group_id}/exceptions"
    made = stack.syncs(f"POST {path}", _body()).json["exceptionId"]
    for request, body in (
        (f"GET {path}", None),
        (f"POST {path}", _body()),
        (f"DELETE {path}/{made}", None),
    ):
        answer = stack.syncs(request, body, enterprise="globex")
        assert (answer.status, answer.json["code"]) == (404, "group_not_found")
    assert len(stack.syncs(f"GET {path}").json["exceptions"]) == 1


def test_a_group_that_never_synced_is_deleted_with_its_exceptions(
    stack: HttpStack, group_id: str
) -> None:
    assert stack.syncs(f"POST /groups/{group_id}/exceptions", _body()).status == 201
    name = stack.groups(f"GET /groups/{group_id}").json["name"]
    assert stack.groups(f"DELETE /groups/{group_id}?name={name}").status == 204
    assert _stored(stack) == "[]"
    erased = stack.groups(f"GET /groups/{group_id}/certificate").json["erased"]
    assert {"exceptions": 1}.items() <= {each["kind"]: each["deleted"] for each in erased}.items()
