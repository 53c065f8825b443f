"""When an Auto group syncs next: after now, at its hour, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.group.choices import Period
from shared.domain.group.schedule import next_run_at

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",
    "Pacific/Apia",  # had no 30 December 2011
    "America/Sao_Paulo",  # changed at midnight
    "Africa/Casablanca",
)
LONGEST = {
    Period.EVERY_6_HOURS: timedelta(hours=6),
    Period.EVERY_12_HOURS: timedelta(hours=12),
    Period.DAILY: timedelta(days=2),
    Period.WEEKLY: timedelta(days=8),
    Period.BIWEEKLY: timedelta(days=15),
    Period.MONTHLY: timedelta(days=32),
}
STEP = {Period.EVERY_6_HOURS: 6, Period.EVERY_12_HOURS: 12}
MOMENTS = st.integers(1_100_000_000, 2_200_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)  # from 2004 to 2039
)


def _today(zone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


@given(st.sampled_from(Period), st.sampled_from(ZONES), st.integers(0, 23), MOMENTS)
def test_the_next_run_is_near_and_at_its_hour(
    period: Period, zone: str, hour: int, now: datetime
) -> None:
    due = next_run_at(period, zone, hour, _today(zone, now), now)
    assert due.utcoffset() == timedelta(0)
    # A change of the clocks lengthens a day by at most one hour (once, in Apia, by a whole day).
    slack = timedelta(hours=24 if zone == "Pacific/Apia" else 1)
    assert now < due <= now + LONGEST[period] + slack
    local = due.astimezone(ZoneInfo(zone))
    wall = local.replace(tzinfo=None)
    exists = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) == due
    if exists and local.minute == 0:
        # An hour that a day does not have becomes the next one.
        off = (local.hour - hour) % STEP.get(period, 24)
        assert off in (0, 1)


@given(st.sampled_from(Period), st.sampled_from(ZONES), st.integers(0, 23), MOMENTS)
def test_being_late_by_an_hour_skips_nothing(
    period: Period, zone: str, hour: int, now: datetime
) -> None:
    anchor = _today(zone, now)
    due = next_run_at(period, zone, hour, anchor, now)
    # Rules tick hourly: a run begins up to an hour after it is due.
    after = next_run_at(period, zone, hour, anchor, due + timedelta(minutes=59))
    assert due < after <= due + LONGEST[period] + timedelta(hours=25)


@pytest.mark.parametrize(
    ("period", "zone", "hour", "now", "due"),
    [
        (Period.EVERY_6_HOURS, "UTC", 2, "2026-06-01T03:00", "2026-06-01T08:00"),
        (Period.EVERY_6_HOURS, "UTC", 2, "2026-06-01T21:00", "2026-06-02T02:00"),
        (Period.EVERY_6_HOURS, "UTC", 2, "2026-06-01T02:00", "2026-06-01T08:00"),
        (Period.EVERY_12_HOURS, "Europe/Berlin", 2, "2026-06-01T03:00", "2026-06-01T12:00"),
        (Period.DAILY, "Europe/Berlin", 2, "2026-06-01T12:00", "2026-06-02T00:00"),
        # 2026-03-29 has no 02:00 in Berlin: 03:00 summer time.
        (Period.DAILY, "Europe/Berlin", 2, "2026-03-28T12:00", "2026-03-29T01:00"),
        # 2026-10-25 has 02:00 twice in Berlin: the first.
        (Period.DAILY, "Europe/Berlin", 2, "2026-10-24T12:00", "2026-10-25T00:00"),
        (Period.DAILY, "Europe/Berlin", 2, "2026-10-25T00:30", "2026-10-26T01:00"),
        (Period.WEEKLY, "UTC", 2, "2026-06-03T12:00", "2026-06-10T02:00"),
        (Period.BIWEEKLY, "UTC", 2, "2026-06-03T12:00", "2026-06-17T02:00"),
        (Period.MONTHLY, "UTC", 2, "2026-01-31T12:00", "2026-02-28T02:00"),
        (Period.MONTHLY, "UTC", 2, "2026-12-05T12:00", "2027-01-05T02:00"),
    ],
)
def test_known_dates(period: Period, zone: str, hour: int, now: str, due: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = next_run_at(period, zone, hour, _today(zone, moment), moment)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)
