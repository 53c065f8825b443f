"""The day of a moment in a group's time zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_day(time_zone: str, moment: datetime) -> date:
    """The day of ``moment`` (aware) in ``time_zone``, a name of the IANA database."""
    return moment.astimezone(ZoneInfo(time_zone)).date()
