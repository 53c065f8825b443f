"""The evaluation of alarms matches the text and examples of the Amazon CloudWatch User Guide."""

from typing import Any

import pytest

from tests.template.cloudwatch import Alarm, Measured, Minutes


def _alarm(needed: int, missing: str) -> Alarm:
    return Alarm({
        "EvaluationPeriods": 3, "DatapointsToAlarm": needed, "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": missing,
        "Namespace": "AWS/SQS", "MetricName": "m", "Statistic": "Sum", "Period": 60,
        "Dimensions": [{"Name": "QueueName", "Value": "q"}],
    })  # fmt: skip


@pytest.mark.parametrize(
    ("needed", "points", "breaching", "not_breaching"),
    [
        (3, "0-X-X", False, False),
        (3, "0----", False, False),
        (3, "-----", True, False),
        (3, "0XX-X", True, True),
        (3, "----X", True, False),
        (3, "X----", True, False),
        (2, "0-X-X", True, True),
        (2, "00X0X", True, True),
        (2, "0-X--", True, False),
        (2, "----0", True, False),
        (2, "----X", True, False),
    ],
)
def test_missing_data(needed: int, points: str, breaching: bool, not_breaching: bool) -> None:
    minutes: Minutes = {
        minute: [1.0 if point == "X" else 0.0]
        for minute, point in enumerate(points)
        if point != "-"
    }
    seen = Measured({("m", "q", ""): minutes})
    assert _alarm(needed, "breaching").rings(seen, len(points)) is breaching
    assert _alarm(needed, "notBreaching").rings(seen, len(points)) is not_breaching


def _math(expression: str) -> Alarm:
    def metric(name: str) -> dict[str, Any]:
        asked = {
            "Namespace": "n",
            "MetricName": name,
            "Dimensions": [{"Name": "d", "Value": "r"}],
        }
        return {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {"Metric": asked, "Stat": "Sum", "Period": 60},
        }

    return Alarm({
        "EvaluationPeriods": 1, "Threshold": 0.5, "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Metrics": [{"Id": "all", "Expression": expression}, metric("a"), metric("b")],
    })  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "a", "b", "rings"),
    [
        ("SUM(METRICS())", None, 1, True),
        ("SUM(METRICS())", None, None, False),
        ("MAX(METRICS())", 0, 1, True),
        # In arithmetic, a missing value is 0, and a division by zero is dropped.
        ("a / (a + b)", 1, None, True),
        ("a / b", 1, 0, False),
        # A condition without data has no result. A missing value where it is true is 0.
        ("IF(a > 5, b, 1)", None, 1, False),
        ("IF(a > 5, b, 1)", 6, None, False),
        ("IF(a > 5, 1, b)", 4, 1, True),
        ("IF(a > 5, 1, b)", 4, None, False),
        ("FILL(a, 1)", None, None, True),
    ],
)
def test_metric_math(expression: str, a: float | None, b: float | None, rings: bool) -> None:
    seen = Measured(
        {
            (name, "r", ""): {0: [float(value)]}
            for name, value in (("a", a), ("b", b))
            if value is not None
        }
    )
    assert _math(expression).rings(seen, 1) is rings


def test_the_sum_of_one_metric_is_refused() -> None:
    with pytest.raises(AssertionError):
        _math("SUM(a)").rings(Measured({}), 1)
