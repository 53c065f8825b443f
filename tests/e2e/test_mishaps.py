"""What AWS may do to messages and workers, injected, since the emulator never does it by itself."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from local.api import Api
from local.emulator import REGION
from local.sample_district.evolution import with_user
from local.sample_district.quirks import Quirks
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.deployed import eventually, held, invoke
from tests.e2e.roster import (
    add_group,
    ask,
    check_district,
    counted,
    group_items,
    sync,
    written_by,
)
from tools.redrive import redrive


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=60)


@pytest.fixture
def server(district: District) -> Iterator[DistrictServer]:
    with DistrictServer(district) as running:
        yield running


def test_messages_that_come_twice_or_late_change_nothing(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    group_id = add_group(api, server)
    first = sync(api, group_id)
    old = _messages_of(stack, api, group_id, first)
    server.district = with_user(server.district, "pupil-000001", given_name="Changed")
    second = sync(api, group_id)
    before = group_items(stack, group_id)
    new = _messages_of(stack, api, group_id, second)
    for queue, message in [*old, *new, *old]:
        _send(stack, queue, message)
    _wait_until_empty(stack)
    assert group_items(stack, group_id) == before
    check_district(stack, group_id, server.district)
    assert counted(sync(api, group_id), "unchanged") == server.district.counts()


def test_a_batch_applied_twice_while_its_run_goes_on(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    group_id = add_group(api, server)
    with held(stack, "upsert_entities"):
        run_id = ask(api, group_id).body["runId"]
        eventually(lambda: _state(api, group_id, run_id) == "Applying", 60)
        for queue, message in _batches(stack, api, group_id, run_id):
            _send(stack, queue, message)
    run = api.follow_run(group_id, run_id, 60)
    assert counted(run, "created") == server.district.counts()
    check_district(stack, group_id, server.district)


@pytest.mark.parametrize("function", ["sync_api", "plan_sync", "upsert_entities"])
def test_a_lost_message_is_sent_again(
    stack: Stack, api: Api, server: DistrictServer, function: str
) -> None:
    queue = {"sync_api": "extract_api_queue", "plan_sync": "plan_queue"}.get(
        function, "upsert_queue"
    )
    group_id = add_group(api, server)
    with held(stack, function):
        run_id = ask(api, group_id).body["runId"]
        eventually(lambda: _waiting(stack, queue) > 0, 60)
        stack.client("sqs").purge_queue(QueueUrl=stack.queue_urls[queue])
    assert _state(api, group_id, run_id) != "Succeeded"

    def looked_after() -> bool:
        # Its rule ticks as well, so that it may be either that sends the message again.
        invoke(stack, "close_runs", {})
        return not api.get(f"/groups/{group_id}/syncs/{run_id}")["open"]

    eventually(looked_after, 150, every=1)
    assert _state(api, group_id, run_id) == "Succeeded"
    check_district(stack, group_id, server.district)


def test_a_worker_killed_in_the_middle_is_followed_by_another(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    server.quirks = Quirks(latency_seconds=0.4)
    group_id = add_group(api, server)
    run_id = ask(api, group_id).body["runId"]
    eventually(lambda: len(server.requests) > 3, 30)
    _kill(stack, "sync_api")
    server.quirks = Quirks()
    run = api.follow_run(group_id, run_id, 120)
    assert run["state"] == "Succeeded", run
    check_district(stack, group_id, server.district)


@pytest.mark.parametrize(
    ("function", "state"), [("plan_sync", "Planning"), ("upsert_entities", "Applying")]
)
def test_a_planner_or_writer_killed_in_the_middle_is_followed_by_another(
    stack: Stack, api: Api, function: str, state: str
) -> None:
    # Large enough that there is a middle.
    large = generate(pupils=1500)
    with DistrictServer(large) as server:
        group_id = add_group(api, server)
        run_id = ask(api, group_id).body["runId"]
        eventually(lambda: _state(api, group_id, run_id) == state, 60, 0.02)
        _kill(stack, function)
        assert api.get(f"/groups/{group_id}/syncs/{run_id}")["open"]
        run = api.follow_run(group_id, run_id, 180)
        assert run["state"] == "Succeeded", run
        check_district(stack, group_id, large)


def test_what_cannot_be_written_is_parked_and_named_and_written_by_the_next_run(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    group_id = add_group(api, server)
    parked = _waiting(stack, "upsert_dead_letters")
    # Users, who are written with their login names in a transaction, cannot be; all else can.
    with _denied(stack, "UpsertEntitiesRole", "dynamodb:UpdateItem", stack.roster_table):
        run_id = ask(api, group_id).body["runId"]
        run = api.follow_run(group_id, run_id, 240)
    assert run["state"] == "SucceededWithErrors", run
    # What was written at the first attempt is among them: the write that would say so at the next
    # is denied as well.
    assert (run["reason"]["code"], "Affected: " in run["reason"]["message"]) == (
        "changes_unapplied", True,
    )  # fmt: skip
    # Parked as soon as its last receive has had its time.
    eventually(lambda: _waiting(stack, "upsert_dead_letters") > parked, 60)
    there = {item["pk"].split("#")[1] for item in group_items(stack, group_id)}
    assert there == {"P", "S", "K", "C", "E"}
    # The cause is gone; the next run writes what was not written.
    assert sync(api, group_id)["state"] == "Succeeded"
    check_district(stack, group_id, server.district)
    # Sent back, what was parked does nothing: its run has ended.
    before = group_items(stack, group_id)
    queues = (stack.queue_urls[name] for name in ("upsert_dead_letters", "upsert_queue"))
    assert redrive(stack.client("sqs"), *queues) >= 1
    assert _waiting(stack, "upsert_dead_letters") == 0
    _wait_until_empty(stack)
    assert group_items(stack, group_id) == before


@contextmanager
def _denied(stack: Stack, role: str, action: str, table: str) -> Iterator[None]:
    """Forbid a role one action on a table while the block runs."""
    iam = stack.client("iam")
    [name] = [r["RoleName"] for r in iam.list_roles()["Roles"] if role in r["RoleName"]]
    statement = {
        "Effect": "Deny",
        "Action": action,
        "Resource": f"arn:aws:dynamodb:{REGION}:000000000000:table/{table}",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="denied", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="denied")


def test_an_abandoned_run_frees_its_group_and_the_next_makes_good(
    stack: Stack, api: Api, server: DistrictServer
) -> None:
    group_id = add_group(api, server)
    with held(stack, "upsert_entities"):
        run_id = ask(api, group_id).body["runId"]
        eventually(lambda: _state(api, group_id, run_id) == "Applying", 60)
        [(queue, message), *_] = _batches(stack, api, group_id, run_id)
        stack.client("sqs").purge_queue(QueueUrl=stack.queue_urls[queue])
        invoke(stack, "upsert_entities", _event(message))
        assert group_items(stack, group_id), "half of it is written"
        _exhaust(stack, group_id, run_id)
        invoke(stack, "close_runs", {})
    run = api.get(f"/groups/{group_id}/syncs/{run_id}")
    assert (run["state"], run["reason"]["code"]) == ("Failed", "abandoned")
    # The source changes meanwhile: what the abandoned run wrote must not look unchanged.
    server.district = with_user(server.district, "pupil-000002", given_name="Other")
    good = sync(api, group_id)
    assert good["state"] == "Succeeded"
    assert counted(good, "created") == server.district.counts()
    check_district(stack, group_id, server.district)
    assert written_by(stack, group_id, sync(api, group_id)) == 0


def _state(api: Api, group_id: str, run_id: str) -> str:
    return str(api.get(f"/groups/{group_id}/syncs/{run_id}")["state"])


def _waiting(stack: Stack, queue: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.queue_urls[queue], AttributeNames=names
    )
    return sum(int(answer["Attributes"][name]) for name in names)


def _wait_until_empty(stack: Stack) -> None:
    queues = ("extract_api_queue", "plan_queue", "upsert_queue")
    eventually(lambda: not any(_waiting(stack, queue) for queue in queues), 60)


def _run_item(stack: Stack, group_id: str, run_id: str) -> dict[str, Any]:
    key = {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": f"RUN#{int(run_id):010d}"}}
    return dict(stack.client("dynamodb").get_item(TableName=stack.control_table, Key=key)["Item"])


def _names(stack: Stack, group_id: str, run_id: str) -> dict[str, Any]:
    enterprise = _run_item(stack, group_id, run_id)["enterprise"]["S"]
    return {"enterprise": enterprise, "groupId": group_id, "seq": int(run_id)}


def _batches(
    stack: Stack, api: Api, group_id: str, run_id: str
) -> list[tuple[str, dict[str, Any]]]:
    """The messages of a planned run, made anew from its plan."""
    plan = json.loads(_run_item(stack, group_id, run_id)["plan"]["S"])
    body = stack.client("s3").get_object(
        Bucket=stack.drop_bucket, Key=plan["changes_key"] + ".index"
    )["Body"]
    ends = [0, *json.loads(body.read())]
    names = _names(stack, group_id, run_id)
    return [
        ("upsert_queue", names | {"batch": number, "start": start, "length": end - start})
        for number, (start, end) in enumerate(pairwise(ends))
    ]


def _messages_of(
    stack: Stack, api: Api, group_id: str, run: dict[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    names = _names(stack, group_id, run["runId"])
    return [
        ("extract_api_queue", names | {"leg": 0}),
        ("plan_queue", names | {"leg": 1}),
        *_batches(stack, api, group_id, run["runId"]),
    ]


def _send(stack: Stack, queue: str, message: dict[str, Any]) -> None:
    stack.client("sqs").send_message(
        QueueUrl=stack.queue_urls[queue], MessageBody=json.dumps(message)
    )


def _event(message: dict[str, Any]) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1"}
    record = {"messageId": "m", "body": json.dumps(message), "attributes": attributes}
    return {"Records": [record | {"eventSource": "aws:sqs", "messageAttributes": {}}]}


def _exhaust(stack: Stack, group_id: str, run_id: str) -> None:
    """Let it look as if the run's message had been sent again as often as it ever is, long ago."""
    item = _run_item(stack, group_id, run_id)
    stack.client("dynamodb").update_item(
        TableName=stack.control_table,
        Key={name: item[name] for name in ("pk", "sk")},
        UpdateExpression="SET resends = :five, openUntil = :past, sentAt = :past",
        ExpressionAttributeValues={":five": {"N": "5"}, ":past": {"N": "1"}},
    )


def _kill(stack: Stack, function: str) -> None:
    """Kill a function's workers as hard as can be; those of other stacks live."""
    name = f"{stack.folder}/emulator/tmp/ministack-lambda-{stack.functions[function]}"
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    pids = [int(line.split()[0]) for line in listing.splitlines() if name in line]
    assert pids, f"no worker of {function}"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
