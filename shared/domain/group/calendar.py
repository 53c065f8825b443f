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
MAX_STOOD_STILL = 60
"""How many ranges of the past a calendar remembers; beyond them it forgets the oldest."""


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

    On ``blackouts`` and in a ``pause`` no Auto run starts, and nothing that has left the roster
    comes nearer to its end. On ``additions_only`` days Auto runs do not delete. ``stood_still`` are
    the days of the past on which the clock stood still, whatever has been said since.
    """

    pause: Pause | None = None
    blackouts: tuple[DateRange, ...] = ()
    additions_only: tuple[DateRange, ...] = ()
    stood_still: tuple[DateRange, ...] = ()

    def closed_until(self, day: date) -> date | None:
        """The last day on which the clock stands still, if it does on ``day``."""
        return max((days.last for days in self._closed() if day in days), default=None)

    def only_adds(self, day: date) -> bool:
        """Whether the Auto runs of this day leave deletions alone."""
        return any(day in days for days in self.additions_only)

    def changed_to(self, new: "Calendar", today: date) -> "Calendar":
        """``new`` in the place of this calendar, with what has passed under this one.

        A pause that is taken back has stood, until yesterday, for as long as it did.
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
    """The same days in as few ranges as there can be, in order."""
    merged: list[DateRange] = []
    for days in sorted(ranges, key=lambda days: days.first):
        if merged and days.first <= merged[-1].last + timedelta(days=1):
            last = max(merged[-1].last, days.last)
            merged[-1] = DateRange(first=merged[-1].first, last=last)
        else:
            merged.append(days)
    return tuple(merged)
