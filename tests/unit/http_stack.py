"""The HTTP functions over an AWS in memory (moto): the real handlers and adapters."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from functions.assign_content import handler as assign_content
from functions.create_group import handler as create_group
from functions.read_roster import handler as read_roster
from functions.request_sync import handler as request_sync
from shared.adapters.control_table.keys import group_key
from shared.adapters.dynamodb.values import marshal
from shared.domain.ids import EnterpriseId, GroupId
from tests.fakes.addresses import held_to_region
from tests.fakes.api import Answer, call
from tests.fakes.contract import held_to_contract
from tests.fakes.control_table import make_control_table
from tests.fakes.roster_table import make_roster_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_sqs import SQSClient

REGION = "eu-west-1"
SECRET = "s3cr3t-in-this-test"
FUNCTIONS: tuple[Any, ...] = (create_group, request_sync, read_roster, assign_content)


@dataclass(frozen=True)
class HttpStack:
    """The functions, and a look behind them."""

    dynamodb: "DynamoDBClient"
    kms: "KMSClient"
    sqs: "SQSClient"
    table: str
    queue_url: str
    region: str

    def _held(self, request: str, answer: Answer) -> Answer:
        """Hold every answer to the contract, and what it leads to to the stack's region."""
        return held_to_region(self.region, held_to_contract(request, answer))

    def groups(self, request: str, body: Any = None, **more: Any) -> Answer:
        """Call ``create_group``."""
        return self._held(request, call(create_group.lambda_handler, request, body, **more))

    def syncs(self, request: str, body: Any = None, **more: Any) -> Answer:
        """Call ``request_sync``."""
        return self._held(request, call(request_sync.lambda_handler, request, body, **more))

    def roster(self, request: str, body: Any = None, **more: Any) -> Answer:
        """Call ``read_roster``."""
        return self._held(request, call(read_roster.lambda_handler, request, body, **more))

    def contents(self, request: str, body: Any = None, **more: Any) -> Answer:
        """Call ``assign_content``."""
        return self._held(request, call(assign_content.lambda_handler, request, body, **more))

    def create(self, **changes: Any) -> dict[str, Any]:
        """Create a group that must be accepted; returns what is shown of it."""
        answer = self.groups("POST /groups", group_body(**changes))
        assert answer.status == 201, answer.text
        return answer.json

    def messages(self) -> list[dict[str, Any]]:
        """What lies in the extract queue."""
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def items(self) -> list[dict[str, Any]]:
        """Every item of the table, as DynamoDB holds it."""
        return self.dynamodb.scan(TableName=self.table)["Items"]

    def group_item(self, group_id: str, enterprise: str = "acme") -> dict[str, Any]:
        """The item of a group."""
        key = marshal(group_key(EnterpriseId(enterprise), GroupId(group_id)))
        return self.dynamodb.get_item(TableName=self.table, Key=key)["Item"]

    def set_on_group(self, group_id: str, **attributes: Any) -> None:
        """Write attributes that only runs write."""
        for name, value in attributes.items():
            self.dynamodb.update_item(
                TableName=self.table,
                Key=marshal(group_key(EnterpriseId("acme"), GroupId(group_id))),
                UpdateExpression="SET #name = :value",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":value": value},
            )


@contextmanager
def http_stack(
    monkeypatch: pytest.MonkeyPatch, *, insecure: bool = False, region: str = REGION
) -> Iterator[HttpStack]:
    """Make table, key, queue and bucket, and the functions' environment."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "ALLOW_INSECURE_SOURCES": "true" if insecure else "false",
        "RESEND_SECONDS": "300",
        "BACKUP_DAYS": "35",
        "DATA_BUCKET": "data",
        "POWERTOOLS_SERVICE_NAME": "homeroom",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for function in FUNCTIONS:
        function.build.cache_clear()
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        kms = boto3.client("kms")
        sqs = boto3.client("sqs")
        table = make_control_table(dynamodb)
        queue_url = sqs.create_queue(QueueName="extract")["QueueUrl"]
        monkeypatch.setenv("CONTROL_TABLE", table)
        monkeypatch.setenv("ROSTER_TABLE", make_roster_table(dynamodb))
        monkeypatch.setenv("EXTRACT_API_QUEUE_URL", queue_url)
        monkeypatch.setenv("EXTRACT_SFTP_QUEUE_URL", queue_url)
        monkeypatch.setenv("PLAN_QUEUE_URL", queue_url)
        monkeypatch.setenv("DELETE_QUEUE_URL", queue_url)
        monkeypatch.setenv("NOTICE_QUEUE_URL", sqs.create_queue(QueueName="notices")["QueueUrl"])
        monkeypatch.setenv("GROUP_TOPIC_PREFIX", f"arn:aws:sns:{region}:123456789012:test-group-")
        monkeypatch.setenv("EXPORT_QUEUE_URL", queue_url)
        place: Any = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        # S3 takes no constraint where it began.
        boto3.client("s3").create_bucket(Bucket="data", **(place if region != "us-east-1" else {}))
        monkeypatch.setenv("SECRETS_KEY_ID", kms.create_key()["KeyMetadata"]["KeyId"])
        # The environment is read here, once: a stack may outlive it.
        for function in FUNCTIONS:
            function.build()
        yield HttpStack(dynamodb, kms, sqs, table, queue_url, region)
    for function in FUNCTIONS:
        function.build.cache_clear()


def connection(**changes: Any) -> dict[str, Any]:
    """A connection to a REST source; a change to None leaves the field out."""
    fields = {
        "url": "https://sis.example",
        "authorization": "OAuth1.0",
        "consumerKey": "key",
        "secretKey": SECRET,
    }
    return _without_none(fields | changes)


def sftp(**changes: Any) -> dict[str, Any]:
    """A connection to an SFTP server."""
    fields = {"host": "files.example", "path": "/out", "username": "homeroom", "password": SECRET}
    return _without_none(fields | changes)


def group_body(**changes: Any) -> dict[str, Any]:
    """A request for a group; a change to None leaves the field out."""
    fields = {
        "name": "Springfield",
        "email": "it@springfield.example",
        "clientGroupId": "SPR",
        "onboardingType": "OneRoster1.1",
        "clientPartnerId": "springfield",
        "connection": connection(),
    }
    return _without_none(fields | changes)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
