"""Who is in a class on a day; decided when the roster is read, never stored."""

from datetime import date
from enum import StrEnum


class When(StrEnum):
    """Where a day lies, seen from a record: the record is past, current or future on it."""

    PAST = "past"
    CURRENT = "current"
    FUTURE = "future"


def when(
    day: date, begin: date | None = None, end: date | None = None, ended: date | None = None
) -> When:
    """Tell how a record with these dates stands on ``day``.

    It is current if begin <= day <= end; a missing date is open. ``end`` is the last day: the
    standard calls it exclusive, most exports mean the last day, and a day too long harms nobody.
    ``ended`` is the day on which a run closed the record: from that day on it is past.
    """
    if (end is not None and day > end) or (ended is not None and day >= ended):
        return When.PAST
    if begin is not None and day < begin:
        return When.FUTURE
    return When.CURRENT
