"""When an Auto group syncs next.

A group that syncs every week, every other week or every month has an *anchor*: the day from which
all its days are counted. It fixes the weekday, the week or the day of the month. A blackout or a
short month moves one run only; the runs after it are on days of the anchor again.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.domain.group.calendar import ENDLESS, Calendar
from shared.domain.group.choices import Period

_HOURS = {Period.EVERY_6_HOURS: 6, Period.EVERY_12_HOURS: 12}
_DAYS = {Period.DAILY: 1, Period.WEEKLY: 7, Period.BIWEEKLY: 14}


def next_auto_run(
    period: Period,
    time_zone: str,
    sync_hour: int,
    calendar: Calendar,
    anchor: date,
    now: datetime,
) -> datetime | None:
    """Return when a group is due after ``now``, on a day that its calendar leaves open.

    A run that would fall on a blackout or into a pause comes at ``sync_hour`` of the day after it;
    the run after that is on a day of ``anchor`` again. None in a pause without an end.
    """
    return open_moment(
        next_run_at(period, time_zone, sync_hour, anchor, now), time_zone, sync_hour, calendar
    )


def open_moment(
    due: datetime, time_zone: str, sync_hour: int, calendar: Calendar
) -> datetime | None:
    """Return ``due``, or ``sync_hour`` of the next day that the calendar leaves open."""
    zone = ZoneInfo(time_zone)
    while (closed := calendar.closed_until(due.astimezone(zone).date())) is not None:
        if closed == ENDLESS:
            return None
        opens = closed + timedelta(days=1)
        due = datetime.combine(opens, time(sync_hour), zone).astimezone(UTC)
    return due


def next_run_at(
    period: Period, time_zone: str, sync_hour: int, anchor: date, now: datetime
) -> datetime:
    """Return when a group of ``period`` is due after ``now``, in UTC.

    Periods of hours divide the day from ``sync_hour`` on. The others fall on ``sync_hour`` of the
    group's first day after the local day of ``now``. An hour that does not exist on a day (summer
    time) counts as the next one.
    """
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    if period in _HOURS:
        step = _HOURS[period]
        hours = [(sync_hour + step * n) % 24 for n in range(24 // step)]
        moments = (
            datetime.combine(today + timedelta(days=day), time(hour), zone).astimezone(UTC)
            for day in (0, 1)
            for hour in sorted(hours)
        )
        return next(moment for moment in moments if moment > now)
    day = next_day(period, anchor, today)
    return datetime.combine(day, time(sync_hour), zone).astimezone(UTC)


def next_day(period: Period, anchor: date, today: date) -> date:
    """Return the first of a group's days after ``today``; its period is of days or months.

    In a month without the anchor's day (the 31st) it is the last one.
    """
    if period in _DAYS:
        step = _DAYS[period]
        return anchor + timedelta(days=((today - anchor).days // step + 1) * step)
    first = today.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return next(
        day for day in (_in_month(first, anchor), _in_month(following, anchor)) if day > today
    )


def _in_month(first: date, anchor: date) -> date:
    """Return the anchor's day in the month of ``first``, or the month's last day."""
    _, length = monthrange(first.year, first.month)
    return first.replace(day=min(anchor.day, length))
