"""Decides who is in a class on a day. This is computed on reading, never stored."""

from datetime import date
from enum import StrEnum


class When(StrEnum):
    """Whether a record is past, current or future on a day."""

    PAST = "past"
    CURRENT = "current"
    FUTURE = "future"


def when(
    day: date, begin: date | None = None, end: date | None = None, ended: date | None = None
) -> When:
    """Whether a record with these dates is past, current or future on ``day``.

    It is current if begin <= day <= end; a missing date is open.

    :param end: the last day. The standard calls it exclusive, but most exports mean the last day,
        and a day too long harms nobody.
    :param ended: the day on which a run closed the record: from then on it is past.
    """
    if (end is not None and day > end) or (ended is not None and day >= ended):
        return When.PAST
    if begin is not None and day < begin:
        return When.FUTURE
    return When.CURRENT
