"""What a request says about the days on which a group's clock stands still."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from shared.domain.group.calendar import (
    MAX_RANGES,
    Calendar,
    DateRange,
    DateRangeFields,
    Pause,
    PauseFields,
)
from shared.domain.request_body import Input

LONGEST_DAYS = 400


class DateRangeInput(DateRangeFields, Input):
    """Days from one to another, including both."""

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


class PauseInput(PauseFields, Input):
    """A pause of the Auto runs; without `until` it has no end."""


Ranges = Annotated[tuple[DateRangeInput, ...], Field(max_length=MAX_RANGES)]


def make_calendar(
    pause: PauseInput | None,
    blackouts: tuple[DateRangeInput, ...],
    additions_only: tuple[DateRangeInput, ...],
    since: date,
) -> Calendar:
    """Make the calendar that a request describes; ``since`` is when its pause began."""
    return Calendar(
        pause=Pause(since=since, until=pause.until) if pause else None,
        blackouts=tuple(DateRange(first=r.first, last=r.last) for r in blackouts),
        additions_only=tuple(DateRange(first=r.first, last=r.last) for r in additions_only),
    )
