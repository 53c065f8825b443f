"""The events on which people run single functions: each is real, and does no harm."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.assign_content import handler as assign_content
from functions.call_webhook import handler as call_webhook
from functions.close_runs import handler as close_runs
from functions.create_group import handler as create_group
from functions.decide_claims import handler as decide_claims
from functions.delete_group import handler as delete_group
from functions.export_roster import handler as export_roster
from functions.ingest_zip import handler as ingest_zip
from functions.plan_sync import handler as plan_sync
from functions.read_roster import handler as read_roster
from functions.request_sync import handler as request_sync
from functions.send_notices import handler as send_notices
from functions.start_auto_syncs import handler as start_auto_syncs
from functions.sync_api import handler as sync_api
from functions.sync_sftp import handler as sync_sftp
from functions.upsert_entities import handler as upsert_entities
from local.invoke import filled
from shared.domain.ids import EnterpriseId
from shared.http.identity import Caller, caller_of
from shared.messages import (
    ApplyBatch,
    DeleteGroup,
    ExportRoster,
    ExtractLeg,
    MailRunEnd,
    Message,
    PlanRun,
)
from tests.fakes.api import EVENTS, Context
from tests.fakes.control_table import make_control_table
from tests.template.processed import Template, target
from tools.build_function import folder_of

HANDLERS = {
    "create_group": create_group,
    "request_sync": request_sync,
    "read_roster": read_roster,
    "assign_content": assign_content,
    "sync_api": sync_api,
    "sync_sftp": sync_sftp,
    "ingest_zip": ingest_zip,
    "plan_sync": plan_sync,
    "upsert_entities": upsert_entities,
    "close_runs": close_runs,
    "delete_group": delete_group,
    "send_notices": send_notices,
    "call_webhook": call_webhook,
    "export_roster": export_roster,
    "start_auto_syncs": start_auto_syncs,
    "decide_claims": decide_claims,
}
NOBODYS_GROUP = "0" * 32
_NOBODYS_RUN: dict[str, Any] = {"enterprise": "sample", "group_id": NOBODYS_GROUP, "seq": 1}
MESSAGES: dict[str, Message] = {
    "sync_api": ExtractLeg(**_NOBODYS_RUN, leg=0),
    "sync_sftp": ExtractLeg(**_NOBODYS_RUN, leg=0),
    "ingest_zip": ExtractLeg(**_NOBODYS_RUN, leg=0),
    "plan_sync": PlanRun(**_NOBODYS_RUN, leg=1),
    "upsert_entities": ApplyBatch(**_NOBODYS_RUN, batch=0, start=0, length=4096),
    "delete_group": DeleteGroup(**_NOBODYS_RUN, leg=1),
    "send_notices": MailRunEnd(**_NOBODYS_RUN),
    "export_roster": ExportRoster(**_NOBODYS_RUN),
}
OF_NOBODYS_GROUP = ("request_sync", "read_roster", "assign_content")


@dataclass(frozen=True)
class Account:
    """An AWS in memory, with what the template names; ``names`` are by logical id."""

    template: Template
    names: dict[str, str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, function: str) -> Any:
        """Run a function on its event, with the variables that the template gives it."""
        configured = self.template[logical_id(self.template, function)]
        for name, value in configured["Environment"]["Variables"].items():
            found = target(value)
            self.monkeypatch.setenv(name, self.names.get(found, found))
        return HANDLERS[function].lambda_handler(event_of(function), Context())

    def items(self) -> list[dict[str, Any]]:
        return boto3.client("dynamodb").scan(TableName=self.names["ControlTable"])["Items"]

    def messages(self) -> int:
        """Count what lies in all queues."""
        sqs = boto3.client("sqs")
        queues = [
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])[
                "Attributes"
            ]
            for url in sqs.list_queues()["QueueUrls"]
        ]
        return sum(int(queue["ApproximateNumberOfMessages"]) for queue in queues)


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


@pytest.fixture
def account(template: Template, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    builders: list[Any] = [handler.build for handler in HANDLERS.values()]
    for build in builders:
        build.cache_clear()
    with mock_aws():
        names = {
            "ControlTable": make_control_table(boto3.client("dynamodb")),
            "SecretsKey": boto3.client("kms").create_key()["KeyMetadata"]["KeyId"],
            "DataBucket": "data",
        }
        s3: Any = boto3.client("s3")
        here = {"LocationConstraint": s3.meta.region_name}
        s3.create_bucket(Bucket=names["DataBucket"], CreateBucketConfiguration=here)
        sqs = boto3.client("sqs")
        for name in template.of_type("SQS::Queue"):
            names[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        yield Account(template, names, monkeypatch)
    for build in builders:
        build.cache_clear()


def event_of(function: str) -> dict[str, Any]:
    """The event of a function, about a group that nobody has (``local.occasions`` makes one)."""
    message = MESSAGES.get(function)
    values = {
        "groupId": NOBODYS_GROUP,
        "classId": "1" * 32,
        "contentId": "content-1",
        "clientGroupId": "SPR",
        "name": "Springfield",
        "message": message.model_dump_json(by_alias=True) if message else "",
        "md5": "",
        "queueArn": "arn:aws:sqs:eu-central-1:000000000000:queue",
    }
    event: dict[str, Any] = json.loads(filled(EVENTS / f"{function}.json", values))
    return event


def logical_id(template: Template, function: str) -> str:
    return next(
        name for name in template.of_type("Lambda::Function") if folder_of(name) == function
    )


def test_every_function_has_an_event(template: Template) -> None:
    functions = {folder_of(name) for name in template.of_type("Lambda::Function")}
    assert {file.stem for file in EVENTS.glob("*.json")} == functions == set(HANDLERS)


@pytest.mark.parametrize("function", ["create_group", *OF_NOBODYS_GROUP])
def test_requests_come_from_an_enterprise_admin(template: Template, function: str) -> None:
    event = event_of(function)
    assert caller_of(event) == Caller(
        EnterpriseId("sample"), "0f7f4a52-6a0e-4d5e-9b1e-3f0a54f1c1aa"
    )
    paths = template["Api"]["Body"]["paths"]
    called = paths[event["resource"]][event["httpMethod"].lower()]
    assert f"${{{logical_id(template, function)}.Arn}}" in str(called)
    path = event["resource"].format(**event["pathParameters"] or {})
    assert event["path"] == path
    assert event["requestContext"]["path"] == f"/v1{path}"


def test_the_tick_is_that_of_the_schedule(template: Template) -> None:
    event = event_of("close_runs")
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    (rule,) = event["resources"]
    assert rule.partition("rule/")[2] in template.of_type("Events::Rule")


def test_a_group_is_created(account: Account) -> None:
    answer = account.run("create_group")
    assert answer["statusCode"] == 201
    shown = json.loads(answer["body"])
    assert shown["name"] == "Springfield"
    assert "not-a-real-secret" not in json.dumps([answer, account.items()])
    # Its source is made up, so that it must not sync by itself. Its address is to be subscribed.
    assert (shown["syncFrequency"], account.messages()) == ("Manual", 1)


@pytest.mark.parametrize("function", OF_NOBODYS_GROUP)
def test_nobodys_group_is_not_found(account: Account, function: str) -> None:
    answer = account.run(function)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "group_not_found")
    assert (account.items(), account.messages()) == ([], 0)


@pytest.mark.parametrize("function", MESSAGES)
def test_messages_of_nobodys_run_are_done_with(account: Account, function: str) -> None:
    assert account.run(function) == {"batchItemFailures": []}
    assert (account.items(), account.messages()) == ([], 0)


def test_there_is_nothing_to_close(account: Account) -> None:
    assert set(account.run("close_runs").values()) == {0}
    assert (account.items(), account.messages()) == ([], 0)
