"""Groups and customers over HTTP: the real handler and adapters over moto."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.create_group import handler
from shared import clock
from shared.adapters.control_table.runs import DynamoRuns
from shared.domain.group.guard import GuardSettings
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.results import RunEnd
from shared.domain.run.run import RunState
from tests.fakes.api import claims_of
from tests.fakes.logs import logged
from tests.unit.http_stack import SECRET, HttpStack, connection, group_body, sftp

AUTO = {"syncFrequency": "Auto", "period": "Daily"}


def _decrypt(stack: HttpStack, ciphertext: str, context: dict[str, str]) -> str:
    answer = stack.kms.decrypt(
        CiphertextBlob=base64.b64decode(ciphertext), EncryptionContext=context
    )
    return answer["Plaintext"].decode()


def _ciphertext(stack: HttpStack, group_id: str, name: str = "secretKey") -> str:
    secrets = stack.group_item(group_id)["config"]["M"]["secrets"]["M"]
    return str(secrets[name]["S"])


def test_a_group_is_created_with_its_defaults(stack: HttpStack) -> None:
    answer = stack.groups("POST /groups", group_body())
    assert answer.status == 201
    group = answer.json
    created = {name: group.pop(name) for name in ("groupId", "createdAt", "updatedAt")}
    assert created["createdAt"] == created["updatedAt"]
    assert group == {
        "name": "Springfield",
        "description": "",
        "email": "it@springfield.example",
        "clientGroupId": "SPR",
        "onboardingType": "OneRoster1.1",
        "syncType": "API",
        "syncFrequency": "Manual",
        "period": None,
        "autoMode": "update",
        "timeZone": "UTC",
        "syncHour": 2,
        "clientPartnerId": "springfield",
        "connection": {
            "url": "https://sis.example",
            "path": "/ims/oneroster/v1p1",
            "authorization": "OAuth1.0",
            "consumerKey": "key",
            "tokenUrl": None,
            "scope": None,
            "pageSize": None,
            "secretsSet": ["secretKey"],
        },
        "customers": [],
        "matchWith": "sourcedId",
        "suffix": "",
        "scope": {
            "schools": None,
            "classes": None,
            "statuses": ["active", "inactive"],
            "roles": ["student", "staff"],
        },
        "storedFields": [],
        "tolerance": "lenient",
        "maxRejectedPercent": 20,
        "guard": GuardSettings().model_dump(by_alias=True),
        "graceDays": 120,
        "pause": None,
        "webhook": None,
        "blackouts": [],
        "additionsOnly": [],
        "lastRun": None,
        "coverImage": group["coverImage"],
        "ownCoverImage": False,
        "coverImageRefused": False,
        "version": 1,
        "nextRunAt": None,
        "activeRunId": None,
        "deletingSince": None,
        "markedAt": None,
        "heldRecords": 0,
    }
    read = stack.groups(f"GET /groups/{created['groupId']}").json
    assert read == group | created | {
        "emailConfirmed": False,
        "emailStatus": "notAsked",
        # Signed anew each time.
        "coverImage": read["coverImage"],
    }


def test_oneroster_1_2_has_its_own_default_path(stack: HttpStack) -> None:
    group = stack.create(
        onboardingType="OneRoster1.2", connection=connection(authorization="OAuth2.0")
    )
    assert group["connection"]["path"] == "/ims/oneroster/rostering/v1p2"


@pytest.mark.parametrize("secret", ["x" * 4096, " padded ", "é" * 2048])
def test_a_secret_is_stored_as_it_came_and_bound_to_its_group(
    stack: HttpStack, secret: str
) -> None:
    group_id = stack.create(connection=connection(secretKey=secret))["groupId"]
    ciphertext = _ciphertext(stack, group_id)
    assert _decrypt(stack, ciphertext, {"groupId": group_id, "secret": "secretKey"}) == secret
    for context in ({}, {"groupId": "other", "secret": "secretKey"}, {"groupId": group_id}):
        with pytest.raises(ClientError):
            _decrypt(stack, ciphertext, context)


def test_a_secret_is_seen_nowhere(
    stack: HttpStack, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Idempotency-Key": "k"}
    answers = [
        stack.groups("POST /groups", group_body(**AUTO), headers=headers),
        stack.groups("POST /groups", group_body(name="", colour=SECRET)),
        stack.groups("GET /groups"),
    ]
    group_id = answers[0].json["groupId"]
    answers.append(stack.groups(f"GET /groups/{group_id}"))
    answers.append(
        stack.groups(f"PATCH /groups/{group_id}", {"connection": {"secretKey": SECRET, "x": 1}})
    )
    everything = [answer.text for answer in answers]
    everything += [json.dumps(stack.items()), json.dumps(stack.messages())]
    everything += [caplog.text, *capsys.readouterr()]
    assert not any(SECRET in text for text in everything)


def test_an_auto_group_starts_its_first_sync(stack: HttpStack) -> None:
    group = stack.create(**AUTO, timeZone="Europe/Berlin")
    assert group["sync"] == {"message": "Sync up request is accepted", "runId": "1"}
    assert stack.messages() == [
        {
            "kind": "ExtractLeg",
            "enterprise": "acme",
            "groupId": group["groupId"],
            "seq": 1,
            "leg": 0,
        }
    ]
    run = stack.syncs(f"GET /groups/{group['groupId']}/syncs/1").json
    assert (run["trigger"], run["state"], run["open"]) == ("newGroup", "Accepted", True)
    item = stack.group_item(group["groupId"])
    assert item["duePeriod"] == {"S": "Daily"}
    assert group["nextRunAt"] is not None


def test_an_auto_sftp_group_starts_its_first_sync(stack: HttpStack) -> None:
    group = stack.create(**AUTO, syncType="SFTP", connection=sftp())
    assert group["sync"]["message"] == "Sync up request is accepted"
    assert group["connection"]["secretsSet"] == ["password"]
    assert group["connection"]["port"] == 22
    [message] = stack.messages()
    assert (message["groupId"], message["leg"]) == (group["groupId"], 0)


def test_a_zip_group_has_no_connection(stack: HttpStack) -> None:
    group = stack.create(syncType="ZIP", connection=None)
    assert group["connection"] is None


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"name": "SPRINGFIELD"}, "name"),
        ({"clientGroupId": "spr"}, "clientGroupId"),
        ({"name": "Shelbyville", "clientGroupId": "SHE", "customers": ["c1"]}, "customers.0"),
    ],
)
def test_what_is_taken_is_refused_and_nothing_is_stored(
    stack: HttpStack, other: dict[str, Any], field: str
) -> None:
    stack.groups("POST /customers", {"name": "One", "customerId": "c1"})
    stack.create(customers=["c1"])
    before = stack.items()
    body = group_body(**({"name": "Other", "clientGroupId": "OTH"} | other))
    answer = stack.groups("POST /groups", body)
    assert (answer.status, answer.fields) == (409, [field])
    assert stack.items() == before


def test_another_enterprise_may_have_the_same_names(stack: HttpStack) -> None:
    stack.create()
    assert stack.groups("POST /groups", group_body(), enterprise="globex").status == 201


def _groups_of_customers(stack: HttpStack) -> dict[str, str | None]:
    customers = stack.groups("GET /customers").json["customers"]
    return {customer["customerId"]: customer["groupId"] for customer in customers}


def test_customers_show_the_group_that_they_are_in(stack: HttpStack) -> None:
    ids = [stack.groups("POST /customers", {"name": f"C{n}"}).json["customerId"] for n in range(3)]
    group_id = stack.create(customers=ids[:2])["groupId"]
    shown = {
        c["customerId"]: c["groupId"] for c in stack.groups("GET /customers").json["customers"]
    }
    assert shown == {ids[0]: group_id, ids[1]: group_id, ids[2]: None}
    changed = stack.groups(f"PATCH /groups/{group_id}", {"customers": [ids[2]]})
    assert changed.json["customers"] == [ids[2]]
    shown = {
        c["customerId"]: c["groupId"] for c in stack.groups("GET /customers").json["customers"]
    }
    assert shown == {ids[0]: None, ids[1]: None, ids[2]: group_id}


def test_another_enterprise_sees_nothing(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    for method, tail, body in (
        ("GET", "", None),
        ("PATCH", "", {"description": "x"}),
        ("DELETE", "?name=Springfield", None),
        ("POST", "/cover-image", {"contentType": "image/png"}),
    ):
        answer = stack.groups(f"{method} /groups/{group_id}{tail}", body, enterprise="globex")
        assert (answer.status, answer.json["code"]) == (404, "group_not_found")
    for request in ("POST /groups/{}/syncs", "GET /groups/{}/syncs", "GET /groups/{}/syncs/1"):
        answer = stack.syncs(request.format(group_id), enterprise="globex")
        assert (answer.status, answer.json["code"]) == (404, "group_not_found")
    assert stack.groups("GET /groups", enterprise="globex").json["groups"] == []
    assert stack.groups("GET /customers", enterprise="globex").json["customers"] == []
    body = group_body(customers=["c1"])
    stack.groups("POST /customers", {"name": "One", "customerId": "c1"})
    foreign = stack.groups("POST /groups", body, enterprise="globex")
    assert (foreign.status, foreign.fields) == (422, ["customers.0"])


@pytest.mark.parametrize(
    "change",
    [
        {"token_use": "access"},
        {"token_use": None},
        {"homeroom_enterprise": ""},
        {"homeroom_enterprise": None},
        {"cognito:groups": "enterprise-admins"},
        {"cognito:groups": "viewer,not-enterprise-admin"},
        {"cognito:groups": ""},
        {"cognito:groups": None},
    ],
)
def test_who_is_no_admin_is_refused(stack: HttpStack, change: dict[str, Any]) -> None:
    claims = {k: v for k, v in (claims_of() | change).items() if v is not None}
    for call, request in (
        (stack.groups, "GET /groups"),
        (stack.groups, "POST /groups"),
        (stack.groups, "DELETE /groups/x"),
        (stack.groups, "POST /customers"),
        (stack.syncs, "POST /groups/x/syncs"),
    ):
        answer = call(request, claims=claims)
        assert answer.status == 403
        assert answer.content_type == "application/problem+json"
    assert stack.groups("GET /groups", claims={}).status == 403


@pytest.mark.parametrize("groups", ["viewer,enterprise-admin", "[viewer enterprise-admin]"])
def test_an_admin_may_be_in_other_groups_too(stack: HttpStack, groups: str) -> None:
    claims = claims_of() | {"cognito:groups": groups}
    assert stack.groups("GET /groups", claims=claims).status == 200


def test_an_address_that_is_not_there(stack: HttpStack) -> None:
    answer = stack.groups("GET /nowhere")
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    wrong = stack.groups("PUT /groups")
    assert (wrong.status, wrong.json["code"]) == (405, "method_not_allowed")
    assert sorted(wrong.headers["Allow"][0].split(", ")) == ["GET", "POST"]


def test_pages_cover_all_groups_once_and_cursors_name_no_tenant(stack: HttpStack) -> None:
    made = {stack.create(name=f"G{n}", clientGroupId=f"G{n}")["groupId"] for n in range(5)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = stack.groups(f"GET /groups?limit=2{cursor}").json
        seen += [group["groupId"] for group in page["groups"]]
        if page["cursor"] is None:
            break
        assert b"acme" not in base64.urlsafe_b64decode(page["cursor"])
        foreign = stack.groups(f"GET /groups?cursor={page['cursor']}", enterprise="globex")
        assert foreign.json["groups"] == []
        cursor = f"&cursor={page['cursor']}"
    assert len(seen) == len(made)
    assert set(seen) == made


def test_deleting_a_group_needs_its_name(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    for query in ("", "?name=springfield"):
        answer = stack.groups(f"DELETE /groups/{group_id}{query}")
        assert (answer.json["code"], answer.fields) == ("name_not_confirmed", ["name"])
    assert stack.groups(f"GET /groups/{group_id}").status == 200


def test_a_deleted_group_frees_everything(stack: HttpStack) -> None:
    stack.groups("POST /customers", {"name": "One", "customerId": "c1"})
    group_id = stack.create(customers=["c1"])["groupId"]
    assert stack.groups(f"DELETE /groups/{group_id}?name=Springfield").status == 204
    assert stack.groups(f"GET /groups/{group_id}").status == 404
    assert stack.syncs(f"POST /groups/{group_id}/syncs").status == 404
    kept = {item["sk"]["S"] for item in stack.items()}
    assert kept == {"CUST#c1", f"GONE#{group_id}"}
    stack.create(customers=["c1"])


def test_a_group_with_a_run_or_a_roster_is_deleted_in_the_background(stack: HttpStack) -> None:
    group_id = stack.create(**AUTO)["groupId"]
    [extract] = stack.messages()
    answer = stack.groups(f"DELETE /groups/{group_id}?name=Springfield")
    assert (answer.status, answer.json) == (
        202,
        {"message": "The group is being deleted", "runId": "2"},
    )
    # A second request finds it under way, and its message sent.
    assert stack.groups(f"DELETE /groups/{group_id}?name=Springfield").json == answer.json
    assert [(message["seq"], message["leg"]) for message in stack.messages()] == [(2, 0)]
    assert stack.syncs(f"GET /groups/{group_id}/syncs/{extract['seq']}").json["state"] == (
        "Superseded"
    )
    run = stack.syncs(f"GET /groups/{group_id}/syncs/2").json
    assert (run["mode"], run["state"], run["startedBy"]) == ("delete", "Accepted", run["startedBy"])
    # It can be seen, and nothing else.
    [listed] = stack.groups("GET /groups").json["groups"]
    shown = stack.groups(f"GET /groups/{group_id}").json
    # The address of the image is signed anew each time.
    said = {"emailConfirmed": False, "emailStatus": "notAsked", "coverImage": shown["coverImage"]}
    assert shown == listed | said
    assert listed["deletingSince"] is not None
    for request in ("PATCH /groups/{}", "POST /groups/{}/syncs", "GET /groups/{}/hold"):
        call = stack.groups if request.startswith("PATCH") else stack.syncs
        assert call(request.format(group_id), {}).status == 404
    taken = stack.groups("POST /groups", group_body(**AUTO))
    assert (taken.status, taken.json["code"]) == (409, "name_taken")


@pytest.mark.parametrize(
    ("answered", "status"),
    [("roster", 204), ("syncs", 202), ("cover-image", 202), ("uploads", 202)],
)
def test_only_an_untouched_group_is_gone_at_once(
    stack: HttpStack, answered: str, status: int
) -> None:
    # To a zip group a bundle may be on its way.
    zipped = {"syncType": "ZIP", "connection": None} if answered == "uploads" else {}
    group_id = stack.create(**zipped)["groupId"]
    match answered:
        case "uploads":
            assert stack.syncs(f"POST /groups/{group_id}/uploads", {}).status == 201
        case "syncs":
            # It failed long ago; its report and what it staged may be there still.
            run = stack.syncs(f"POST /groups/{group_id}/syncs").json["runId"]
            key = RunKey(EnterpriseId("acme"), GroupId(group_id), int(run))
            runs = DynamoRuns(stack.dynamodb, stack.table)
            assert runs.close(key, clock.now(), RunEnd(RunState.FAILED))
        case "cover-image":
            stack.groups(f"POST /groups/{group_id}/cover-image", {"contentType": "image/png"})
        case _:
            stack.groups(f"DELETE /groups/{group_id}/roster")
    assert stack.groups(f"DELETE /groups/{group_id}?name=Springfield").status == status


def test_a_repeated_request_gives_the_same_answer(stack: HttpStack) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = stack.groups("POST /groups", group_body(**AUTO), headers=headers)
    again = stack.groups("POST /groups", group_body(**AUTO), headers=headers)
    assert (again.status, again.text) == (201, first.text)
    assert len(stack.messages()) == 1
    other = stack.groups("POST /groups", group_body(name="X"), headers=headers)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    foreign = stack.groups("POST /groups", group_body(), headers=headers, enterprise="globex")
    assert foreign.json["groupId"] != first.json["groupId"]


def test_a_refused_request_may_be_repeated_corrected(stack: HttpStack) -> None:
    headers = {"idempotency-key": "k1"}
    assert stack.groups("POST /groups", group_body(name=""), headers=headers).status == 422
    assert stack.groups("POST /groups", group_body(), headers=headers).status == 201


@pytest.mark.parametrize("key", ["x" * 256, "  "])
def test_a_strange_idempotency_key_does_no_harm(stack: HttpStack, key: str) -> None:
    answer = stack.groups("POST /groups", group_body(), headers={"Idempotency-Key": key})
    assert answer.status == 201


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/webp"])
def test_a_cover_image_gets_a_form_that_s3_checks(stack: HttpStack, kind: str) -> None:
    group_id = stack.create()["groupId"]
    answer = stack.groups(f"POST /groups/{group_id}/cover-image", {"contentType": kind})
    assert answer.status in (200, 201)
    fields = answer.json["fields"]
    assert fields["Content-Type"] == kind
    assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    policy = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert {"Content-Type": kind} in policy
    assert ["content-length-range", 1, 5 * 1024 * 1024] in policy
    assert fields["key"].startswith(f"covers/{group_id}")


@pytest.mark.parametrize("body", [{}, {"contentType": "image/svg+xml"}, {"contentType": 1}])
def test_other_images_are_refused(stack: HttpStack, body: dict[str, Any]) -> None:
    group_id = stack.create()["groupId"]
    answer = stack.groups(f"POST /groups/{group_id}/cover-image", body)
    assert (answer.status, answer.fields) == (422, ["contentType"])


def test_a_mail_service_that_does_not_say_does_not_hide_the_group(
    stack: HttpStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": "Throttled"}}, "ListSubscriptionsByTopic")

    group_id = stack.create()["groupId"]
    mailing: Any = handler.build().mailing
    monkeypatch.setattr(mailing, "_subscribed", throttled)
    with logged(handler.logger) as lines:
        answer = stack.groups(f"GET /groups/{group_id}")
    assert answer.status == 200
    assert {"emailStatus", "emailConfirmed"} & answer.json.keys() == set()
    [line] = [line for line in lines.all if line["message"] == "email status unknown"]
    assert line["aws_error"] == "ListSubscriptionsByTopic: Throttled"


def test_an_unexpected_error_shows_nothing_of_itself(
    stack: HttpStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("inner detail")

    monkeypatch.setattr(handler.build().ports.groups, "get", broken)
    answer = stack.groups("GET /groups/x")
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert "inner detail" not in answer.text
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


def test_a_group_that_we_cannot_read_is_no_fault_of_the_callers(stack: HttpStack) -> None:
    group_id = stack.create()["groupId"]
    stack.set_on_group(group_id, timeZone={"BOOL": True})
    assert stack.groups(f"GET /groups/{group_id}").status == 500
