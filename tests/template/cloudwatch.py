"""Evaluates CloudWatch's alarms over series of minutes, which no emulator does.

It follows the Amazon CloudWatch User Guide: "Alarm evaluation" (M out of N, sliding window),
"Configuring how CloudWatch alarms treat missing data" and "Using math expressions".
"""

import ast
import bisect
import dataclasses
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.template.processed import target

MINUTE = 60
EXTRA = 2
"""How many periods more than it needs CloudWatch looks back: in its own example, five for three."""

Metric = tuple[str, str, str]
"""A metric's name, its resource, and the index of a table or an empty string."""
Minutes = Mapping[int, Sequence[float]]
"""The values measured in each minute. A missing minute was not reported."""
Series = dict[int, float]
"""The value of each period, counted backwards from now. A period without data is left out."""

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}
_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Average": lambda values: sum(values) / len(values),
}


class Measured:
    """Measured values, indexed so that many alarms can look at them."""

    def __init__(self, seen: Mapping[Metric, Minutes]) -> None:
        self._seen = seen
        self._reported = {metric: sorted(minutes) for metric, minutes in seen.items()}

    def values(self, metric: Metric, start: int, end: int) -> list[float]:
        """List the values of a metric from minute ``start`` up to, not including, ``end``."""
        if metric not in self._seen:
            return []
        reported, minutes = self._reported[metric], self._seen[metric]
        first, last = (bisect.bisect_left(reported, minute) for minute in (start, end))
        return [value for minute in reported[first:last] for value in minutes[minute]]


@dataclasses.dataclass(frozen=True)
class Asked:
    """One metric of an alarm, with its statistic and its period in seconds."""

    metric: Metric
    namespace: str
    dimensions: frozenset[str]
    statistic: str
    period: int

    def over(self, measured: Measured, now: int, lag: int, periods: int) -> Series:
        """Read the last periods before a minute, without what is reported after it."""
        long = self.period // MINUTE
        series: Series = {}
        for back in range(periods):
            end = now - back * long
            values = measured.values(self.metric, end - long, min(end, now - lag))
            if values:
                series[back] = _STATISTICS[self.statistic](values)
        return series


class Alarm:
    """One alarm of a processed template."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self.periods: int = properties["EvaluationPeriods"]
        self.needed: int = properties.get("DatapointsToAlarm", self.periods)
        self.threshold: float = properties["Threshold"]
        self.missing: str = properties["TreatMissingData"]
        self._breaches = _COMPARE[properties["ComparisonOperator"]]
        self.asked = dict(_asked(properties))
        [self.period] = {each.period for each in self.asked.values()}
        [expression] = [
            each["Expression"] for each in properties.get("Metrics", ()) if "Expression" in each
        ] or [next(iter(self.asked))]
        self._expression = ast.parse(expression, mode="eval").body

    def metrics(self) -> set[Metric]:
        """Name the metrics that it watches."""
        return {each.metric for each in self.asked.values()}

    def rings(self, measured: Measured, now: int, lag: int = 0) -> bool:
        """Say whether it is in ALARM at a minute; metrics come ``lag`` minutes late."""
        looked_at = self.periods + EXTRA
        known = {
            name: each.over(measured, now, lag, looked_at) for name, each in self.asked.items()
        }  # fmt: skip
        value = _Math(known, looked_at).value(self._expression)
        assert isinstance(value, dict), "an alarm is on one series"
        # Existing values count, however old. Missing ones are filled in only as far as needed.
        newest = [value[back] for back in sorted(value)][: self.periods]
        breaching = sum(self._breaches(each, self.threshold) for each in newest)
        if self.missing == "breaching":
            breaching += self.periods - len(newest)
        else:
            assert self.missing == "notBreaching"
        return breaching >= self.needed

    def alignments(self) -> range:
        """List the minutes, after a given one, at which its periods can begin."""
        return range(self.period // MINUTE)

    def rung(
        self, measured: Measured, minutes: range, *, alignment: int, lag: int = 0
    ) -> list[int]:
        """List the minutes at which one of its periods ends and it is in ALARM."""
        step = self.period // MINUTE
        first = minutes.start + (alignment - minutes.start) % step
        return [now for now in range(first, minutes.stop, step) if self.rings(measured, now, lag)]


def _asked(properties: Mapping[str, Any]) -> Iterator[tuple[str, Asked]]:
    if "MetricName" in properties:
        yield "it", _ask(properties, properties["Statistic"], properties["Period"])
    for each in properties.get("Metrics", ()):
        if "MetricStat" in each:
            stat = each["MetricStat"]
            yield each["Id"], _ask(stat["Metric"], stat["Stat"], stat["Period"])


def _ask(metric: Mapping[str, Any], statistic: str, period: int) -> Asked:
    named = {each["Name"]: target(each["Value"]) for each in metric["Dimensions"]}
    names = frozenset(named)
    index = named.pop("GlobalSecondaryIndexName", "")
    [resource] = named.values()
    key = (metric["MetricName"], resource, index)
    return Asked(key, metric["Namespace"], names, statistic, period)


_Value = Series | list[Series] | float


class _Math:
    """Metric math, as much of it as the template uses."""

    def __init__(self, known: Mapping[str, Series], periods: int) -> None:
        self._known = known
        self._periods = periods

    def value(self, node: ast.expr) -> _Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self._known[name]
            case ast.Call(func=ast.Name(id="METRICS"), args=[]):
                return list(self._known.values())
            case ast.Call(func=ast.Name(id="SUM" | "MAX" as function), args=[inner]):
                # Given a single series, CloudWatch returns one number for all periods it looks at.
                several = self.value(inner)
                assert isinstance(several, list)
                return _across(several, sum if function == "SUM" else max)
            case ast.Call(func=ast.Name(id="FILL"), args=[inner, by]):
                series, filler = self.value(inner), self.value(by)
                assert isinstance(series, dict)
                assert isinstance(filler, float)
                return {back: series.get(back, filler) for back in range(self._periods)}
            case ast.Call(func=ast.Name(id="IF"), args=[condition, yes, no]):
                return _choose(*(self.value(each) for each in (condition, yes, no)))
            case ast.BinOp(left=left, op=sign, right=right):
                return _arithmetic(sign, self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]):
                series, bound = self.value(left), self.value(right)
                assert isinstance(series, dict)
                assert isinstance(bound, float)
                return {back: float(value > bound) for back, value in series.items()}
        raise AssertionError(ast.dump(node))


def _across(several: list[Series], function: Callable[[list[float]], float]) -> Series:
    """Combine several series into one value for each period that any of them has."""
    return {
        back: function([series[back] for series in several if back in series])
        for back in {back for series in several for back in series}
    }


def _choose(condition: _Value, yes: _Value, no: _Value) -> Series:
    """Evaluate ``IF``: no value without a condition; a missing value where it is true is 0."""
    assert isinstance(condition, dict)
    chosen: Series = {}
    for back, holds in condition.items():
        side = yes if holds else no
        if isinstance(side, float):
            chosen[back] = side
        elif isinstance(side, dict) and (holds or back in side):
            chosen[back] = side.get(back, 0.0)
    return chosen


def _arithmetic(sign: ast.operator, left: _Value, right: _Value) -> _Value:
    """Calculate period by period: missing values are 0, divisions by zero are dropped."""
    does: dict[type, Callable[[float, float], float]] = {
        ast.Add: operator.add, ast.Mult: operator.mul, ast.Div: operator.truediv,
    }  # fmt: skip
    periods = {back for side in (left, right) if isinstance(side, dict) for back in side}
    result: Series = {}
    for back in periods:
        a, b = (
            side.get(back, 0.0) if isinstance(side, dict) else side
            for side in (left, right)
            if not isinstance(side, list)
        )
        if not (isinstance(sign, ast.Div) and b == 0):
            result[back] = does[type(sign)](a, b)
    return result
