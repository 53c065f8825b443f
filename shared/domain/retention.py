"""How long what has left a roster is kept."""

from datetime import UTC, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.domain.calendar import ENDLESS, Calendar

ENDED_DAYS = 60
"""How long a class that has ended, and who was in it, can still be read."""

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
        days = self.grace_days if left == "deleted" else ENDED_DAYS
        day, counted = since.date(), 0
        while counted < days:
            day += timedelta(days=1)
            closed = self.calendar.closed_until(day)
            if closed == ENDLESS:
                return None
            if closed is None:
                counted += 1
            else:
                day = closed
        return datetime.combine(day + timedelta(days=1), time(), UTC)
