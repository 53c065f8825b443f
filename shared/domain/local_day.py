"""The day of a moment in a group's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_day(time_zone: str, moment: datetime) -> date:
    """The day of ``moment`` (aware) in ``time_zone``, a name of the IANA database."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def day_ends(time_zone: str, day: date) -> datetime:
    """The moment (UTC) at which ``day`` is over in ``time_zone``."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(time_zone))
    return midnight.astimezone(UTC)
