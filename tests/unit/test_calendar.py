"""Days on which a group's clock stands still: no Auto runs, and what is deleted does not age."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calendar import ENDLESS, Calendar, DateRange, Pause
from shared.domain.group import Period
from shared.domain.schedule import local_day, next_auto_run, next_run_at

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
    assert next_auto_run(period, "UTC", 2, calendar, _moment(now)) == _moment(due)


def test_a_pause_without_an_end_has_no_next_run() -> None:
    calendar = Calendar(pause=Pause(since=JUNE), blackouts=(SUMMER,))
    assert next_auto_run(Period.DAILY, "UTC", 2, calendar, _moment("2026-06-25T12:00")) is None


@given(CALENDARS, st.sampled_from(Period), st.sampled_from(["UTC", "Pacific/Apia"]), DAYS)
def test_the_next_run_is_on_an_open_day_and_not_before_its_time(
    calendar: Calendar, period: Period, zone: str, day: date
) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    due = next_auto_run(period, zone, 2, calendar, now)
    plain = next_run_at(period, zone, 2, now)
    if due is None:
        assert calendar.pause is not None
        return
    assert due >= plain
    assert calendar.closed_until(local_day(zone, due)) is None


@given(CALENDARS, st.integers(15, 365), DAYS)
def test_what_is_deleted_has_its_days_of_grace_on_open_days(
    calendar: Calendar, grace: int, day: date
) -> None:
    kept = calendar.days_kept(grace, day)
    later = [day + timedelta(days=n) for n in range(1, kept + 1)]
    open_days = [d for d in later if calendar.closed_until(d) in (None, ENDLESS)]
    assert len(open_days) == grace
    # Both ways of counting agree: it is purged on that day, and not on the day before.
    assert calendar.kept_since(grace, later[-1]) >= day
    assert calendar.kept_since(grace, later[-1] - timedelta(days=1)) < day


def test_without_closed_days_grace_is_plain() -> None:
    assert Calendar().days_kept(120, JUNE) == 120
    assert Calendar().kept_since(120, JUNE) == JUNE - timedelta(days=120)
    assert Calendar(blackouts=(SUMMER,)).days_kept(120, JUNE) == 120 + 51
