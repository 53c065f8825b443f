"""Alarms and dashboard: the emulator has no metrics of AWS, so that they are read here."""

import json
import re
from typing import Any

import pytest

from shared.domain.run import OPEN_STATES, RunState
from tests.template.processed import ROOT, Template, target
from tests.template.test_template import DEAD_LETTERS, FUNCTIONS

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
HTTP = {"CreateGroupFunction", "RequestSyncFunction", "ReadRosterFunction", "AssignContentFunction"}
CLOCK = {"StartAutoSyncsFunction", "CloseRunsFunction"}
SIGN_IN = {"DecideClaimsFunction"}
MOST_METRICS = 10
"""What an alarm on an expression takes (AWS: CloudWatch quotas)."""


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


def _alarms(template: Template) -> dict[str, dict[str, Any]]:
    return {
        name.removesuffix("Alarm"): alarm
        for name, alarm in template.of_type("CloudWatch::Alarm").items()
    }


def _watched(template: Template, alarm: str) -> dict[str, set[str]]:
    """What an alarm looks at: metric names, each with the resources."""
    found: dict[str, set[str]] = {}
    for each in _alarms(template)[alarm]["Metrics"]:
        if "MetricStat" in each:
            metric = each["MetricStat"]["Metric"]
            [dimension] = metric["Dimensions"]
            found.setdefault(metric["MetricName"], set()).add(target(dimension["Value"]))
    return found


def test_every_alarm_is_explained(template: Template) -> None:
    section = OPERATIONS.split("## Alarms\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    assert {name for name, _, _ in rows} == _alarms(template).keys()


def test_every_alarm_tells_the_operators_and_fits_its_limit(template: Template) -> None:
    for name, alarm in _alarms(template).items():
        assert [target(action) for action in alarm["AlarmActions"]] == ["OperatorsTopic"], name
        assert alarm["TreatMissingData"] == "notBreaching"
        metrics = [each for each in alarm["Metrics"] if "MetricStat" in each]
        assert len(metrics) <= MOST_METRICS
        # Only the expression is compared.
        assert [each["Id"] for each in alarm["Metrics"] if each.get("ReturnData", True)] == ["all"]
        assert len({each["Id"] for each in alarm["Metrics"]}) == len(alarm["Metrics"])


def test_every_queue_is_watched(template: Template) -> None:
    parked, webhooks = set(DEAD_LETTERS.values()), {"WebhookDeadLetters"}
    for alarm, queues in (
        ("DeadLettersWaiting", parked - webhooks), ("WebhooksUndelivered", webhooks),
    ):  # fmt: skip
        assert _watched(template, alarm) == {"ApproximateNumberOfMessagesVisible": queues}
        assert _alarms(template)[alarm]["Threshold"] == 0
    assert _watched(template, "WorkWaits") == {"ApproximateAgeOfOldestMessage": set(DEAD_LETTERS)}


def test_every_function_and_table_is_watched(template: Template) -> None:
    workers = set(FUNCTIONS) - HTTP - CLOCK - SIGN_IN
    assert _watched(template, "SignInErrors") == {"Errors": SIGN_IN, "Throttles": SIGN_IN}
    assert _watched(template, "WorkerErrors") == {"Errors": workers}
    assert _watched(template, "ClockErrors") == {"Errors": CLOCK}
    # The others are watched by what the API answers.
    assert _watched(template, "ApiErrors") == {"5XXError": {"AWS::StackName"}}
    assert template["Api"]["Name"] == {"Ref": "AWS::StackName"}
    assert _watched(template, "FunctionThrottles") == {
        "Throttles": workers | {"StartAutoSyncsFunction"}
    }
    tables = {"ControlTable", "RosterTable"}
    assert _watched(template, "TableThrottles") == {
        "ReadThrottleEvents": tables,
        "WriteThrottleEvents": tables,
    }


def test_failing_runs_are_counted_by_metrics_that_there_are(template: Template) -> None:
    ended = {f"Runs{state.value}" for state in RunState if state not in OPEN_STATES}
    assert set(_watched(template, "RunsFailing")) <= ended


def _rings(template: Template, alarm: str, seen: dict[str, float]) -> bool:
    """Whether an alarm rings for what its metrics were in each of its periods (AWS: metric math).

    Metrics that are not in ``seen`` had no data.
    """
    asked = _alarms(template)[alarm]
    [expression] = [each["Expression"] for each in asked["Metrics"] if "Expression" in each]
    known = {each["Id"]: seen.get(each["Id"]) for each in asked["Metrics"] if "MetricStat" in each}
    assert seen.keys() <= known.keys()
    try:
        value = eval(  # the template's own text, read as Python
            expression.replace("IF(", "_if("),
            {
                "_if": lambda condition, yes, no: yes if condition else no,
                "FILL": lambda metric, value: value if metric is None else metric,
                "METRICS": lambda: [value for value in known.values() if value is not None],
                "SUM": sum,
                "MAX": lambda values: max(values, default=0),
                **known,
            },
        )
    except ZeroDivisionError:
        return False  # no data, which breaches nothing
    assert asked["ComparisonOperator"] == "GreaterThanThreshold"
    return bool(value > asked["Threshold"])


CASES: list[tuple[str, dict[str, float], bool]] = [
    ("RunsFailing", {}, False),
    ("RunsFailing", {"failed": 5}, False),
    ("RunsFailing", {"failed": 6}, True),
    ("RunsFailing", {"failed": 6, "succeeded": 16, "held": 1, "succeededWithErrors": 1}, False),
    ("RunsFailing", {"failed": 7, "succeeded": 20}, True),
    ("RunsFailing", {"failed": 7, "succeeded": 21}, False),
    ("DeadLettersWaiting", {"plan": 0, "upsert": 0}, False),
    ("DeadLettersWaiting", {"plan": 0, "upsert": 1}, True),
    ("WebhooksUndelivered", {"webhook": 1}, True),
    ("WorkWaits", {"upsert": 7200, "plan": 12}, False),
    ("WorkWaits", {"upsert": 12, "plan": 7201}, True),
    ("ApiErrors", {"answers": 5}, False),
    ("ApiErrors", {"answers": 6}, True),
    ("ClockErrors", {"startAutoSyncs": 0, "closeRuns": 1}, True),
    ("SignInErrors", {"errors": 2, "throttles": 0}, False),
    ("SignInErrors", {"errors": 2, "throttles": 1}, True),
    ("WorkerErrors", {"planSync": 3, "syncApi": 3}, True),
    ("WorkerErrors", {"planSync": 3, "syncApi": 2}, False),
    ("FunctionThrottles", {"upsertEntities": 11}, True),
    ("TableThrottles", {"controlReads": 100}, False),
    ("TableThrottles", {"controlReads": 60, "rosterWrites": 60}, True),
]
"""What an alarm's metrics were, and whether it rings."""


@pytest.mark.parametrize(("alarm", "seen", "rings"), CASES)
def test_an_alarm_rings_for_what_it_says(
    template: Template, alarm: str, seen: dict[str, float], rings: bool
) -> None:
    assert _rings(template, alarm, seen) is rings


def test_each_alarm_is_seen_to_ring(template: Template) -> None:
    assert {alarm for alarm, _, rings in CASES if rings} == _alarms(template).keys()


def test_the_dashboard_shows_every_queue_function_and_table(template: Template) -> None:
    text = template["Dashboard"]["DashboardBody"]["Fn::Sub"]
    named = set(re.findall(r"\$\{(\w+)(?:\.QueueName)?\}", text))
    tables = {"ControlTable", "RosterTable"}
    assert named == {*DEAD_LETTERS, *DEAD_LETTERS.values(), *FUNCTIONS, *tables}
    body = json.loads(re.sub(r"\$\{[^}]+\}", "x", text))
    states = {row[1] for row in body["widgets"][0]["properties"]["metrics"]}
    assert states == {f"Runs{state.value}" for state in RunState if state not in OPEN_STATES}


def test_only_cloudwatch_may_speak_to_the_operators(template: Template) -> None:
    [statement] = template["OperatorsTopicPolicy"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert "OperatorSubscription" not in template.resources or template.resources[
        "OperatorSubscription"
    ]["Condition"] == "HasOperator"  # fmt: skip
