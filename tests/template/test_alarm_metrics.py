"""What alarms watch: metrics that AWS has, resources of the template, within the limits."""

import re

from shared.adapters.run_log import OUR_FAULTS
from shared.domain.run.run import OPEN_STATES, RunState
from tests.template.alarm_stories import ALARMS, MONITORING, TEMPLATE, tables
from tests.template.processed import ROOT, target

MEASURES: dict[tuple[str, str], tuple[frozenset[str], frozenset[str]]] = {
    # SQS: available CloudWatch metrics. These are counts and ages at a moment: a sum means nothing.
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): (
        frozenset({"QueueName"}), frozenset({"Maximum"}),
    ),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): (
        frozenset({"QueueName"}), frozenset({"Maximum"}),
    ),
    # Lambda: types of metrics. "View these metrics with the Sum statistic."
    ("AWS/Lambda", "Errors"): (frozenset({"FunctionName"}), frozenset({"Sum"})),
    ("AWS/Lambda", "Throttles"): (frozenset({"FunctionName"}), frozenset({"Sum"})),
    ("AWS/Lambda", "Invocations"): (frozenset({"FunctionName"}), frozenset({"Sum"})),
    # API Gateway: dimensions and metrics. The average is the share of calls, the sum their number.
    ("AWS/ApiGateway", "5XXError"): (frozenset({"ApiName"}), frozenset({"Average"})),
    # EventBridge: monitoring. The rule alone stands for the default bus.
    ("AWS/Events", "FailedInvocations"): (frozenset({"RuleName"}), frozenset({"Sum"})),
    # DynamoDB: metrics and dimensions. An index needs the name of its table, too.
    ("AWS/DynamoDB", "ReadThrottleEvents"): (frozenset({"TableName"}), frozenset({"Sum"})),
    ("AWS/DynamoDB", "WriteThrottleEvents"): (frozenset({"TableName"}), frozenset({"Sum"})),
}  # fmt: skip


def test_metrics_are_what_aws_calls_them() -> None:
    ended = {f"Runs{state.value}" for state in set(RunState) - OPEN_STATES - {RunState.UNKNOWN}}
    ours = (frozenset({"service"}), frozenset({"Sum"}))
    index = frozenset({"GlobalSecondaryIndexName"})
    for name, alarm in ALARMS.items():
        for each in alarm.asked.values():
            known = (each.namespace, each.metric[0])
            if each.namespace == "Homeroom":
                assert each.metric[0] in {*ended, OUR_FAULTS}, name
                dimensions, statistics = ours
            else:
                dimensions, statistics = MEASURES[known]
            expected = dimensions | index if each.metric[2] else dimensions
            assert (each.dimensions, each.statistic in statistics) == (expected, True), name


def test_metrics_name_existing_resources() -> None:
    """The tables, indexes, rules and functions that alarms name are in the template."""
    known = {*tables(), ("homeroom", ""), ("AWS::StackName", "")}
    known |= {(name, "") for name in TEMPLATE.resources}
    for name, alarm in ALARMS.items():
        for each in alarm.asked.values():
            assert each.metric[1:] in known, name
    # Metrics of the API go by this name.
    assert TEMPLATE["Api"]["Name"] == {"Ref": "AWS::StackName"}


def test_limits_of_alarms() -> None:
    """CloudWatch allows at most ten metrics, whole minutes, and a day in all."""
    for name, properties in MONITORING.of_type("CloudWatch::Alarm").items():
        alarm = ALARMS[name.removesuffix("Alarm")]
        assert len(alarm.asked) <= 10, name
        assert alarm.period % 60 == 0
        assert alarm.periods * alarm.period <= 86_400
        assert [target(action) for action in properties["AlarmActions"]] == ["OperatorsTopic"]
        assert properties["OKActions"] == properties["AlarmActions"]
        math = properties.get("Metrics", [])
        # Only the expression is compared with the threshold.
        assert [each["Id"] for each in math if each.get("ReturnData", True)] == ["all"] * bool(math)
        assert len({each["Id"] for each in math}) == len(math)
        assert len(alarm.metrics()) == len(alarm.asked)


def test_the_costs_page_says_what_the_alarms_cost() -> None:
    """Each metric of an alarm costs money (Amazon CloudWatch Pricing)."""
    metrics = sum(len(alarm.asked) for alarm in ALARMS.values())
    page = (ROOT / "docs" / "costs.md").read_text()
    [said] = re.findall(r"(\d+) alarms look at (\d+) metrics: \$(\d+\.\d\d) a month", page)
    assert said == (str(len(ALARMS)), str(metrics), f"{metrics / 10:.2f}")
