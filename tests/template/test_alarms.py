"""What each alarm rings for and what it ignores, simulated minute by minute.

The emulator evaluates no alarms. Here every alarm gets to see each story, with its periods
beginning at each possible minute. What the alarms watch is in test_alarm_metrics.
"""

import dataclasses
import re
from collections.abc import Iterator

import pytest

from tests.template.alarm_stories import (
    ALARMS,
    END,
    HEARD,
    HOUR,
    NOON,
    STORIES,
    TEMPLATE,
    Story,
    tables,
)
from tests.template.cloudwatch import Measured
from tests.template.processed import target


@pytest.mark.parametrize("name", STORIES)
def test_just_these_alarms_ring(name: str) -> None:
    told, rings = STORIES[name]
    day = Story()
    told(day)
    # Wherever its periods begin, a quiet alarm stays quiet and a ringing one rings. A period of a
    # day only has to begin at the right minute once, since it slides.
    heard = {alarm: day.rung(alarm) for alarm in day.concerned() | rings}
    assert {alarm for alarm, rung in heard.items() if rung != {False}} == rings
    assert all(heard[alarm] == {True} for alarm in rings if ALARMS[alarm].period < 86_400)


@pytest.mark.parametrize("lag", [1, 3])
def test_metrics_that_come_late_ring_nothing(lag: int) -> None:
    day = Story()
    assert {alarm: day.rung(alarm, lag=lag) for alarm in day.concerned()} == {
        alarm: {False} for alarm in day.concerned()
    }


def test_some_story_makes_each_alarm_ring() -> None:
    assert {alarm for _, rings in STORIES.values() for alarm in rings} == ALARMS.keys()


@pytest.mark.parametrize("stops", ["CloseRunsFunction", "StartAutoSyncsFunction"])
def test_how_soon_an_alarm_rings_when_a_clock_stops(stops: str) -> None:
    day = Story()
    day.forget(stops, range(NOON, END))
    name, at_most = {
        "CloseRunsFunction": ("SilentRunsUnwatched", 20),
        "StartAutoSyncsFunction": ("AutoSyncsNotStarted", 3 * HOUR),
    }[stops]
    alarm = ALARMS[name]
    for begin in alarm.alignments():
        first = alarm.rung(Measured(day.seen), HEARD, alignment=begin)[0]
        assert NOON < first <= NOON + at_most


def test_a_new_stack_rings_until_its_clocks_have_ticked() -> None:
    """The clocks have not ticked yet, so two alarms ring until the first ticks."""
    day = Story()
    for clock in ("CloseRunsFunction", "StartAutoSyncsFunction"):
        day.forget(clock, range(NOON + 20))
    measured = Measured(day.seen)
    for name, ends in (
        ("SilentRunsUnwatched", NOON + 21),
        ("AutoSyncsNotStarted", NOON + HOUR + 1),
    ):
        assert ALARMS[name].rings(measured, ends - 1)
        assert not any(ALARMS[name].rings(measured, now) for now in range(ends, END))


@dataclasses.dataclass(frozen=True)
class Trouble:
    """What is measured when a resource of the template is in trouble for an hour."""

    what: str
    name: str
    resource: str
    values: tuple[float, ...]
    index: str = ""


def _troubles() -> Iterator[Trouble]:
    """Derive from the template what can be in trouble, so that a new resource is included."""
    queues = TEMPLATE.of_type("SQS::Queue")
    parking = {
        target(queue["RedrivePolicy"]["deadLetterTargetArn"])
        for queue in queues.values()
        if "RedrivePolicy" in queue
    }
    for queue in queues:
        if queue in parking:
            yield Trouble("letters", "ApproximateNumberOfMessagesVisible", queue, (1,))
        else:
            yield Trouble("waiting", "ApproximateAgeOfOldestMessage", queue, (7300,))
    for function in TEMPLATE.of_type("Lambda::Function"):
        yield Trouble("throttles", "Throttles", function, (20,))
        # When a function of the API fails, the API answers with 5xx.
        if function in _api_functions():
            yield Trouble("errors", "5XXError", "AWS::StackName", (1,))
        else:
            yield Trouble("errors", "Errors", function, (1,))
    for table, index in tables():
        for kind in ("ReadThrottleEvents", "WriteThrottleEvents"):
            yield Trouble("throttles", kind, table, (200,), index)
    for rule, properties in TEMPLATE.of_type("Events::Rule").items():
        if "EventPattern" in properties:
            yield Trouble("undelivered", "FailedInvocations", rule, (1,))


def _api_functions() -> set[str]:
    """Name the functions that an operation of the API calls."""
    text = str(TEMPLATE["Api"]["Body"]["paths"])
    return set(re.findall(r"\$\{(\w+)\.Arn\}/invocations", text))


@pytest.mark.parametrize(
    "trouble", list(_troubles()), ids=lambda each: f"{each.resource}{each.index}-{each.name}"
)
def test_every_resource_in_trouble_makes_an_alarm_ring(trouble: Trouble) -> None:
    """A function, queue, table, index or rule without an alarm fails here: give it one."""
    day = Story()
    minutes = range(NOON, NOON + 90)
    day.during(trouble.name, trouble.resource, minutes, *trouble.values, index=trouble.index)
    metric = (trouble.name, trouble.resource, trouble.index)
    hear = [name for name, alarm in ALARMS.items() if metric in alarm.metrics()]
    assert hear, f"no alarm looks at {trouble.name} of {trouble.resource}: give it one"
    assert any(day.rung(name) == {True} for name in hear)


@pytest.mark.parametrize("function", ["CloseRunsFunction", "StartAutoSyncsFunction"])
def test_an_alarm_rings_when_a_scheduled_function_is_silent(function: str) -> None:
    """A schedule starts these two functions only, and an alarm rings when either is silent."""
    scheduled = {
        target(each["Arn"])
        for rule in TEMPLATE.of_type("Events::Rule").values()
        if "ScheduleExpression" in rule
        for each in rule["Targets"]
    }
    assert scheduled == {"CloseRunsFunction", "StartAutoSyncsFunction"}
    assert any(
        ("Invocations", function, "") in alarm.metrics()
        for alarm in ALARMS.values()
        if alarm.missing == "breaching"
    )
