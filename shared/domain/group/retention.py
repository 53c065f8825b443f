"""How long what has left a roster is kept."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.domain.group.calendar import ENDLESS, Calendar

ENDED_DAYS = 60
"""How long an ended class and its members can still be read."""

Left = Literal["deleted", "ended"]
"""How a record leaves: hidden and kept for its return, or still readable as what it was."""


class Retention(BaseModel):
    """How long a group keeps what has left; equal retentions give every record the same end.

    An ended record is kept for ``ENDED_DAYS``. Days are counted only while the clock runs.

    grace_days: how many days a deleted record is kept.
    calendar: when the group's clock stands still.
    """

    model_config = ConfigDict(frozen=True)

    grace_days: int
    calendar: Calendar

    def until(self, left: Left, since: datetime) -> datetime | None:
        """Return when a record that left at ``since`` may be removed (aware UTC).

        It is the end of a day, so that a run's day and the table's clock agree. None while the
        clock stands still without an end, since then it is not known.
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
