"""The day on which something happens, where a group is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_day(time_zone: str, moment: datetime) -> date:
    """The day that ``moment`` (aware) falls on in ``time_zone``, an IANA name."""
    return moment.astimezone(ZoneInfo(time_zone)).date()
