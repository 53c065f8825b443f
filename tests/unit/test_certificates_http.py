"""What is left of a group that was deleted, over HTTP: certificate, runs, counts and accesses."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.delete_group import handler as delete_group
from shared import clock
from tests.fakes.api import Context
from tests.fakes.rosters import class_, enrollment, user
from tests.unit.http_stack import HttpStack
from tests.unit.reading import NOW, Roster

DAY = timedelta(days=1)


@pytest.fixture
def school(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> Roster:
    """A group with a roster, objects and a topic, which its function can delete."""
    for name, value in {
        "LEASE_SECONDS": "60", "LEG_SECONDS": "240", "EVENT_BUS_NAME": "default",
        "SECOND_SWEEP_SECONDS": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    delete_group.build.cache_clear()
    roster.write(
        class_(roster.id, "math"),
        user(roster.id, "ann"),
        user(roster.id, "bob"),
        enrollment(roster.id, "math", "ann"),
    )
    s3: Any = boto3.client("s3")
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket="data", Key=f"snapshots/{roster.id}/1/a/users.parquet", Body=b"x")
    s3.put_object(Bucket="data", Key=f"reports/{roster.id}/1/errors.csv", Body=b"x")
    boto3.client("sns").create_topic(Name=f"test-group-{roster.id}")
    return roster


def _delete(school: Roster) -> str:
    """Delete the group, both sweeps of it; returns the run that did it."""
    answer = school.stack.groups(f"DELETE /groups/{school.id}?name=Springfield")
    assert answer.status == 202
    run_id: str = answer.json["runId"]
    for leg in range(2):
        body = f'{{"enterprise":"acme","group_id":"{school.id}","seq":{run_id},"leg":{leg}}}'
        record = {"messageId": "m", "body": body, "attributes": {"ApproximateReceiveCount": "1"},
                  "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:x:1:q"}  # fmt: skip
        context: Any = Context()
        done = delete_group.lambda_handler({"Records": [record]}, context)
        assert done == {"batchItemFailures": []}
    delete_group.build.cache_clear()
    return run_id


def test_a_deleted_group_leaves_a_certificate(school: Roster) -> None:
    stack = school.stack
    stack.syncs(f"POST /groups/{school.id}/syncs")
    none = stack.groups(f"GET /groups/{school.id}/certificate")
    assert (none.status, none.json["code"]) == (404, "certificate_not_found")
    run_id = _delete(school)
    assert stack.groups(f"GET /groups/{school.id}").status == 404
    shown = stack.groups(f"GET /groups/{school.id}/certificate")
    assert shown.status == 200
    last = (NOW + 35 * DAY).date().isoformat()
    erased = {(e["store"], e["kind"]): (e["deleted"], e["earlierVersions"], e["lastBackupDay"])
              for e in shown.json["erased"]}  # fmt: skip
    assert erased == {
        ("roster", "partners"): (2, None, last),
        ("roster", "classes"): (1, None, last),
        ("roster", "users"): (2, None, last),
        ("roster", "enrollments"): (1, None, last),
        ("bucket", "snapshots"): (1, 1, None),
        ("bucket", "reports"): (1, 0, None),
        ("mail", "topics"): (1, None, None),
        ("mail", "addresses"): (0, None, None),
        ("control", "groups"): (1, None, last),
        ("control", "secrets"): (1, None, last),
    }
    assert shown.json["runId"] == run_id
    assert (shown.json["name"], shown.json["clientGroupId"]) == ("Springfield", "SPR")
    assert shown.json["lastBackupDay"] == last
    until = {kept["what"]: kept["until"] for kept in shown.json["kept"]}
    assert until == dict.fromkeys(("certificate", "runs", "accesses"),
                                  (NOW + 400 * DAY).isoformat())  # fmt: skip
    assert stack.groups("GET /certificates").json == {
        "certificates": [shown.json], "cursor": None,
    }  # fmt: skip


def test_its_runs_counts_and_accesses_can_still_be_read(school: Roster) -> None:
    stack = school.stack
    stack.syncs(f"POST /groups/{school.id}/syncs")
    school.get("users")
    run_id = _delete(school)
    run = stack.syncs(f"GET /groups/{school.id}/syncs/{run_id}").json
    assert (run["mode"], run["state"], run["counts"]["users"]["deleted"]) == (
        "delete", "Succeeded", 2,
    )  # fmt: skip
    assert [each["runId"] for each in stack.syncs(f"GET /groups/{school.id}/syncs").json["syncs"]]
    [access] = school.get("accesses")["accesses"]
    assert access["records"] == 2
    # And nothing else, nor by others.
    for path in ("users", "classes", f"classes/{school.class_id('math')}/users"):
        assert school.ask(path).status == 404
    assert stack.syncs(f"GET /groups/{school.id}/syncs/1/errors").status == 404
    assert school.ask("accesses", enterprise="globex").status == 404
    for path in ("syncs", f"syncs/{run_id}"):
        assert stack.syncs(f"GET /groups/{school.id}/{path}", enterprise="globex").status == 404
    foreign = stack.groups(f"GET /groups/{school.id}/certificate", enterprise="globex")
    assert foreign.status == 404
    assert stack.groups("GET /certificates", enterprise="globex").json["certificates"] == []


def test_a_certificate_ends_with_what_it_leads_to(
    school: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = school.stack
    stack.syncs(f"POST /groups/{school.id}/syncs")
    _delete(school)
    [item] = [item for item in stack.items() if item["sk"]["S"].startswith("GONE#")]
    assert int(item["expiresAt"]["N"]) == int((NOW + 400 * DAY).timestamp())
    # DynamoDB lets go of it within days; until then nobody is shown it.
    monkeypatch.setattr(clock, "now", lambda: NOW + 400 * DAY)
    assert stack.groups(f"GET /groups/{school.id}/certificate").status == 404
    assert stack.groups("GET /certificates").json["certificates"] == []


def test_a_group_that_is_gone_at_once_leaves_one_too(
    stack: HttpStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    group_id = stack.create()["groupId"]
    assert stack.groups(f"DELETE /groups/{group_id}?name=Springfield").status == 204
    shown = stack.groups(f"GET /groups/{group_id}/certificate").json
    assert (shown["runId"], shown["deletedAt"]) == (None, now.isoformat())
    assert {(e["store"], e["kind"]): e["deleted"] for e in shown["erased"]} == {
        ("control", "groups"): 1, ("control", "secrets"): 1,
    }  # fmt: skip
    assert date.fromisoformat(shown["lastBackupDay"]) == date(2027, 2, 4)
    assert stack.syncs(f"GET /groups/{group_id}/syncs").json["syncs"] == []
