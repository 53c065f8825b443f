"""Requests for syncs over HTTP: the real handler and adapters over moto."""

import json
from typing import Any

import boto3
import pytest

from shared.adapters.control_table.attributes import GroupItem
from shared.adapters.control_table.keys import group_key
from shared.adapters.dynamodb.actions import update
from shared.adapters.dynamodb.writes import write_item
from shared.adapters.messaging.queue import SqsQueue
from shared.domain.errors import TryLaterError
from shared.domain.group.hold import Hold
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.run import Snapshot
from tests.unit.http_stack import HttpStack


@pytest.mark.parametrize("body", [None, {}, {"mode": "sync"}])
def test_a_sync_is_accepted(stack: HttpStack, body: Any) -> None:
    group_id = stack.create()["groupId"]
    answer = stack.syncs(f"POST /groups/{group_id}/syncs", body)
    assert answer.status == 202
    assert answer.json == {"message": "Sync up request is accepted", "runId": "1"}
    leg = {"kind": "ExtractLeg", "enterprise": "acme", "groupId": group_id, "seq": 1, "leg": 0}
    assert stack.messages() == [leg]


def test_a_second_request_is_told_which_run_is_under_way(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    stack.syncs(f"POST /groups/{group_id}/syncs")
    answer = stack.syncs(f"POST /groups/{group_id}/syncs")
    assert (answer.status, answer.json["code"], answer.json["runId"]) == (409, "run_under_way", "1")
    assert answer.content_type == "application/problem+json"
    assert len(stack.messages()) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "delete"}, "mode"),
        ({"mode": "retention"}, "mode"),
        ({"mode": ["sync"]}, "mode"),
        ({"mode": 1}, "mode"),
        ({"mode": None}, "mode"),
        ({"x": 1}, "x"),
    ],
)
def test_other_modes_are_refused(stack: HttpStack, body: dict[str, Any], field: str) -> None:
    group_id = stack.create()["groupId"]
    answer = stack.syncs(f"POST /groups/{group_id}/syncs", body)
    assert (answer.status, answer.fields) == (422, [field])
    assert stack.messages() == []


def test_a_repeated_request_gets_the_same_run(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    headers = {"Idempotency-Key": "k"}
    first = stack.syncs(f"POST /groups/{group_id}/syncs", headers=headers)
    again = stack.syncs(f"POST /groups/{group_id}/syncs", headers=headers)
    assert (again.status, again.json) == (202, first.json)
    assert len(stack.messages()) == 1


def test_a_run_is_shown(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    stack.syncs(f"POST /groups/{group_id}/syncs")
    run = stack.syncs(f"GET /groups/{group_id}/syncs/1").json
    created = run.pop("createdAt")
    assert created.endswith("+00:00")
    counts = run.pop("counts")
    assert list(counts) == [
        "partners", "academicSessions", "courses", "classes", "users", "enrollments",
    ]  # fmt: skip
    assert all(set(each.values()) == {0} and len(each) == 13 for each in counts.values())
    assert run == {
        "runId": "1",
        "mode": "sync",
        "trigger": "request",
        "uploadId": None,
        "state": "Accepted",
        "open": True,
        "progress": {},
        "notices": [],
        "reason": None,
        "startedBy": "5f8c",
        "source": "API",
        "seconds": None,
        "restores": None,
        "decision": None,
        "startedAt": None,
        "finishedAt": None,
    }


@pytest.mark.parametrize("run_id", ["2", "0", "-1", "x", "1.0", "9" * 30, "²"])
def test_a_run_that_is_not_there(stack: HttpStack, run_id: str) -> None:
    group_id = stack.create()["groupId"]
    stack.syncs(f"POST /groups/{group_id}/syncs")
    answer = stack.syncs(f"GET /groups/{group_id}/syncs/{run_id}")
    assert answer.status == 404


def test_history_is_paged_newest_first(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    key = group_key(EnterpriseId("acme"), GroupId(group_id))
    for _ in range(5):
        assert stack.syncs(f"POST /groups/{group_id}/syncs").status == 202
        freed = update(stack.table, key, removes=[GroupItem.ACTIVE_RUN])
        write_item(stack.dynamodb, freed)
    seen: list[str] = []
    cursor = ""
    while True:
        page = stack.syncs(f"GET /groups/{group_id}/syncs?limit=2{cursor}").json
        seen += [run["runId"] for run in page["syncs"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert seen == ["5", "4", "3", "2", "1"]


def test_a_cursor_that_is_none_is_refused(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    answer = stack.syncs(f"GET /groups/{group_id}/syncs?cursor=eA%3D%3D")
    assert (answer.status, answer.fields) == (422, ["cursor"])


def test_a_lost_first_message_is_no_lost_run(
    stack: HttpStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, messages: object, *, delay_seconds: int = 0) -> None:
        raise TryLaterError("not taken")

    monkeypatch.setattr(SqsQueue, "send", fail)
    group_id = stack.create()["groupId"]
    assert stack.syncs(f"POST /groups/{group_id}/syncs").status == 202
    assert stack.syncs(f"GET /groups/{group_id}/syncs/1").json["open"]


def test_a_restore_names_a_run_that_has_left_a_roster(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    place = f"POST /groups/{group_id}/syncs"
    missing = stack.syncs(place, {"mode": "restore"})
    assert (missing.status, missing.fields) == (422, ["runId"])
    needless = stack.syncs(place, {"mode": "update", "runId": "1"})
    assert (needless.status, needless.fields) == (422, ["runId"])
    unknown = stack.syncs(place, {"mode": "restore", "runId": "7"})
    assert (unknown.status, unknown.json["code"]) == (404, "run_not_found")
    stack.syncs(place)
    nothing = stack.syncs(place, {"mode": "restore", "runId": "1"})
    assert (nothing.status, nothing.json["code"]) == (409, "nothing_to_restore")


def test_an_update_of_a_marked_roster_fetches_nothing(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    foreign = stack.groups(f"DELETE /groups/{group_id}/roster", enterprise="globex")
    assert foreign.status == 404
    marked = stack.groups(f"DELETE /groups/{group_id}/roster").json["markedAt"]
    assert stack.groups(f"DELETE /groups/{group_id}/roster").json["markedAt"] == marked
    assert stack.syncs(f"POST /groups/{group_id}/syncs", {"mode": "update"}).status == 202
    run = stack.syncs(f"GET /groups/{group_id}/syncs/1").json
    assert (run["state"], run["mode"]) == ("Planning", "update")


def test_what_waits_is_told_and_decided_on(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    nothing = stack.syncs(f"GET /groups/{group_id}/hold").json
    assert (nothing["digest"], nothing["records"], nothing["bySchool"]) == (None, 0, [])
    decisions = f"POST /groups/{group_id}/hold/decisions"
    said = {"decision": "approve", "digest": "d", "reason": "They have left."}
    refused = stack.syncs(decisions, said)
    assert (refused.status, refused.json["code"]) == (409, "no_hold")
    assert stack.syncs(f"GET /groups/{group_id}/hold/records").status == 404

    hold = Hold(digest="d", records=2, seq=1, list_key="holds/l.csv", summary_key="holds/s.json")
    stack.set_on_group(group_id, hold={"S": hold.model_dump_json()})
    places = {"bySchool": [{"school": "north", "entity": "users", "records": 2}], "byClass": []}
    s3 = boto3.client("s3")
    s3.put_object(Bucket="data", Key="holds/s.json", Body=json.dumps(places).encode())
    s3.put_object(Bucket="data", Key="holds/l.csv", Body=b"entity\r\n")
    shown = stack.syncs(f"GET /groups/{group_id}/hold").json
    assert (shown["digest"], shown["records"], shown["bySchool"]) == ("d", 2, places["bySchool"])
    assert stack.syncs(f"GET /groups/{group_id}/hold/records").status == 303
    assert stack.groups(f"GET /groups/{group_id}").json["heldRecords"] == 2
    for wrong, field in [
        (said | {"decision": "perhaps"}, "decision"),
        (said | {"reason": " "}, "reason"),
        ({"decision": "approve", "digest": "d"}, "reason"),
        (said | {"decision": "release"}, "decision"),
        (said | {"schools": ["s"] * 201}, "schools"),
        (said | {"records": [{"entity": "users"}]}, "records.0"),
        ({"decision": "approve", "reason": "r"}, "digest"),
    ]:
        answer = stack.syncs(decisions, wrong)
        assert (answer.status, answer.fields) == (422, [field])
    stale = stack.syncs(decisions, said | {"digest": "other"})
    assert (stale.status, stale.json["code"]) == (409, "hold_changed")
    assert stack.syncs(decisions, said, enterprise="globex").status == 404
    assert stack.syncs(decisions, said).status == 202
    run = stack.syncs(f"GET /groups/{group_id}/syncs/1").json
    everything = {"schools": None, "rules": None, "records": None}
    assert (run["trigger"], run["decision"]) == ("decision", said | everything)
    again = stack.syncs(decisions, said)
    assert (again.status, again.json["code"]) == (409, "run_under_way")


def test_what_was_rejected_is_told_and_decided_on(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    nothing = stack.syncs(f"GET /groups/{group_id}/kept").json
    assert (nothing["digest"], nothing["records"], nothing["byRule"]) == (None, 0, [])
    decisions = f"POST /groups/{group_id}/kept/decisions"
    one = {"entity": "users", "sourcedId": "ann", "id": None}
    said = {"decision": "release", "digest": "d", "reason": "They have left.", "records": [one]}
    refused = stack.syncs(decisions, said)
    assert (refused.status, refused.json["code"]) == (409, "nothing_kept")
    assert stack.syncs(f"GET /groups/{group_id}/kept/records").status == 404

    rules = ({"entity": "users", "rule": None, "records": 2},)
    kept = Hold(
        digest="d", records=2, by_rule=rules, seq=1, list_key="holds/l", summary_key="holds/s"
    )
    base = Snapshot(seq=1, shape_version=3, settings="", objects={}, kept=kept)
    stack.set_on_group(group_id, base={"S": base.model_dump_json()})
    s3 = boto3.client("s3")
    s3.put_object(Bucket="data", Key="holds/s", Body=b"{}")
    s3.put_object(Bucket="data", Key="holds/l", Body=b"entity\r\n")
    shown = stack.syncs(f"GET /groups/{group_id}/kept").json
    assert (shown["digest"], shown["records"], shown["byRule"]) == ("d", 2, [*rules])
    assert stack.syncs(f"GET /groups/{group_id}/kept/records").status == 303
    stale = stack.syncs(decisions, said | {"digest": "other"})
    assert (stale.status, stale.json["code"]) == (409, "kept_changed")
    assert stack.syncs(decisions, said | {"decision": "reject"}).fields == ["decision"]
    assert stack.syncs(decisions, said).status == 202
    run = stack.syncs(f"GET /groups/{group_id}/syncs/1").json
    assert run["decision"] == said | {"schools": None, "rules": None}
