"""How answers are written: moments, what is left out, and text that is none."""

import json
from datetime import datetime

from tests.unit.http_stack import HttpStack, group_body


def test_the_last_run_is_shown_as_it_was_kept(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    # As the end of a run writes it, with no reason.
    ended = {"run_id": "4", "mode": "sync", "state": "Held", "finished_at": "2026-03-01T02:10:00Z"}
    stack.set_on_group(group_id, lastEnded={"S": json.dumps(ended)})
    [shown] = stack.groups("GET /groups").json["groups"]
    assert shown["lastRun"] == {
        "runId": "4",
        "mode": "sync",
        "state": "Held",
        "reason": None,
        "finishedAt": "2026-03-01T02:10:00Z",
    }


def test_a_moment_is_written_with_its_offset(stack: HttpStack) -> None:
    created = stack.create()["createdAt"]
    assert datetime.fromisoformat(created).isoformat() == created
    assert created.endswith("+00:00")


def test_what_is_not_said_is_left_out_and_what_is_null_is_not(stack: HttpStack) -> None:
    created = stack.create()
    assert not {"emailConfirmed", "sync"} & created.keys()
    assert (created["pause"], created["activeRunId"]) == (None, None)
    group_id = created["groupId"]
    assert stack.groups(f"PATCH /groups/{group_id}", {"pause": {}}).json["pause"] == {}
    read = stack.groups(f"GET /groups/{group_id}").json
    assert read["emailConfirmed"] is False
    problem = stack.groups("GET /groups/nobody").json
    assert not {"errors", "runId"} & problem.keys()


def test_a_name_that_is_no_text_is_refused_and_the_refusal_can_be_sent(stack: HttpStack) -> None:
    for body in ('{"\\ud800": 1}', '{"connection": {"\\ud800": 1}}', '{"name": "\\ud800"}'):
        answer = stack.groups("POST /groups", body)
        assert answer.status == 422
        assert "bad_format" in {entry["code"] for entry in answer.json["errors"]}
        answer.text.encode()
    assert stack.create(name="\U0001f600")["name"] == "\U0001f600"


def test_a_repeated_answer_is_the_first_one(stack: HttpStack) -> None:
    headers = {"Idempotency-Key": "k"}
    body = group_body(syncFrequency="Auto", period="Daily", description="Grüße")
    first, again = [stack.groups("POST /groups", body, headers=headers) for _ in range(2)]
    assert (again.status, again.text) == (201, first.text)
    assert (first.json["sync"]["runId"], first.json["description"]) == ("1", "Grüße")
