"""What may happen in two days, told minute by minute, and the alarms that ring at it.

test_alarms plays each story to all alarms, and only those that the story names may ring.
"""

from collections.abc import Callable, Iterable

from shared.adapters.run_log import OUR_FAULTS
from tests.template.cloudwatch import Alarm, Measured, Metric
from tests.template.processed import Template, target

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
        """Add values of a metric in each of these minutes."""
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
    for table, index in tables():
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


def tables() -> list[tuple[str, str]]:
    """List all tables, alone and with each of their indexes."""
    return [
        (name, index)
        for name, table in TEMPLATE.of_type("DynamoDB::Table").items()
        for index in ("", *(each["IndexName"] for each in table["GlobalSecondaryIndexes"]))
    ]
