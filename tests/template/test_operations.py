"""What operators see: the page about alarms, and the dashboard. test_alarms has the rest."""

import json
import re
from typing import Any

from shared.adapters.run_log import OUR_FAULTS
from shared.domain.run.faults import OURS
from shared.domain.run.run import OPEN_STATES, RunState
from tests.template.processed import ROOT, Template

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def _alarms(template: Template) -> dict[str, dict[str, Any]]:
    return {
        name.removesuffix("Alarm"): alarm
        for name, alarm in template.monitoring.of_type("CloudWatch::Alarm").items()
    }


def test_every_alarm_is_explained(template: Template) -> None:
    section = OPERATIONS.split("## Alarms\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    assert {name for name, _, _ in rows} == _alarms(template).keys()


def test_the_alarm_on_our_faults_names_them() -> None:
    [row] = [line for line in OPERATIONS.splitlines() if line.startswith("| `OurFaults`")]
    assert re.findall(r"`(\w+)`", row.split("|")[2]) == sorted(OURS)


def test_the_dashboard_shows_every_queue_function_table_and_index(template: Template) -> None:
    text = template.monitoring["Dashboard"]["DashboardBody"]["Fn::Sub"]
    named = set(re.findall(r"\$\{(\w+)\}", text))
    kinds = ("SQS::Queue", "Lambda::Function", "DynamoDB::Table")
    assert named == {name for kind in kinds for name in template.of_type(kind)}
    body = json.loads(re.sub(r"\$\{(\w+)[^}]*\}", r"\1", text))
    rows = [row for each in body["widgets"] for row in each["properties"]["metrics"]]
    for table, properties in template.of_type("DynamoDB::Table").items():
        for index in properties["GlobalSecondaryIndexes"]:
            for kind in ("ReadThrottleEvents", "WriteThrottleEvents"):
                dimensions = ["TableName", table, "GlobalSecondaryIndexName", index["IndexName"]]
                assert ["AWS/DynamoDB", kind, *dimensions] in rows
    states = {row[1] for row in body["widgets"][0]["properties"]["metrics"]} - {OUR_FAULTS}
    assert states == {
        f"Runs{state.value}" for state in set(RunState) - OPEN_STATES - {RunState.UNKNOWN}
    }


def test_only_cloudwatch_may_speak_to_the_operators(template: Template) -> None:
    [statement] = template["OperatorsTopicPolicy"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert "OperatorSubscription" not in template.resources or template.resources[
        "OperatorSubscription"
    ]["Condition"] == "HasOperator"  # fmt: skip
