"""The events that people and `sam local invoke` run the functions on."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.close_runs import handler as close_runs
from functions.create_group import handler as create_group
from functions.plan_sync import handler as plan_sync
from functions.request_sync import handler as request_sync
from functions.sync_api import handler as sync_api
from functions.upsert_entities import handler as upsert_entities
from shared.http.identity import Caller, caller_of
from shared.messages import ApplyBatch, ExtractLeg, Message, PlanRun
from tests.fakes.api import Context
from tests.fakes.control_table import make_control_table
from tests.template.processed import ROOT, Template, target
from tests.unit.http_stack import HttpStack

EVENTS = ROOT / "events"
HTTP = ("create_group", "request_sync")
NOBODYS_GROUP = "0" * 32
CONSUMERS: dict[str, tuple[Any, type[Message], str]] = {
    "sync_api": (sync_api, ExtractLeg, "ExtractApiQueue"),
    "plan_sync": (plan_sync, PlanRun, "PlanQueue"),
    "upsert_entities": (upsert_entities, ApplyBatch, "UpsertQueue"),
}


def event(function: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EVENTS / f"{function}.json").read_text())
    return read


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(Platform="emulator")


@pytest.fixture
def account(template: Template, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS in memory with what the functions reach for, and their environment of the template."""
    builders: list[Callable[[], Any]] = [
        module.build_ports for module in (sync_api, plan_sync, upsert_entities, close_runs)
    ]
    for function in (*CONSUMERS, "close_runs"):
        for name, value in variables(template, function).items():
            monkeypatch.setenv(name, value)
    with mock_aws():
        make_control_table(boto3.client("dynamodb"))
        boto3.client("s3").create_bucket(
            Bucket="DataBucket".lower(),
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
        )
        yield
    for build in builders:
        build.cache_clear()  # type: ignore[attr-defined]
