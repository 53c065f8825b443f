"""When a group's own clock stands still: pauses, blackout dates, and days that only add.

All days are in the group's time zone, and every range includes both its ends.
"""

from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.domain.described import Described, Kept
from shared.domain.request_body import wrong

ENDLESS = date.max
"""Stands for the last day of a pause that has no end."""
MAX_RANGES = 20
MAX_STOOD_STILL = 60
"""How many past ranges a calendar remembers; beyond that it forgets the oldest."""


LAST_YEAR = 2099
"""Later days are slips of the keyboard, and sums with them are no dates any more."""


def _foreseeable(day: date) -> date:
    if day.year > LAST_YEAR:
        raise wrong(f"Give a day up to the year {LAST_YEAR}; a pause can do without.")
    return day


Day = Annotated[date, AfterValidator(_foreseeable)]


class DateRangeFields(Described):
    """A range of days; both ends belong to it."""

    first: Day = Field(
        alias="from", description="The first day of the range, in the group's time zone."
    )
    last: Day = Field(alias="to", description="The last day of the range; it belongs to it.")


class PauseFields(Described):
    """A pause of the Auto runs."""

    until: Day | None = Field(
        None, description="The last day of the pause; without it the pause has no end."
    )


class DateRange(DateRangeFields, Kept):
    """Days from ``first`` to ``last``, including both."""

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


class Pause(PauseFields, Kept):
    """No Auto runs from ``since`` to ``until``; without an end, until the pause is lifted.

    since: the first day of the pause.
    """

    since: date


class Calendar(Kept):
    """Which days of a group differ from the others.

    While the clock stands still, no Auto run starts, and what has left the roster does not age.

    pause: a range of days, perhaps without an end, on which the clock stands still.
    blackouts: other ranges on which it stands still.
    additions_only: days on which Auto runs do not delete.
    stood_still: past days on which the clock stood still, whatever was changed since.
    """

    pause: Pause | None = None
    blackouts: tuple[DateRange, ...] = ()
    additions_only: tuple[DateRange, ...] = ()
    stood_still: tuple[DateRange, ...] = ()

    def closed_until(self, day: date) -> date | None:
        """Return the last day of a standstill that includes ``day``; None if the clock runs."""
        return max((days.last for days in self._closed() if day in days), default=None)

    def only_adds(self, day: date) -> bool:
        """Whether the Auto runs of this day leave deletions alone."""
        return any(day in days for days in self.additions_only)

    def changed_to(self, new: "Calendar", today: date) -> "Calendar":
        """Return ``new`` in place of this calendar, with the days that have passed under this one.

        A pause that is lifted today still counts for the days up to yesterday.
        """
        if (new.pause, new.blackouts) == (self.pause, self.blackouts):
            past = self.stood_still
        else:
            yesterday = today - timedelta(days=1)
            passed = [
                DateRange(first=days.first, last=min(days.last, yesterday))
                for days in self._closed()
                if days.first <= yesterday
            ]
            past = _merged(passed)[-MAX_STOOD_STILL:]
        return new.model_copy(update={"stood_still": past})

    def _closed(self) -> tuple[DateRange, ...]:
        pause = self.pause
        if pause is None:
            return self.blackouts + self.stood_still
        paused = DateRange(first=pause.since, last=pause.until or ENDLESS)
        return (*self.blackouts, *self.stood_still, paused)


def _merged(ranges: list[DateRange]) -> tuple[DateRange, ...]:
    """Return the same days in as few ranges as possible, in order."""
    merged: list[DateRange] = []
    for days in sorted(ranges, key=lambda days: days.first):
        if merged and days.first <= merged[-1].last + timedelta(days=1):
            last = max(merged[-1].last, days.last)
            merged[-1] = DateRange(first=merged[-1].first, last=last)
        else:
            merged.append(days)
    return tuple(merged)
