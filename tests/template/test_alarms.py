"""What each alarm rings for and what it ignores, simulated minute by minute.

The emulator evaluates no alarms. A story says what happens. Every alarm gets to see it, with its
periods beginning at each possible minute, and only the alarms that the story names may ring.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator

import pytest

from shared.adapters.run_log import OUR_FAULTS
from shared.domain.run.run import OPEN_STATES, RunState
from tests.template.cloudwatch import Alarm, Measured, Metric
from tests.template.processed import ROOT, Template, target

HOUR = 60
DAY = 24 * HOUR
END = 2 * DAY
HEARD = range(DAY + DAY // 2, END)
"""The minutes at which alarms are evaluated. The earlier ones are for looking back."""
NOON = HEARD.start + 2 * HOUR
"""A full hour, some time after the first of these minutes."""
TEMPLATE = Template()
MONITORING = TEMPLATE.monitoring
ALARMS = {
    name.removesuffix("Alarm"): Alarm(properties)
    for name, properties in MONITORING.of_type("CloudWatch::Alarm").items()
}
Seen = dict[Metric, dict[int, list[float]]]

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


class Story:
    """Two days of metrics. Both clocks tick, and nothing else happens yet."""

    def __init__(self) -> None:
        self.seen: Seen = {}
        for minute in range(END):
            self.add("Invocations", "CloseRunsFunction", minute)
            self.add("Errors", "CloseRunsFunction", minute, 0)
            if minute % HOUR == 0:
                self.add("Invocations", "StartAutoSyncsFunction", minute, *[1] * 6)
                self.add("Errors", "StartAutoSyncsFunction", minute, *[0] * 6)

    def add(self, name: str, resource: str, minute: int, *values: float, index: str = "") -> None:
        """Add values of a metric in a minute; a single 1 if none are given."""
        minutes = self.seen.setdefault((name, resource, index), {})
        minutes.setdefault(minute, []).extend(values or (1,))

    def during(
        self, name: str, resource: str, minutes: Iterable[int], *values: float, index: str = ""
    ) -> None:
        for minute in minutes:
            self.add(name, resource, minute, *values, index=index)

    def forget(self, resource: str, minutes: Iterable[int]) -> None:
        """Remove what a function reported in these minutes, as if nothing had invoked it."""
        for name in ("Invocations", "Errors"):
            for minute in minutes:
                self.seen[name, resource, ""].pop(minute, None)

    def crash(self, resource: str, *minutes: int) -> None:
        """Add invocations of a function that fail."""
        for minute in minutes:
            self.add("Invocations", resource, minute)
            self.add("Errors", resource, minute)

    def rung(self, name: str, *, lag: int = 0) -> set[bool]:
        """Say whether an alarm rings, for each minute at which its periods can begin."""
        alarm, measured = ALARMS[name], Measured(self.seen)
        return {
            bool(alarm.rung(measured, HEARD, alignment=begin, lag=lag))
            for begin in alarm.alignments()
        }

    def concerned(self) -> set[str]:
        """Name the alarms that watch a metric of the story, or that ring without one."""
        return {
            name
            for name, alarm in ALARMS.items()
            if alarm.missing == "breaching" or alarm.metrics() & self.seen.keys()
        }


STORIES: dict[str, tuple[Callable[[Story], None], set[str]]] = {}


def story(*rings: str) -> Callable[[Callable[[Story], None]], Callable[[Story], None]]:
    """Register a story with the alarms that ring in it: these and no others."""

    def tell(told: Callable[[Story], None]) -> Callable[[Story], None]:
        STORIES[told.__name__] = told, set(rings)
        return told

    return tell


# ---------------------------------------------------------------- the clock
@story()
def a_quiet_day(day: Story) -> None: ...


@story("ClockErrors")
def a_tick_crashes_and_so_do_its_two_repeats(day: Story) -> None:
    day.crash("StartAutoSyncsFunction", NOON, NOON + 1, NOON + 3)


@story("ClockErrors")
def a_tick_and_its_repeats_run_out_of_their_fifteen_minutes(day: Story) -> None:
    day.crash("StartAutoSyncsFunction", NOON, NOON + 16, NOON + 33)


@story()
def a_tick_crashes_and_its_repeat_works(day: Story) -> None:
    day.crash("StartAutoSyncsFunction", NOON)
    day.add("Invocations", "StartAutoSyncsFunction", NOON + 1)


@story()
def all_six_ticks_crash_at_once_and_their_repeats_work(day: Story) -> None:
    day.crash("StartAutoSyncsFunction", *[NOON] * 6)
    day.during("Invocations", "StartAutoSyncsFunction", [NOON + 1], *[1] * 6)


@story()
def close_runs_crashes_once_and_the_next_minute_works(day: Story) -> None:
    day.crash("CloseRunsFunction", NOON + 7)


@story("ClockErrors")
def close_runs_crashes_every_minute_for_five(day: Story) -> None:
    day.crash("CloseRunsFunction", *range(NOON + 7, NOON + 12))


@story("SilentRunsUnwatched")
def the_tick_of_every_minute_stops(day: Story) -> None:
    day.forget("CloseRunsFunction", range(NOON + 7, END))


@story("SilentRunsUnwatched")
def the_tick_of_every_minute_stops_for_half_an_hour(day: Story) -> None:
    day.forget("CloseRunsFunction", range(NOON + 7, NOON + 37))


@story()
def ten_ticks_of_every_minute_do_not_come(day: Story) -> None:
    day.forget("CloseRunsFunction", range(NOON + 7, NOON + 17))


@story("AutoSyncsNotStarted")
def the_hourly_ticks_stop(day: Story) -> None:
    day.forget("StartAutoSyncsFunction", range(NOON, END))


@story("AutoSyncsNotStarted")
def one_of_the_six_rules_is_switched_off(day: Story) -> None:
    for minutes in day.seen["Invocations", "StartAutoSyncsFunction", ""], \
            day.seen["Errors", "StartAutoSyncsFunction", ""]:  # fmt: skip
        for minute in list(minutes):
            if minute >= NOON:
                minutes[minute].pop()


@story()
def every_other_tick_comes_a_minute_late(day: Story) -> None:
    day.forget("StartAutoSyncsFunction", range(END))
    for hour in range(END // HOUR):
        minute = hour * HOUR + hour % 2
        day.add("Invocations", "StartAutoSyncsFunction", minute, *[1] * 6)


# ---------------------------------------------------------------- workers and queues
def _poison(day: Story, function: str, queue: str) -> None:
    """Let one message crash its worker at each receive, until it is in the dead-letter queue."""
    redrive = TEMPLATE[queue]["RedrivePolicy"]
    again = -(-int(TEMPLATE[queue]["VisibilityTimeout"]) // 60)
    parked = NOON + int(redrive["maxReceiveCount"]) * again
    day.crash(function, *range(NOON, parked, again))
    parking = target(redrive["deadLetterTargetArn"])
    day.during("ApproximateNumberOfMessagesVisible", parking, range(parked, END), 1)


@story("WorkerErrors", "DeadLettersWaiting")
def a_message_kills_its_worker_until_it_is_parked(day: Story) -> None:
    _poison(day, "SyncApiFunction", "ExtractApiQueue")


@story("WorkerErrors", "DeadLettersWaiting")
def a_plan_kills_its_worker_until_it_is_parked(day: Story) -> None:
    _poison(day, "PlanSyncFunction", "PlanQueue")


@story("TaskErrors", "TaskDeadLettersWaiting")
def an_export_kills_its_worker_until_it_is_parked(day: Story) -> None:
    _poison(day, "ExportRosterFunction", "ExportQueue")


@story()
def a_worker_crashes_once(day: Story) -> None:
    day.crash("PlanSyncFunction", NOON + 3)


@story()
def a_worker_crashes_once_in_five_hours(day: Story) -> None:
    day.crash("UpsertEntitiesFunction", *range(0, END, 5 * HOUR))


@story()
def all_workers_crash_in_one_minute(day: Story) -> None:
    day.crash("UpsertEntitiesFunction", *[NOON + 3] * 30)


@story("WebhooksUndelivered")
def a_receiver_is_down(day: Story) -> None:
    day.during("ApproximateNumberOfMessagesVisible", "WebhookDeadLetters", range(NOON, END), 3)


@story("WorkWaits")
def a_queue_stands_still(day: Story) -> None:
    for minute in range(NOON, NOON + 150):
        day.add("ApproximateAgeOfOldestMessage", "UpsertQueue", minute, 60.0 * (minute - NOON))


@story()
def a_first_load_fills_the_queue_for_forty_minutes(day: Story) -> None:
    for minute in range(NOON, NOON + 40):
        day.add("ApproximateAgeOfOldestMessage", "UpsertQueue", minute, 60.0 * (minute - NOON))


@story("TasksWait")
def notices_are_not_fetched(day: Story) -> None:
    for minute in range(NOON, NOON + 150):
        day.add("ApproximateAgeOfOldestMessage", "NoticeQueue", minute, 60.0 * (minute - NOON))


@story("EventsUndelivered")
def a_queue_refuses_the_bus(day: Story) -> None:
    day.add("FailedInvocations", "RunsEnded", NOON + 3)


# ---------------------------------------------------------------- runs
def _night(day: Story, at: int = NOON, **ended: int) -> None:
    for state, runs in ended.items():
        day.during(f"Runs{state}", "homeroom", [at + number % 9 for number in range(runs)])


@story("RunsFailing")
def six_runs_fail_and_nothing_else_runs(day: Story) -> None:
    _night(day, Failed=6)


@story()
def five_runs_fail(day: Story) -> None:
    _night(day, Failed=5)


@story("RunsFailing")
def a_vendor_is_down_for_more_than_a_quarter_of_the_groups(day: Story) -> None:
    for night in (NOON - DAY, NOON):
        _night(day, night, Succeeded=60 if night < NOON else 40, Failed=0 if night < NOON else 25)


@story()
def six_groups_of_thirty_have_a_wrong_key_each_night_and_fail_first(day: Story) -> None:
    for night in (NOON - DAY, NOON):
        _night(day, night, Failed=6)
        _night(day, night + 10, Succeeded=20, Held=2, SucceededWithErrors=2)


@story("OurFaults")
def the_one_run_of_the_night_is_abandoned(day: Story) -> None:
    _night(day, Failed=1)
    day.add(OUR_FAULTS, "homeroom", NOON)


# ---------------------------------------------------------------- calls
def _calls(day: Story, minutes: Iterable[int], *answers: float) -> None:
    """Add calls of the API: 1 for a call that was answered with 5xx, otherwise 0."""
    day.during("5XXError", "AWS::StackName", minutes, *answers)


@story("ApiErrors")
def an_admin_clicks_three_times_in_half_an_hour_in_vain(day: Story) -> None:
    _calls(day, [NOON, NOON + 12, NOON + 24], 1)


@story()
def an_admin_clicks_again_and_it_works(day: Story) -> None:
    _calls(day, [NOON], 1, 0)


@story("ApiErrors")
def the_api_is_down_for_twenty_minutes(day: Story) -> None:
    _calls(day, range(END), *[0] * 20)
    _calls(day, range(NOON + 3, NOON + 23), *[1] * 20)


@story()
def the_api_is_down_for_a_minute(day: Story) -> None:
    _calls(day, range(END), *[0] * 20)
    _calls(day, [NOON + 3], *[1] * 20)


@story()
def one_call_in_a_thousand_fails_all_day(day: Story) -> None:
    _calls(day, range(END), *[0] * 200)
    _calls(day, range(0, END, 5), 1)


@story("SignInErrors")
def nobody_can_sign_in(day: Story) -> None:
    day.crash("DecideClaimsFunction", *range(NOON + 3, NOON + 9))


@story()
def one_cannot_sign_in_and_tries_again(day: Story) -> None:
    day.crash("DecideClaimsFunction", NOON + 3)
    day.during("Invocations", "DecideClaimsFunction", range(NOON + 4, NOON + 60))


# ---------------------------------------------------------------- throttles
@story("SignInErrors")
def one_throttled_minute(day: Story) -> None:
    """Only somebody who is signing in loses by it. Everything else is tried again by itself."""
    for function in TEMPLATE.of_type("Lambda::Function"):
        day.add("Throttles", function, NOON + 3, 500)
    for table, index in _tables():
        day.add("WriteThrottleEvents", table, NOON + 3, 5000, index=index)


@story("WorkerThrottles")
def workers_are_held_back_for_twenty_minutes(day: Story) -> None:
    day.during("Throttles", "UpsertEntitiesFunction", range(NOON + 3, NOON + 23), 8)


@story("TaskThrottles")
def mails_are_held_back_for_twenty_minutes(day: Story) -> None:
    day.during("Throttles", "SendNoticesFunction", range(NOON + 3, NOON + 23), 8)


@story("CallThrottles", "ApiErrors")
def the_account_has_no_room_for_calls(day: Story) -> None:
    day.during("Throttles", "ReadRosterFunction", range(NOON + 3, NOON + 23), 1)
    _calls(day, range(NOON + 3, NOON + 23), 1)


@story("CallThrottles")
def the_account_has_no_room_for_the_clock(day: Story) -> None:
    # Lambda tries again at most every five minutes, for six hours.
    day.during("Throttles", "StartAutoSyncsFunction", range(NOON, NOON + 60, 5), 6)


@story("RosterThrottles")
def an_index_of_the_roster_is_held_back(day: Story) -> None:
    minutes = range(NOON + 3, NOON + 43)
    day.during("WriteThrottleEvents", "RosterTable", minutes, 200, index="byUser")


@story("ControlThrottles")
def an_index_of_the_groups_is_held_back(day: Story) -> None:
    minutes = range(NOON + 3, NOON + 23)
    day.during("WriteThrottleEvents", "ControlTable", minutes, 20, index="openRuns")


@story()
def a_first_load_makes_the_table_grow(day: Story) -> None:
    day.during("WriteThrottleEvents", "RosterTable", range(NOON, NOON + 20), 900)


def _tables() -> list[tuple[str, str]]:
    """List all tables, alone and with each of their indexes."""
    return [
        (name, index)
        for name, table in TEMPLATE.of_type("DynamoDB::Table").items()
        for index in ("", *(each["IndexName"] for each in table["GlobalSecondaryIndexes"]))
    ]


# ---------------------------------------------------------------- what is asserted
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
    for table, index in _tables():
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
    known = {*_tables(), ("homeroom", ""), ("AWS::StackName", "")}
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
