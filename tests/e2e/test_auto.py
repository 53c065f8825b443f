"""The clock on the deployed stack: its rules, what is due, twice, and a thousand groups at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.api import Api
from local.sample_district.roster import District, generate
from local.sample_district.server import DistrictServer
from local.stack import Stack
from tests.e2e.deployed import eventually, invoke
from tests.e2e.roster import RUN_SECONDS, add_group, ask, check_district

Json = dict[str, Any]

AUTO = {"syncFrequency": "Auto", "period": "Daily", "autoMode": "update"}
MANY = 1000
SPREAD = 5  # seconds, see conftest.QUICK


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


def _add(api: Api, server: DistrictServer, name: str, **more: str) -> str:
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
            "started": 0, "skipped": 0, "not_due": 0, "failed": 0,
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
    with DistrictServer(district) as server:
        pattern = _add(api, server, "Pattern", period="Monthly")
    dynamodb = stack.client("dynamodb")
    item = dynamodb.get_item(TableName=stack.control_table, Key=_group_key(stack, pattern))["Item"]
    # Their source does not exist, so that each run ends as soon as it begins.
    config = item["config"]["M"]
    config["connection"]["M"]["url"] = {"S": "https://nowhere.invalid"}
    names = [f"many{number:028}" for number in range(MANY)]
    due: Json = {"nextRunAt": {"N": str(int(now.timestamp()))}, "runSeq": {"N": "0"}}
    for start in range(0, MANY, 25):
        puts = [
            {"PutRequest": {"Item": item | due | {
                "sk": {"S": f"GROUP#{name}"}, "groupId": {"S": name}}}}
            for name in names[start : start + 25]
        ]  # fmt: skip
        dynamodb.batch_write_item(RequestItems={stack.control_table: puts})
    tick = {"period": "Monthly", "tick": now.isoformat()}
    done = invoke(stack, "start_auto_syncs", tick)
    assert (done["started"], done["failed"]) == (MANY, 0)
    opened = {name: _first_run(stack, name) for name in names}
    begins = [int(run["openUntil"]["N"]) for run in opened.values() if "openUntil" in run]
    assert len(set(begins)) >= SPREAD - 1
    # Each has begun and ended by itself.
    left = set(names)

    def ended() -> bool:
        for name in list(left):
            if _first_run(stack, name)["state"]["S"] == "Failed":
                left.discard(name)
        return not left

    eventually(ended, 420, 5.0)


def _first_run(stack: Stack, group_id: str) -> Json:
    key = {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": "RUN#0000000001"}}
    found: Json = stack.client("dynamodb").get_item(
        TableName=stack.control_table, Key=key, ConsistentRead=True
    )["Item"]
    return found
