"""Groups, customers and requests for syncs on the deployed stack: gateway, sign-in, permissions.

What each field refuses is tried one by one in the unit tests; here one of each kind goes the
whole way.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request, urlopen

import pytest

from local.api import Api
from local.stack import Stack
from tests.e2e.conftest import AdminMaker
from tests.e2e.deployed import logs_of

SECRET = "a-secret-of-the-end-to-end-tests"


def _body(name: str = "Springfield", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "email": "it@springfield.example",
        "clientGroupId": name[:3].upper(),
        "onboardingType": "OneRoster1.1",
        "clientPartnerId": "springfield",
        "connection": {
            "url": "https://sis.example",
            "authorization": "OAuth1.0",
            "consumerKey": "key",
            "secretKey": SECRET,
        },
    } | changes


def _created(api: Api, name: str = "Springfield", **changes: Any) -> dict[str, Any]:
    answer = api.call("POST", "/groups", _body(name, **changes))
    assert answer.status == 201, answer
    group: dict[str, Any] = answer.body
    return group


def _refused(answer: Any) -> tuple[int, str, list[str]]:
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer
    fields = [entry["field"] for entry in answer.body.get("errors", [])]
    return answer.status, answer.body["code"], fields


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/groups"),
        ("POST", "/groups"),
        ("GET", "/groups/x"),
        ("PATCH", "/groups/x"),
        ("DELETE", "/groups/x"),
        ("POST", "/groups/x/cover-image"),
        ("GET", "/customers"),
        ("POST", "/customers"),
        ("POST", "/groups/x/syncs"),
        ("GET", "/groups/x/syncs"),
        ("GET", "/groups/x/syncs/1"),
    ],
)
def test_nothing_is_answered_without_a_token(stack: Stack, method: str, path: str) -> None:
    body: dict[str, Any] | None = {} if method in ("POST", "PATCH") else None
    assert Api(stack.api_url).call(method, path, body).status == 401


def test_a_group_lives_from_its_creation_to_its_end(api: Api) -> None:
    group = _created(api, description="old")
    path = f"/groups/{group['groupId']}"
    assert group["connection"]["secretsSet"] == ["secretKey"]
    assert SECRET not in json.dumps(group)
    read = api.get(path)
    assert isinstance(read.pop("emailConfirmed"), bool)
    read.pop("emailStatus", None)
    # The address of the image is signed anew each time.
    assert read.pop("coverImage").partition("?")[0] == group.pop("coverImage").partition("?")[0]
    assert read == group
    assert [other["groupId"] for other in api.get("/groups")["groups"]] == [group["groupId"]]

    changed = api.call("PATCH", path, {"version": 1, "description": "new", "name": "Shelbyville"})
    assert (changed.status, changed.body["description"], changed.body["version"]) == (200, "new", 2)
    assert _refused(api.call("PATCH", path, {"suffix": "-s"}, {"If-Match": '"1"'}))[0] == 412

    assert _refused(api.call("DELETE", path))[1] == "name_not_confirmed"
    assert api.call("DELETE", f"{path}?name=Shelbyville").status == 204
    assert _refused(api.call("GET", path))[:2] == (404, "group_not_found")
    _created(api, "Shelbyville", clientGroupId="SPR")


def test_another_enterprises_group_is_not_there(api: Api, admin_of: AdminMaker) -> None:
    group_id = _created(api)["groupId"]
    stranger = admin_of("stranger")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"description": "x"}),
        ("DELETE", "?name=Springfield", None),
        ("POST", "/cover-image", {"contentType": "image/png"}),
        ("POST", "/syncs", {}),
        ("GET", "/syncs", None),
        ("GET", "/syncs/1", None),
    ):
        answer = stranger.call(method, f"/groups/{group_id}{path}", body)
        assert _refused(answer)[:2] == (404, "group_not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "nobody"}, "email"),
        ({"clientGroupId": "a b"}, "clientGroupId"),
        ({"onboardingType": "OneRoster9"}, "onboardingType"),
        ({"period": "Daily"}, "period"),
        ({"syncFrequency": "Auto"}, "period"),
        ({"syncType": "ZIP"}, "connection"),
        ({"connection": {"url": "https://sis.example"}}, "connection.secretKey"),
        ({"connection": {"url": "sis"}}, "connection.url"),
        ({"customers": ["nobody"]}, "customers.0"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_fields_are_named(api: Api, change: dict[str, Any], field: str) -> None:
    status, code, fields = _refused(api.call("POST", "/groups", _body(**change)))
    assert (status, code) == (422, "invalid_fields")
    assert field in fields


def test_of_creations_at_once_one_has_the_name(api: Api) -> None:
    def create(number: int) -> int:
        return api.call("POST", "/groups", _body(clientGroupId=f"G{number}")).status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(create, range(6)))
    assert sorted(statuses) == [201, 409, 409, 409, 409, 409]
    assert len(api.get("/groups")["groups"]) == 1


def test_names_are_unique_and_customers_in_one_group(api: Api) -> None:
    customers = [
        api.call("POST", "/customers", {"name": name}).body["customerId"] for name in "ABC"
    ]
    group_id = _created(api, customers=customers[:2])["groupId"]
    shown = {row["customerId"]: row["groupId"] for row in api.get("/customers")["customers"]}
    assert shown == {customers[0]: group_id, customers[1]: group_id, customers[2]: None}
    for other, field in (
        (_body("springfield", clientGroupId="X"), "name"),
        (_body("Other", clientGroupId="spr"), "clientGroupId"),
        (_body("Other", customers=[customers[2], customers[1]]), "customers.1"),
    ):
        status, _, fields = _refused(api.call("POST", "/groups", other))
        assert (status, fields) == (409, [field])
    api.call("PATCH", f"/groups/{group_id}", {"customers": [customers[2]]})
    _created(api, "Other", customers=customers[:2])


def test_a_sync_is_accepted_once(api: Api) -> None:
    group_id = _created(api, syncFrequency="Auto", period="Daily")["groupId"]
    # The source does not exist, so the first run ends by itself, but not before it is asked for.
    first = api.get(f"/groups/{group_id}/syncs/1")
    assert (first["trigger"], first["mode"]) == ("newGroup", "sync")
    api.follow_run(group_id, "1", 60)
    key = {"Idempotency-Key": "one"}
    accepted = api.call("POST", f"/groups/{group_id}/syncs", {"mode": "sync"}, key)
    assert accepted.status == 202
    assert accepted.body == {"message": "Sync up request is accepted", "runId": "2"}
    again = api.call("POST", f"/groups/{group_id}/syncs", {"mode": "sync"}, key)
    assert (again.status, again.body) == (202, accepted.body)
    api.follow_run(group_id, "2", 60)
    history = api.get(f"/groups/{group_id}/syncs?limit=1")
    assert [run["runId"] for run in history["syncs"]] == ["2"]
    older = api.get(f"/groups/{group_id}/syncs?limit=1&cursor={history['cursor']}")
    assert [run["runId"] for run in older["syncs"]] == ["1"]
    refused = api.call("POST", f"/groups/{group_id}/syncs", {"mode": "delete"})
    assert _refused(refused) == (422, "invalid_fields", ["mode"])


def test_a_cover_image_can_be_uploaded(api: Api) -> None:
    group_id = _created(api)["groupId"]
    address = api.call("POST", f"/groups/{group_id}/cover-image", {"contentType": "image/png"})
    form = address.body
    assert _upload(form["url"], form["fields"], b"\x89PNG....") in (200, 201, 204)


def _upload(url: str, fields: dict[str, str], content: bytes) -> int:
    boundary = b"a-boundary"
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (boundary, name.encode(), value.encode())
        for name, value in fields.items()
    ]
    head = b'--%s\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n' % boundary
    body = b"".join(parts) + head + content + b"\r\n--%s--\r\n" % boundary
    kind = f"multipart/form-data; boundary={boundary.decode()}"
    request = Request(url, data=body, method="POST", headers={"Content-Type": kind})
    with urlopen(request, timeout=30) as answer:
        status: int = answer.status
        return status


def test_a_secret_is_in_no_log_and_no_item(stack: Stack, api: Api) -> None:
    _created(api)
    api.call("POST", "/groups", _body(name="", colour=SECRET))
    pages = stack.client("dynamodb").get_paginator("scan")
    items = [
        item for page in pages.paginate(TableName=stack.control_table) for item in page["Items"]
    ]
    assert items
    assert SECRET not in json.dumps(items, default=str)
    assert not any(SECRET in line for line in logs_of(stack, "create_group"))
