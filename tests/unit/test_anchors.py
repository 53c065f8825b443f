"""Weekly, biweekly and monthly groups keep their days, whatever black-outs or months move."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.group.calendar import Calendar, DateRange
from shared.domain.group.choices import Period
from shared.domain.group.schedule import next_auto_run, next_day
from shared.domain.local_day import local_day
from tests.unit.http_stack import HttpStack

COUNTED = (Period.WEEKLY, Period.BIWEEKLY, Period.MONTHLY)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
ZONE = "Europe/Berlin"


def _own(period: Period, anchor: date, day: date) -> bool:
    """Whether a day is one of the group's, said in another way than the code's."""
    if period is Period.MONTHLY:
        return day.day == min(anchor.day, monthrange(day.year, day.month)[1])
    return (day - anchor).days % (7 if period is Period.WEEKLY else 14) == 0


@given(st.sampled_from(COUNTED), DAYS, DAYS)
def test_the_next_day_is_the_first_of_its_own(period: Period, anchor: date, today: date) -> None:
    found = next_day(period, anchor, today)
    between = [today + timedelta(days=n) for n in range(1, (found - today).days + 1)]
    assert [day for day in between if _own(period, anchor, day)] == [found]


@given(
    st.sampled_from(COUNTED),
    DAYS,
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 60)), max_size=6),
    st.integers(0, 5),
)
def test_a_black_out_moves_a_run_and_no_other(
    period: Period, anchor: date, closed: list[tuple[int, int]], late: int
) -> None:
    ranges = tuple(
        DateRange(first=anchor + timedelta(days=start), last=anchor + timedelta(days=start + days))
        for start, days in closed
    )
    calendar = Calendar(blackouts=ranges)
    seen, now = [], datetime.combine(anchor, time(12), ZoneInfo(ZONE)).astimezone(UTC)
    while local_day(ZONE, now) < anchor + timedelta(days=800):
        due = next_auto_run(period, ZONE, 2, calendar, anchor, now)
        assert due is not None
        assert due > now
        seen.append(local_day(ZONE, due))
        now = due + timedelta(hours=late)  # rules tick hourly, and may be late
    for day in seen:
        assert calendar.closed_until(day) is None
        # Its own, or the first after days on which the clock stood still.
        assert _own(period, anchor, day) or calendar.closed_until(day - timedelta(days=1))
    own = (anchor + timedelta(days=n) for n in range(1, (seen[-1] - anchor).days))
    open_days = {
        day for day in own if _own(period, anchor, day) and calendar.closed_until(day) is None
    }
    assert open_days <= set(seen)


@pytest.mark.parametrize(
    ("period", "anchor", "blackout", "days"),
    [
        # A Monday group: the Monday of the holidays comes on the Saturday after them.
        (Period.WEEKLY, "2026-11-30", ("2026-12-21", "2027-01-01"),
         ["2026-12-07", "2026-12-14", "2027-01-02", "2027-01-04", "2027-01-11"]),
        (Period.BIWEEKLY, "2026-11-30", ("2026-12-21", "2027-01-01"),
         ["2026-12-14", "2027-01-02", "2027-01-11", "2027-01-25", "2027-02-08"]),
        (Period.MONTHLY, "2027-01-31", ("2027-05-29", "2027-06-02"),
         ["2027-02-28", "2027-03-31", "2027-04-30", "2027-06-03", "2027-06-30"]),
        (Period.MONTHLY, "2028-01-30", ("2030-01-01", "2030-01-01"),
         ["2028-02-29", "2028-03-30", "2028-04-30", "2028-05-30", "2028-06-30"]),
    ],
)  # fmt: skip
def test_known_years(
    period: Period, anchor: str, blackout: tuple[str, str], days: list[str]
) -> None:
    first, last = (date.fromisoformat(day) for day in blackout)
    calendar = Calendar(blackouts=(DateRange(first=first, last=last),))
    start = date.fromisoformat(anchor)
    found, now = [], datetime.combine(start, time(12), UTC)
    for _ in days:
        due = next_auto_run(period, "UTC", 2, calendar, start, now)
        assert due is not None
        found.append(due.date().isoformat())
        now = due
    assert found == days


def test_a_group_keeps_its_day_through_changes(stack: HttpStack) -> None:
    group = stack.create(syncFrequency="Auto", period="Weekly")
    anchor = stack.group_item(group["groupId"])["anchor"]["S"]
    assert anchor == group["createdAt"][:10]
    place = f"PATCH /groups/{group['groupId']}"

    def weekday(change: dict[str, object]) -> int:
        answer = stack.groups(place, change)
        assert answer.status == 200, answer.text
        return datetime.fromisoformat(answer.json["nextRunAt"]).weekday()

    own = date.fromisoformat(anchor).weekday()
    assert weekday({"syncHour": 7}) == own
    # Undoing a sync takes a group from the clock; it comes back to its own day.
    stack.groups(place, {"syncFrequency": "Manual", "period": None})
    stack.set_on_group(group["groupId"], anchor={"S": "2026-01-05"})
    assert weekday({"syncFrequency": "Auto", "period": "Weekly"}) == 0
    # Another period is counted from the day on which it is chosen.
    stack.groups(place, {"period": "Monthly"})
    assert stack.group_item(group["groupId"])["anchor"]["S"] == anchor
