"""The clock on the deployed stack: its rules, what is due, twice, and a thousand groups at once."""

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import pytest

from local.api import Api
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.conftest import QUICK
from tests.e2e.deployed import eventually, held, invoke
from tests.e2e.roster import RUN_SECONDS, add_group, ask, check_district

Json = dict[str, Any]

AUTO = {"syncFrequency": "Auto", "period": "Daily", "autoMode": "update"}
MANY = int(os.environ.get("HOMEROOM_MANY", "30"))
"""How many begin and end; a thousand take five minutes on two cores: nightly."""
SPREAD = int(QUICK["SpreadSeconds"])


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=60)


def _group_key(stack: Stack, group_id: str) -> Json:
    owner = {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": "OWNER"}}
    item = stack.client("dynamodb").get_item(TableName=stack.control_table, Key=owner)["Item"]
    return {"pk": {"S": f"ENT#{item['enterprise']['S']}"}, "sk": {"S": f"GROUP#{group_id}"}}


def _due(stack: Stack, group_id: str, at: datetime) -> None:
    """Let a group be due, as it would be when its hour has come."""
    stack.client("dynamodb").update_item(
        TableName=stack.control_table,
        Key=_group_key(stack, group_id),
        UpdateExpression="SET nextRunAt = :at",
        ExpressionAttributeValues={":at": {"N": str(int(at.timestamp()))}},
    )


def _add(api: Api, server: DistrictServer, name: str, **more: Any) -> str:
    """An Auto group after its first sync."""
    group_id = add_group(api, server, name=name, suffix=f"@{name}", **(AUTO | more))
    api.follow_run(group_id, "1", RUN_SECONDS)
    return group_id


def _runs(api: Api, group_id: str) -> list[Json]:
    runs: list[Json] = api.get(f"/groups/{group_id}/syncs")["syncs"]
    return runs


def test_a_rule_fires_and_what_is_due_syncs(stack: Stack, api: Api, district: District) -> None:
    events = stack.client("events")
    with DistrictServer(district) as server:
        due, later, weekly = (
            _add(api, server, "Due"), _add(api, server, "Later"),
            _add(api, server, "Weekly", period="Weekly"),
        )  # fmt: skip
        now = datetime.now(UTC)
        _due(stack, due, now - timedelta(minutes=5))
        _due(stack, weekly, now - timedelta(minutes=5))
        rule = f"{stack.stack_name}-auto-daily"
        known = events.describe_rule(Name=rule)
        # The rule of the template, with its target and its input, only sooner than in an hour.
        events.put_rule(Name=rule, ScheduleExpression="rate(1 minute)", State="ENABLED")
        try:
            eventually(lambda: len(_runs(api, due)) > 1, 150, 1.0)
        finally:
            events.put_rule(Name=rule, ScheduleExpression=known["ScheduleExpression"])
        run = api.follow_run(due, "2", RUN_SECONDS)
        assert (run["state"], run["mode"], run["trigger"], run["startedBy"]) == (
            "Succeeded", "update", "clock", "clock",
        )  # fmt: skip
        assert [len(_runs(api, group_id)) for group_id in (later, weekly)] == [1, 1]
        check_district(stack, due, district)
        shown = next(g for g in api.get("/groups")["groups"] if g["groupId"] == due)
        assert (shown["lastRun"]["runId"], shown["lastRun"]["state"]) == ("2", "Succeeded")
        assert datetime.fromisoformat(shown["nextRunAt"]) > now


def test_a_tick_that_comes_twice_starts_one_run(stack: Stack, api: Api, district: District) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    tick = {"period": "Daily", "tick": now.isoformat()}
    with DistrictServer(district) as server:
        group_id = _add(api, server, "Twice")
        _due(stack, group_id, now - timedelta(hours=1))
        assert invoke(stack, "start_auto_syncs", tick)["started"] == 1
        assert invoke(stack, "start_auto_syncs", tick) == {
            "started": 0, "skipped": 0, "not_due": 0, "retentions": 0, "failed": 0,
        }  # fmt: skip
        api.follow_run(group_id, "2", RUN_SECONDS)
        # One whose run is under way is skipped, and that is history.
        _due(stack, group_id, now - timedelta(hours=1))
        running = ask(api, group_id).body["runId"]
        assert invoke(stack, "start_auto_syncs", tick)["skipped"] == 1
        api.follow_run(group_id, running, RUN_SECONDS)
        skipped = _runs(api, group_id)[0]
        assert (skipped["state"], skipped["reason"]["code"]) == ("Cancelled", "run_under_way")


def test_a_thousand_groups_start_within_the_spread_and_none_is_lost(
    stack: Stack, api: Api, district: District
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    names = [f"thousand{number:024}" for number in range(1000)]
    with DistrictServer(district) as server:
        pattern = _add(api, server, "Thousand", period="Biweekly")
    with held(stack, "sync_api"):
        _copy(stack, pattern, names, now)
        try:
            tick = {"period": "Biweekly", "tick": now.isoformat()}
            done = invoke(stack, "start_auto_syncs", tick)
            assert (done["started"], done["failed"]) == (1000, 0)
            assert invoke(stack, "start_auto_syncs", tick)["started"] == 0
            assert all(_first_run(stack, name)["state"]["S"] == "Accepted" for name in names[::50])
            waits = _received(stack, names)
        finally:
            _forget(stack, pattern, names)
    assert waits.keys() == set(names)
    # No message is seen before its delay is over, and the delays are spread.
    assert all(waited >= _delay(name) for name, waited in waits.items())
    shares = [sum(_delay(name) == second for name in names) for second in range(SPREAD)]
    assert all(150 < share < 250 for share in shares)


def _delay(group_id: str) -> int:
    return crc32(group_id.encode()) % SPREAD


def _received(stack: Stack, names: list[str]) -> dict[str, float]:
    """Take the first message of each group out of the queue; for how many seconds it waited."""
    sqs, queue = stack.client("sqs"), stack.queue_urls["extract_api_queue"]
    waits: dict[str, float] = {}

    def all_taken() -> bool:
        messages = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        for message in messages:
            at = {name: int(value) / 1000 for name, value in message["Attributes"].items()
                  if name.endswith("Timestamp")}  # fmt: skip
            waited = at["ApproximateFirstReceiveTimestamp"] - at["SentTimestamp"]
            waits.setdefault(json.loads(message["Body"])["groupId"], waited)
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return waits.keys() >= set(names)

    eventually(all_taken, 240, 0.0)
    return waits


def _forget(stack: Stack, pattern: str, names: list[str]) -> None:
    """Take the copies and their runs out of the table, before somebody looks after them."""
    dynamodb = stack.client("dynamodb")
    partition = _group_key(stack, pattern)["pk"]
    keys = [{"pk": partition, "sk": {"S": f"GROUP#{name}"}} for name in names]
    keys += [{"pk": {"S": f"GROUP#{name}"}, "sk": {"S": "RUN#0000000001"}} for name in names]
    for start in range(0, len(keys), 25):
        deletes = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={stack.control_table: deletes})


def test_many_groups_begin_and_end_each_by_itself(
    stack: Stack, api: Api, district: District
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    names = [f"many{number:028}" for number in range(MANY)]
    with DistrictServer(district) as server:
        _copy(stack, _add(api, server, "Pattern", period="Monthly"), names, now)
        tick = {"period": "Monthly", "tick": now.isoformat()}
        assert invoke(stack, "start_auto_syncs", tick)["started"] == MANY
        left = set(names)

        def ended() -> bool:
            for name in list(left):
                run = _first_run(stack, name)
                if run["state"]["S"] == "Failed":
                    assert "path_not_found" in run["reason"]["S"]
                    left.discard(name)
            return not left

        eventually(ended, 420, 2.0)


def _copy(stack: Stack, pattern: str, names: list[str], due: datetime) -> None:
    """Make groups like ``pattern`` that are due, and whose source has nothing at their path."""
    dynamodb, kms = stack.client("dynamodb"), stack.client("kms")
    key = _group_key(stack, pattern)
    item = dynamodb.get_item(TableName=stack.control_table, Key=key)["Item"]
    item |= {"nextRunAt": {"N": str(int(due.timestamp()))}, "runSeq": {"N": "0"}}
    config = item["config"]["M"]
    config["connection"]["M"]["path"] = {"S": "/nothing-here"}
    for start in range(0, len(names), 25):
        puts = []
        for name in names[start : start + 25]:
            # A secret is bound to its group.
            sealed = kms.encrypt(
                KeyId=stack.secrets_key_id,
                Plaintext=b"secret",
                EncryptionContext={"groupId": name, "secret": "secretKey"},
            )["CiphertextBlob"]
            secrets = {"M": {"secretKey": {"S": base64.b64encode(sealed).decode()}}}
            own = {"sk": {"S": f"GROUP#{name}"}, "groupId": {"S": name}}
            own["config"] = {"M": config | {"secrets": secrets}}
            puts.append({"PutRequest": {"Item": item | own}})
        dynamodb.batch_write_item(RequestItems={stack.control_table: puts})


def _first_run(stack: Stack, group_id: str) -> Json:
    key = {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": "RUN#0000000001"}}
    found: Json = stack.client("dynamodb").get_item(
        TableName=stack.control_table, Key=key, ConsistentRead=True
    )["Item"]
    return found
