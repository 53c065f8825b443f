"""Each read about people leaves a record of who, what, when and how many; never of whom."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.assign_content import handler as assign_content
from functions.read_roster import handler as read_roster
from functions.request_sync import handler as request_sync
from shared import clock
from shared.domain.roster.collection import Collection
from tests.fakes.api import Answer
from tests.fakes.control_table import NAME
from tests.fakes.rosters import class_, enrollment, user
from tests.unit.reading import NOW, Roster

ANN = "ann"


@pytest.fixture
def school(roster: Roster) -> Roster:
    roster.write(
        class_(roster.id, "math"),
        user(roster.id, ANN, givenName="Ann"),
        user(roster.id, "bob"),
        enrollment(roster.id, "math", ANN),
        enrollment(roster.id, "math", "bob"),
    )
    return roster


def recorded(school: Roster) -> list[tuple[str, int | None]]:
    return [(each["what"], each["records"]) for each in school.get("accesses")["accesses"]]


def items(school: Roster) -> list[dict[str, Any]]:
    return [item for item in school.stack.items() if item["sk"]["S"].startswith("ACCESS#")]


def ask(school: Roster, path: str) -> Answer:
    """Ask whichever function answers at an address."""
    if path.endswith("/contents"):
        return school.stack.contents(f"GET /groups/{school.id}/{path}")
    return school.ask(path)


READS = [
    ("users", "users", 2),
    ("users?sourcedId=ann", "users", 1),
    ("users?sourcedId=eve", "users", 0),
    ("users?role=teacher", "users", 0),
    ("users/{ann}", "users/{id}", 1),
    ("enrollments", "enrollments", 2),
    ("classes/{math}/users?limit=1", "classes/{id}/users", 1),
    ("users/{ann}/classes", "users/{id}/classes", 1),
    ("users/{ann}/contents", "users/{id}/contents", 0),
]


@pytest.mark.parametrize(("path", "what", "records"), READS)
def test_each_read_about_people_is_recorded(
    school: Roster, path: str, what: str, records: int
) -> None:
    path = path.format(ann=school.user_id(ANN), math=school.class_id("math"))
    assert ask(school, path).status == 200
    [item] = items(school)
    assert item["pk"] == {"S": f"GROUP#{school.id}"}
    assert int(item["expiresAt"]["N"]) == int((NOW + timedelta(days=400)).timestamp())
    # Nobody can be made out of it, nor what was asked for.
    assert school.user_id(ANN) not in json.dumps(item)
    assert ANN not in json.dumps(item)
    assert school.get("accesses") == {
        "accesses": [
            {
                "person": "5f8c",
                "what": f"GET /groups/{{groupId}}/{what}",
                "at": NOW.isoformat(),
                "records": records,
            }
        ],
        "cursor": None,
    }


@pytest.mark.parametrize(
    "path", ["partners", "classes", "partners/{north}", "classes/{math}", "classes/{math}/contents"]
)
def test_what_is_about_nobody_is_not(school: Roster, path: str) -> None:
    north = school.id_of(Collection.ORGS, "north")
    assert ask(school, path.format(north=north, math=school.class_id("math"))).status == 200
    assert items(school) == []


def test_nor_is_what_was_refused(school: Roster) -> None:
    assert school.ask("users?colour=red").status == 422
    assert school.ask("users/" + "0" * 32).status == 404
    assert school.ask("users", enterprise="globex").status == 404
    assert items(school) == []


@pytest.mark.parametrize("path", [path for path, _, _ in READS])
def test_what_cannot_be_recorded_is_not_shown(
    school: Roster, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ProvisionedThroughputExceeded"}}, "PutItem")

    for handler in (read_roster, assign_content):
        accesses: Any = handler.build().accesses
        monkeypatch.setattr(accesses._client, "put_item", fail)
    answer = ask(school, path.format(ann=school.user_id(ANN), math=school.class_id("math")))
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert ANN not in answer.text


def test_the_newest_are_listed_first_page_by_page(
    school: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second falls on a whole second, whose text is shorter than that of the others.
    moments = [NOW + timedelta(microseconds=each) for each in (-1, 0, 1, 2_000_000)]
    for moment in moments:
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        school.get("users")
    school.get("users")
    found: list[str] = []
    cursor, mark = "", ""
    while True:
        page = school.get(f"accesses?limit=2{mark}{cursor}")
        found += [each["at"] for each in page["accesses"]]
        if page["cursor"] is None:
            break
        mark, cursor = "&cursor=", page["cursor"]
    assert found == [each.isoformat() for each in (moments[-1], *reversed(moments))]


def test_what_is_older_than_400_days_is_gone(
    school: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.get("users")
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=400))
    assert recorded(school) == []


def test_anothers_accesses_are_not_found(school: Roster) -> None:
    school.get("users")
    assert school.ask("accesses", enterprise="globex").json["code"] == "group_not_found"


@pytest.mark.parametrize("cursor", ["eA==", "UlVOIzAwMDAwMDAwMDE="])
def test_a_cursor_leads_to_no_other_items_of_the_group(school: Roster, cursor: str) -> None:
    assert school.ask(f"accesses?cursor={cursor}").fields == ["cursor"]


class TestSyncs:
    """What ``request_sync`` hands out of people: reports, and what waits."""

    @pytest.fixture
    def held(self, school: Roster) -> Roster:
        hold = {
            "digest": "2-1-1",
            "records": 2,
            "by_rule": [],
            "seq": 1,
            "list_key": "holds/x/hold.csv",
            "summary_key": "holds/x/hold.json",
        }
        school.stack.set_on_group(school.id, hold={"S": json.dumps(hold)})
        for key in ("holds/x/hold.csv", "holds/x/hold.json"):
            boto3.client("s3").put_object(Bucket="data", Key=key, Body=b"{}")
        return school

    def syncs(self, school: Roster, method: str, path: str, body: Any = None) -> Answer:
        return school.stack.syncs(f"{method} /groups/{school.id}/{path}", body)

    def test_a_download_of_what_waits_is_recorded(self, held: Roster) -> None:
        assert self.syncs(held, "GET", "hold").status == 200
        assert self.syncs(held, "GET", "hold/records").status == 303
        assert recorded(held) == [("GET /groups/{groupId}/hold/records", 2)]

    @pytest.mark.parametrize("name", ["errors", "changes", "held"])
    def test_a_download_of_a_report_is_recorded(self, school: Roster, name: str) -> None:
        assert self.syncs(school, "POST", "syncs", {"mode": "sync"}).status == 202
        key = f"reports/{school.id}/1/{name}.csv"
        boto3.client("s3").put_object(Bucket="data", Key=key, Body=b"")
        assert self.syncs(school, "GET", f"syncs/1/{name}").status == 303
        assert self.syncs(school, "GET", f"syncs/2/{name}").status == 404
        assert recorded(school) == [(f"GET /groups/{{groupId}}/syncs/{{runId}}/{name}", None)]

    def test_a_decision_is_recorded(self, held: Roster) -> None:
        body = {"decision": "approve", "digest": "2-1-1", "reason": "I asked the school."}
        assert self.syncs(held, "POST", "hold/decisions", body).status == 202
        assert recorded(held) == [("POST /groups/{groupId}/hold/decisions", 2)]

    @pytest.mark.parametrize("path", ["GET hold/records", "POST hold/decisions"])
    def test_what_cannot_be_recorded_is_not_done(
        self, held: Roster, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "Throttling"}}, "PutItem")

        accesses: Any = request_sync.build().accesses
        monkeypatch.setattr(accesses._client, "put_item", fail)
        method, _, place = path.partition(" ")
        body = {"decision": "approve", "digest": "2-1-1", "reason": "I asked the school."}
        answer = self.syncs(held, method, place, body if method == "POST" else None)
        assert answer.status == 500
        assert "Location" not in answer.headers
        group = held.stack.group_item(held.id)
        assert "activeRun" not in group
        runs = held.stack.dynamodb.query(
            TableName=NAME,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :run)",
            ExpressionAttributeValues={":pk": {"S": f"GROUP#{held.id}"}, ":run": {"S": "RUN#"}},
        )
        assert runs["Count"] == 0
