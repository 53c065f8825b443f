"""What comes in about the days on which a group's clock stands still."""

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from shared.domain.group.calendar import MAX_RANGES, Calendar, DateRange, Pause
from shared.domain.request_body import Input, wrong

LONGEST_DAYS = 400
LAST_YEAR = 2099
"""Days beyond it are slips of the keyboard, and their sums no dates any more."""


def _foreseeable(day: date) -> date:
    if day.year > LAST_YEAR:
        raise wrong(f"Give a day up to the year {LAST_YEAR}; a pause can do without.")
    return day


Day = Annotated[date, AfterValidator(_foreseeable)]


class DateRangeInput(Input):
    """Days from one to another, both among them."""

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        text = None
        if self.last < self.first:
            text = "This is before the first day."
        elif (self.last - self.first).days > LONGEST_DAYS:
            text = f"Give at most {LONGEST_DAYS} days; pause the group for longer."
        if text is not None:
            kind = PydanticCustomError("value", "{text}", {"text": text})
            raise ValidationError.from_exception_data(
                "days", [InitErrorDetails(type=kind, loc=("to",), input=None)], hide_input=True
            )
        return self


class PauseInput(Input):
    """A pause of the Auto runs; ``until`` is its last day. Without it the pause has no end."""

    until: Day | None = None


Ranges = Annotated[tuple[DateRangeInput, ...], Field(max_length=MAX_RANGES)]


def calendar_of(
    pause: PauseInput | None,
    blackouts: tuple[DateRangeInput, ...],
    additions_only: tuple[DateRangeInput, ...],
    since: date,
) -> Calendar:
    """The calendar that a request describes; ``since`` is when its pause began."""
    return Calendar(
        pause=Pause(since=since, until=pause.until) if pause else None,
        blackouts=tuple(DateRange(first=r.first, last=r.last) for r in blackouts),
        additions_only=tuple(DateRange(first=r.first, last=r.last) for r in additions_only),
    )
