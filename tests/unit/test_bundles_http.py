"""Uploads, error reports and connection tests over HTTP: the real handler over moto."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from tests.unit.http_stack import HttpStack, connection, sftp

ZIP = {"syncType": "ZIP", "connection": None}


def put(key: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket="data", Key=key, Body=body)


@pytest.mark.parametrize(
    ("body", "middle"),
    [(None, "sync/"), ({"mode": "sync"}, "sync/"), ({"acceptOlder": True}, "sync/older/")],
)
def test_an_address_is_given_with_the_mode_in_its_key(
    stack: HttpStack, body: Any, middle: str
) -> None:
    group_id = stack.create(**ZIP)["groupId"]
    answer = stack.syncs(f"POST /groups/{group_id}/uploads", body)
    assert answer.status == 201
    upload_id = answer.json["uploadId"]
    assert answer.json["fields"]["key"] == f"drops/{group_id}/{middle}{upload_id}.zip"
    assert (answer.json["expiresIn"], answer.json["maxBytes"]) == (900, 5 * 1024**3)
    assert stack.messages() == [], "the drop starts the run, not the address"


def test_only_zip_groups_are_uploaded_to_and_only_they(stack: HttpStack) -> None:
    api = stack.create()["groupId"]
    answer = stack.syncs(f"POST /groups/{api}/uploads")
    assert (answer.status, answer.json["code"]) == (409, "not_a_zip_group")
    bundles = stack.create(name="Zip", clientGroupId="Z", clientPartnerId="z", **ZIP)["groupId"]
    answer = stack.syncs(f"POST /groups/{bundles}/syncs")
    assert (answer.status, answer.json["code"]) == (409, "upload_needed")


@pytest.mark.parametrize(
    ("body", "field"), [({"acceptOlder": "maybe"}, "acceptOlder"), ({"mode": "restore"}, "mode")]
)
def test_an_upload_with_a_bad_field_is_refused(
    stack: HttpStack, body: dict[str, Any], field: str
) -> None:
    group_id = stack.create(**ZIP)["groupId"]
    answer = stack.syncs(f"POST /groups/{group_id}/uploads", body)
    assert (answer.status, answer.fields) == (422, [field])


@pytest.mark.parametrize(
    "request_of",
    [
        "POST /groups/{}/uploads",
        "POST /groups/{}/connection-tests",
        "GET /groups/{}/connection-tests/t",
        "GET /groups/{}/syncs/1/errors",
        "GET /groups/{}/syncs/1/errors/summary",
    ],
)
def test_another_enterprise_finds_no_such_group(stack: HttpStack, request_of: str) -> None:
    group_id = stack.create(**ZIP)["groupId"]
    answer = stack.syncs(request_of.format(group_id), enterprise="globex")
    assert (answer.status, answer.json["code"]) == (404, "group_not_found")


SUMMARY = {
    "byCode": [
        {"code": "unknown_role", "severity": "error", "count": 3, "message": "?", "fix": "?"}
    ],
    "bySchool": [{"school": "north", "errors": 3, "warnings": 0}],
    "byFile": [{"file": "users.csv", "errors": 3, "warnings": 0}],
}


def test_the_error_report_is_led_to_and_summed_up(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    stack.syncs(f"POST /groups/{group_id}/syncs")
    for place in ("errors", "errors/summary"):
        answer = stack.syncs(f"GET /groups/{group_id}/syncs/1/{place}")
        assert (answer.status, answer.json["code"]) == (404, "no_report")
    put(f"reports/{group_id}/1/errors.csv", b"severity,code\r\n")
    put(f"reports/{group_id}/1/summary.json", json.dumps(SUMMARY).encode())
    answer = stack.syncs(f"GET /groups/{group_id}/syncs/1/errors")
    assert answer.status == 303
    address = urlsplit(str(answer.headers["Location"][0]))
    assert address.path.endswith(f"reports/{group_id}/1/errors.csv")
    said = parse_qs(address.query)
    assert said["response-content-disposition"] == ['attachment; filename="errors-1.csv"']
    assert stack.syncs(f"GET /groups/{group_id}/syncs/1/errors/summary").json == SUMMARY
    assert stack.syncs(f"GET /groups/{group_id}/syncs/2/errors").status == 404


@pytest.mark.parametrize(
    "fields", [{"connection": connection()}, {"syncType": "SFTP", "connection": sftp()}]
)
def test_a_connection_test_is_begun_and_read(stack: HttpStack, fields: dict[str, Any]) -> None:
    group_id = stack.create(**fields)["groupId"]
    answer = stack.syncs(f"POST /groups/{group_id}/connection-tests")
    assert answer.status == 202
    test_id = answer.json["testId"]
    assert [message["testId"] for message in stack.messages()] == [test_id]
    shown = stack.syncs(f"GET /groups/{group_id}/connection-tests/{test_id}").json
    assert (shown["finishedAt"], shown["probes"]) == (None, [])
    answer = stack.syncs(f"GET /groups/{group_id}/connection-tests/other")
    assert (answer.status, answer.json["code"]) == (404, "test_not_found")


def test_a_zip_group_has_no_connection_to_test(stack: HttpStack) -> None:
    group_id = stack.create(**ZIP)["groupId"]
    answer = stack.syncs(f"POST /groups/{group_id}/connection-tests")
    assert (answer.status, answer.json["code"]) == (409, "nothing_to_test")


def test_tolerance_is_lenient_and_a_fifth_unless_said_otherwise(stack: HttpStack) -> None:
    made = stack.create(**ZIP)
    assert (made["tolerance"], made["maxRejectedPercent"]) == ("lenient", 20)
    changed = stack.groups(
        f"PATCH /groups/{made['groupId']}", {"tolerance": "strict", "maxRejectedPercent": 0}
    ).json
    assert (changed["tolerance"], changed["maxRejectedPercent"]) == ("strict", 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"tolerance": "loose"},
        {"tolerance": 1},
        {"maxRejectedPercent": 101},
        {"maxRejectedPercent": -1},
        {"maxRejectedPercent": "many"},
    ],
)
def test_a_bad_tolerance_is_refused_with_its_field(
    stack: HttpStack, fields: dict[str, Any]
) -> None:
    group_id = stack.create(**ZIP)["groupId"]
    answer = stack.groups(f"PATCH /groups/{group_id}", fields)
    assert (answer.status, answer.fields) == (422, list(fields))
