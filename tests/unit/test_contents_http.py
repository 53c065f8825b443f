"""Content of classes and users over HTTP: the real handler and adapters over tables in memory."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.assign_content import handler
from shared import clock
from shared.adapters.roster_table.keys import content_key
from shared.content.list_content import MOST_CLASSES
from shared.domain.ids import GroupId
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Bearer, ContentId
from tests.fakes.api import Answer, claims_of
from tests.fakes.aws_clients import heard
from tests.fakes.roster_table import NAME
from tests.fakes.rosters import class_, enrollment, gone, id_of, user
from tests.unit.reading import NOW, SHARDS, Roster

Rows = list[tuple[str, str]]


def call(roster: Roster, method: str, path: str, **more: Any) -> Answer:
    return roster.stack.contents(f"{method} /groups/{roster.id}/{path}", **more)


def put(roster: Roster, path: str, **more: Any) -> None:
    answer = call(roster, "PUT", path, **more)
    assert (answer.status, answer.text) == (204, "")


def pages(roster: Roster, path: str, limit: int = 50) -> Iterator[list[dict[str, Any]]]:
    cursor = ""
    for _ in range(100):
        answer = call(roster, "GET", f"{path}/contents?limit={limit}{cursor}")
        assert answer.status == 200, answer.text
        yield answer.json["contents"]
        if answer.json["cursor"] is None:
            return
        cursor = f"&cursor={answer.json['cursor']}"
    raise AssertionError("the list has no end")


def contents(roster: Roster, path: str, limit: int = 50) -> Rows:
    """What is listed on all pages, and from what: ``("algebra", "math")``."""
    return [
        (row["contentId"], row["from"]["sourcedId"])
        for page in pages(roster, path, limit)
        for row in page
    ]


@pytest.fixture
def school(roster: Roster) -> Roster:
    roster.write(
        class_(roster.id, "math", title="Mathematics"),
        class_(roster.id, "art"),
        user(roster.id, "ann"),
        user(roster.id, "bob"),
        enrollment(roster.id, "math", "ann"),
        enrollment(roster.id, "art", "ann", endDate="2026-09-14"),
    )
    return roster


@pytest.fixture
def math(school: Roster) -> str:
    return f"classes/{school.class_id('math')}"


@pytest.fixture
def ann(school: Roster) -> str:
    return f"users/{school.user_id('ann')}"


@pytest.mark.parametrize("content", ["algebra", "a", "x-1_2.3:4", "9" * 128, "a%3Ab"])
def test_content_is_assigned_listed_and_taken_away(
    school: Roster, math: str, ann: str, content: str
) -> None:
    shown = content.replace("%3A", ":")
    for path, of in ((math, "math"), (ann, "ann")):
        put(school, f"{path}/contents/{content}")
        assert (shown, of) in contents(school, path)
        for _ in range(2):
            assert call(school, "DELETE", f"{path}/contents/{content}").status == 204
        assert (shown, of) not in contents(school, path)


def test_what_is_shown_of_it(school: Roster, math: str, ann: str) -> None:
    put(school, f"{math}/contents/algebra")
    [[row]] = pages(school, math)
    assert row == {
        "contentId": "algebra",
        "assignedAt": NOW.isoformat(),
        "assignedBy": "5f8c",
        "from": {
            "type": "class",
            "id": school.class_id("math"),
            "sourcedId": "math",
            "title": "Mathematics",
        },
    }
    put(school, f"{ann}/contents/own")
    assert [row["from"]["type"] for page in pages(school, ann) for row in page] == ["user", "class"]


def test_assigned_twice_is_assigned_once_and_the_first_counts(
    school: Roster, math: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(school, f"{math}/contents/algebra")
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=1))
    put(school, f"{math}/contents/algebra", claims=claims_of() | {"sub": "someone-else"})
    [[row]] = pages(school, math)
    assert (row["assignedAt"], row["assignedBy"]) == (NOW.isoformat(), "5f8c")


def test_a_user_has_its_own_and_that_of_the_classes_of_today(
    school: Roster, math: str, ann: str
) -> None:
    put(school, f"{ann}/contents/reading")
    put(school, f"{math}/contents/algebra")
    put(school, f"classes/{school.class_id('art')}/contents/drawing")
    put(school, f"users/{school.user_id('bob')}/contents/other")
    assert contents(school, ann) == [("reading", "ann"), ("algebra", "math")]
    assert contents(school, f"users/{school.user_id('bob')}") == [("other", "bob")]


def test_content_outlives_what_becomes_of_its_class(school: Roster, math: str, ann: str) -> None:
    put(school, f"{math}/contents/algebra")
    school.write(class_(school.id, "math", title="Maths"), seq=2)
    assert contents(school, math) == [("algebra", "math")]
    school.write(class_(school.id, "math", removal=gone("deleted")), seq=3)
    assert call(school, "GET", f"{math}/contents").status == 404
    assert contents(school, ann) == []
    for method in ("PUT", "DELETE"):
        answer = call(school, method, f"{math}/contents/algebra")
        assert (answer.status, answer.json["code"]) == (404, "record_not_found")
    school.write(class_(school.id, "math", title="Maths again"), seq=4)
    assert contents(school, math) == contents(school, ann) == [("algebra", "math")]


def test_an_ended_class_takes_and_shows_content_but_gives_none(
    school: Roster, math: str, ann: str
) -> None:
    school.write(class_(school.id, "math", removal=gone("ended", days=60)), seq=2)
    put(school, f"{math}/contents/algebra")
    assert contents(school, math) == [("algebra", "math")]
    assert contents(school, ann) == []


def test_nothing_is_assigned_to_what_has_expired(
    school: Roster, math: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.write(class_(school.id, "math", removal=gone("ended", days=60)), seq=2)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=60, seconds=1))
    assert call(school, "PUT", f"{math}/contents/algebra").status == 404


def test_content_of_one_who_has_expired_is_not_that_of_who_comes_with_its_sourced_id(
    school: Roster, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(school, f"{ann}/contents/algebra")
    put(school, f"{ann}/contents/reading")
    school.write(user(school.id, "ann", removal=gone("deleted")), seq=2)
    later = NOW + timedelta(days=121)
    monkeypatch.setattr(clock, "now", lambda: later)
    school.write(user(school.id, "ann"), seq=3, now=later)
    assert contents(school, ann) == []
    put(school, f"{ann}/contents/reading", claims=claims_of() | {"sub": "another"})
    [row] = [row for page in pages(school, ann, 1) for row in page]
    assert (row["contentId"], row["assignedBy"]) == ("reading", "another")
    assert row["assignedAt"] == later.isoformat()
    # The first assignment stays as it was.
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(days=1))
    put(school, f"{ann}/contents/reading")
    assert [row for page in pages(school, ann) for row in page] == [row]


@pytest.mark.parametrize("id_", ["0" * 32, "x" * 2000])
@pytest.mark.parametrize("kind", ["classes", "users"])
def test_nothing_is_assigned_to_nobody(school: Roster, kind: str, id_: str) -> None:
    for method in ("PUT", "DELETE"):
        answer = call(school, method, f"{kind}/{id_}/contents/algebra")
        assert (answer.status, answer.json["code"]) == (404, "record_not_found")
    assert call(school, "GET", f"{kind}/{id_}/contents").status == 404


def test_a_class_s_id_is_no_user_s(school: Roster) -> None:
    path = f"users/{school.class_id('math')}/contents/algebra"
    assert call(school, "PUT", path).status == 404


@pytest.mark.parametrize("content", ["a b", "a%2Fb", "ä", "a%23b", "9" * 129, "a$"])
def test_an_id_that_is_none_is_named(school: Roster, math: str, content: str) -> None:
    for method in ("PUT", "DELETE"):
        answer = call(school, method, f"{math}/contents/{content}")
        assert (answer.status, answer.fields) == (422, ["contentId"])


def test_anothers_group_is_not_found(school: Roster, math: str, ann: str) -> None:
    put(school, f"{math}/contents/algebra")
    for request in (
        f"PUT {math}/contents/algebra",
        f"DELETE {math}/contents/algebra",
        f"GET {math}/contents",
        f"GET {ann}/contents",
    ):
        method, path = request.split(" ")
        answer = call(school, method, path, enterprise="globex")
        assert (answer.status, answer.json["code"]) == (404, "group_not_found")
    assert contents(school, math) == [("algebra", "math")]


def test_it_lies_where_a_group_s_deletion_finds_it(school: Roster, math: str) -> None:
    put(school, f"{math}/contents/algebra")
    bearer = Bearer(Collection.CLASSES, id_of(school.id, Collection.CLASSES, "math"))
    key = content_key(GroupId(school.id), SHARDS, bearer, ContentId("algebra"))
    pk, sk = key["pk"].rsplit("#", 1), key["sk"]
    assert pk[0] == f"{school.id}#CT"
    assert int(pk[1]) < SHARDS
    assert sk == f"C#{bearer.id}#algebra"
    item = school.stack.dynamodb.get_item(
        TableName=NAME, Key={name: {"S": value} for name, value in key.items()}
    )["Item"]
    assert "expiresAt" not in item


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_each_is_on_one_page(school: Roster, ann: str, limit: int) -> None:
    for name in ("own-1", "own-2"):
        put(school, f"{ann}/contents/{name}")
    expected = [("own-1", "ann"), ("own-2", "ann")]
    for name in ("c1", "c2", "c3", "empty"):
        school.write(class_(school.id, name), enrollment(school.id, name, "ann"))
    # In one class twice, as a pupil and as an aide: its content is there once.
    school.write(enrollment(school.id, "c2", "ann", "aide"))
    in_order = sorted(("c1", "c2", "c3"), key=school.class_id)
    for name in in_order:
        for number in range(3):
            put(school, f"classes/{school.class_id(name)}/contents/x{number}")
        assert len(contents(school, f"classes/{school.class_id(name)}", limit)) == 3
    expected += [(f"x{number}", name) for name in in_order for number in range(3)]
    assert contents(school, ann, limit) == expected
    assert all(len(page) <= limit for page in pages(school, ann, limit))


def test_of_many_classes_a_request_reads_a_bounded_number(
    school: Roster, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MOST_CLASSES + 5):
        school.write(class_(school.id, f"c{number}"), enrollment(school.id, f"c{number}", "ann"))
        put(school, f"classes/{school.class_id(f'c{number}')}/contents/x{number}")
    adapter: Any = handler.build().content.contents
    client = adapter._client
    found = []
    with heard(client, "dynamodb") as calls:
        for page in pages(school, ann, 200):
            # The group, the user, its own, the index and the classes (twice, for one is past); then
            # a query a class.
            assert 0 < len(calls) <= MOST_CLASSES + 8
            calls.clear()
            found += page
    assert len(found) == MOST_CLASSES + 5


@pytest.mark.parametrize(
    "text", ["x", "own/", "own/a/b", "a#b/c", "a#b/c/d/e", "/c/a b", "../..", "a/b/c"]
)
def test_a_cursor_of_somebody_s_making_is_refused(school: Roster, ann: str, text: str) -> None:
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    answer = call(school, "GET", f"{ann}/contents?cursor={cursor}")
    assert (answer.status, answer.fields) == (422, ["cursor"])


def test_a_cursor_that_names_another_s_class_shows_nothing_of_it(school: Roster, ann: str) -> None:
    art = school.class_id("art")
    put(school, f"classes/{art}/contents/drawing")
    cursor = base64.urlsafe_b64encode(f"/{art}/a".encode()).decode()
    answer = call(school, "GET", f"{ann}/contents?cursor={cursor}")
    assert answer.json["contents"] == []


def test_a_write_in_the_way_is_waited_for(
    school: Roster, math: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter: Any = handler.build().content.contents
    client = adapter._client
    whole, tries = client.transact_write_items, []

    def conflict(**request: Any) -> Any:
        tries.append(request)
        if len(tries) < conflicts:
            raise ClientError(
                {
                    "Error": {"Code": "TransactionCanceledException"},
                    "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
                },
                "TransactWriteItems",
            )
        return whole(**request)

    monkeypatch.setattr(client, "transact_write_items", conflict)
    conflicts = 3
    put(school, f"{math}/contents/algebra")
    assert contents(school, math) == [("algebra", "math")]
    conflicts = 99
    answer = call(school, "PUT", f"{math}/contents/algebra")
    assert (answer.status, answer.json["code"]) == (409, "try_later")
