"""How long what has left a roster is kept."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.domain.group.calendar import ENDLESS, Calendar

ENDED_DAYS = 60
"""How long a class that has ended, and who was in it, can still be read."""

UNDO_DAYS = 30
"""For how long a roster can be gone back to, once a run has replaced it (rule ``snapshots``)."""

Left = Literal["deleted", "ended"]
"""How a record leaves: read by nobody and kept for its return, or read on as what it was."""


class Retention(BaseModel):
    """Days that are counted only while the group's clock runs.

    A deleted record is kept for ``grace_days``, an ended one for ``ENDED_DAYS``. Two retentions
    that are equal give every record the same end.
    """

    model_config = ConfigDict(frozen=True)

    grace_days: int
    calendar: Calendar

    def until(self, left: Left, since: datetime) -> datetime | None:
        """The moment at which a record that left at ``since`` has had its time (aware UTC).

        It is the end of a day, so that a run's day and the table's clock agree. None where the
        clock stands still without an end: then nobody knows.
        """
        return _end(self, self.grace_days if left == "deleted" else ENDED_DAYS, since.date())


# What leaves in one run leaves on one day, and its end is asked for record by record.
@lru_cache(maxsize=256)
def _end(retention: Retention, days: int, day: date) -> datetime | None:
    counted = 0
    while counted < days:
        day += timedelta(days=1)
        closed = retention.calendar.closed_until(day)
        if closed == ENDLESS:
            return None
        if closed is None:
            counted += 1
        else:
            day = closed
    return datetime.combine(day + timedelta(days=1), time(), UTC)
