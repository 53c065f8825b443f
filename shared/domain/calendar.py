"""When a group's own clock stands still: pauses, black-out dates, and days that only add.

All days are those of the group's time zone, and every range has both its ends.
"""

from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

ENDLESS = date.max
"""The last day of a pause that has no end."""
MAX_RANGES = 20


class _Days(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


class DateRange(_Days):
    """Days from ``first`` to ``last``, both among them."""

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


class Pause(_Days):
    """No Auto runs from ``since`` to ``until``; without that, until the pause is taken back."""

    since: date
    until: date | None = None


class Calendar(_Days):
    """Which days of a group are unlike the others.

    On ``blackouts`` and in a ``pause`` no Auto run starts, and no deleted record comes nearer to
    its end. On ``additions_only`` days Auto runs do not delete.
    """

    pause: Pause | None = None
    blackouts: tuple[DateRange, ...] = ()
    additions_only: tuple[DateRange, ...] = ()

    def closed_until(self, day: date) -> date | None:
        """The last day on which the clock stands still, if it does on ``day``."""
        ends = [blackout.last for blackout in self.blackouts if day in blackout]
        pause = self.pause
        if pause is not None and day in DateRange(first=pause.since, last=pause.until or ENDLESS):
            ends.append(pause.until or ENDLESS)
        return max(ends, default=None)

    def only_adds(self, day: date) -> bool:
        """Whether the Auto runs of this day leave deletions alone."""
        return any(day in days for days in self.additions_only)

    def days_kept(self, grace_days: int, day: date) -> int:
        """For how many days a record that is deleted on ``day`` is kept.

        ``grace_days`` are counted on the days on which the clock runs. A pause without an end
        adds nothing: nobody knows its length, and whatever is kept must have an end.
        """
        kept, counted = 0, 0
        while counted < grace_days:
            counted += not self._stands_still(day + timedelta(days=kept + 1))
            kept += 1
        return kept

    def kept_since(self, grace_days: int, today: date) -> date:
        """The last day whose deleted records have had their time by ``today``."""
        day, counted = today, 0
        while counted < grace_days:
            counted += not self._stands_still(day)
            day -= timedelta(days=1)
        return day

    def _stands_still(self, day: date) -> bool:
        end = self.closed_until(day)
        return end is not None and end != ENDLESS
