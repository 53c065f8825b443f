"""Days on which a group's clock stands still: no Auto runs, and what is deleted does not age."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.group.calendar import ENDLESS, Calendar, DateRange, Pause
from shared.domain.group.choices import Period
from shared.domain.group.retention import ENDED_DAYS, Left, Retention
from shared.domain.group.schedule import next_auto_run, next_run_at
from shared.domain.local_day import local_day
from tests.fakes.simulation import config

SUMMER = DateRange(first=date(2026, 7, 1), last=date(2026, 8, 20))
JUNE = date(2026, 6, 20)
DAYS = st.dates(date(2024, 1, 1), date(2028, 1, 1))
RANGES = st.builds(
    lambda day, length: DateRange(first=day, last=day + timedelta(days=length)),
    DAYS,
    st.integers(0, 200),
)
PAUSES = st.builds(
    lambda day, length: Pause(since=day, until=None if length < 0 else day + timedelta(length)),
    DAYS,
    st.integers(-1, 200),
)
CALENDARS = st.builds(
    Calendar,
    pause=st.none() | PAUSES,
    blackouts=st.lists(RANGES, max_size=4).map(tuple),
)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "day", "closed"),
    [
        (Calendar(), JUNE, None),
        (Calendar(blackouts=(SUMMER,)), date(2026, 6, 30), None),
        (Calendar(blackouts=(SUMMER,)), date(2026, 7, 1), SUMMER.last),
        (Calendar(blackouts=(SUMMER,)), SUMMER.last, SUMMER.last),
        (Calendar(blackouts=(SUMMER,)), date(2026, 8, 21), None),
        (Calendar(pause=Pause(since=JUNE)), JUNE, ENDLESS),
        (Calendar(pause=Pause(since=JUNE)), date(2026, 6, 19), None),
        (Calendar(pause=Pause(since=JUNE, until=JUNE)), date(2026, 6, 21), None),
    ],
)
def test_which_days_are_closed(calendar: Calendar, day: date, closed: date | None) -> None:
    assert calendar.closed_until(day) == closed


@pytest.mark.parametrize(
    ("period", "now", "due"),
    [
        (Period.DAILY, "2026-06-29T12:00", "2026-06-30T02:00"),
        (Period.DAILY, "2026-06-30T12:00", "2026-08-21T02:00"),
        (Period.MONTHLY, "2026-06-15T12:00", "2026-08-21T02:00"),
        (Period.EVERY_6_HOURS, "2026-06-30T21:00", "2026-08-21T02:00"),
    ],
)
def test_what_falls_on_a_blackout_comes_on_the_day_after_it(
    period: Period, now: str, due: str
) -> None:
    calendar = Calendar(blackouts=(SUMMER,))
    anchor = _moment(now).date()
    assert next_auto_run(period, "UTC", 2, calendar, anchor, _moment(now)) == _moment(due)


def test_a_pause_without_an_end_has_no_next_run() -> None:
    calendar = Calendar(pause=Pause(since=JUNE), blackouts=(SUMMER,))
    now = _moment("2026-06-25T12:00")
    assert next_auto_run(Period.DAILY, "UTC", 2, calendar, now.date(), now) is None


@given(CALENDARS, st.sampled_from(Period), st.sampled_from(["UTC", "Pacific/Apia"]), DAYS)
def test_the_next_run_is_on_an_open_day_and_not_before_its_time(
    calendar: Calendar, period: Period, zone: str, day: date
) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    due = next_auto_run(period, zone, 2, calendar, day, now)
    plain = next_run_at(period, zone, 2, day, now)
    if due is None:
        assert calendar.pause is not None
        return
    assert due >= plain
    assert calendar.closed_until(local_day(zone, due)) is None


@given(CALENDARS, st.integers(15, 365), DAYS, st.sampled_from(["deleted", "ended"]))
def test_what_has_left_has_its_days_on_open_days(
    calendar: Calendar, grace: int, day: date, left: Left
) -> None:
    until = Retention(grace_days=grace, calendar=calendar).until(left, _noon(day))
    wanted = grace if left == "deleted" else ENDED_DAYS
    if until is None:
        assert calendar.pause is not None
        assert calendar.pause.until is None
        days = _open_days(calendar, day, calendar.pause.since)
        assert len(days) < wanted or calendar.pause.since <= day
        return
    days = _open_days(calendar, day, until.date())
    assert len(days) == wanted
    # It is the end of the last of these days.
    assert until == datetime.combine(days[-1] + timedelta(days=1), time(), UTC)


def _open_days(calendar: Calendar, after: date, before: date) -> list[date]:
    days = [after + timedelta(days=n) for n in range(1, (before - after).days)]
    return [day for day in days if calendar.closed_until(day) is None]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def test_without_closed_days_grace_is_plain() -> None:
    def days(calendar: Calendar) -> int:
        until = Retention(grace_days=120, calendar=calendar).until("deleted", _noon(JUNE))
        assert until is not None
        return (until.date() - JUNE).days - 1

    assert days(Calendar()) == 120
    assert days(Calendar(blackouts=(SUMMER,))) == 120 + 51
    # A pause that was taken back has stood for as long as it did, and two that overlap count once.
    paused = Calendar(pause=Pause(since=JUNE), blackouts=(SUMMER,))
    back = paused.changed_to(Calendar(), date(2026, 9, 1))
    assert back.closed_until(date(2026, 9, 1)) is None
    assert days(back) == 120 + (date(2026, 8, 31) - JUNE).days


@given(CALENDARS, CALENDARS, CALENDARS, DAYS, st.integers(1, 400))
def test_what_has_passed_is_not_undone_by_another_calendar(
    first: Calendar, second: Calendar, third: Calendar, day: date, later: int
) -> None:
    changed = first.changed_to(second, day).changed_to(third, day + timedelta(days=later))
    for n in range(-400, 800, 7):
        asked = day + timedelta(days=n)
        valid = first if asked < day else second if n < later else third
        if valid.closed_until(asked) is not None:
            assert changed.closed_until(asked) is not None
        elif third.closed_until(asked) is None:
            assert changed.closed_until(asked) is None or asked < day + timedelta(days=later)
    assert changed.additions_only == third.additions_only


def test_another_day_that_only_adds_changes_no_retention() -> None:
    plain = config(calendar=Calendar(blackouts=(SUMMER,)))
    adds = config(calendar=Calendar(blackouts=(SUMMER,), additions_only=(SUMMER,)))
    assert plain.retention == adds.retention
    assert plain.retention != config().retention
