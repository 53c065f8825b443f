"""What comes in about the days on which a group's clock stands still."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from shared.domain.calendar import MAX_RANGES, Calendar, DateRange, Pause
from shared.domain.input import Input, wrong

LONGEST_DAYS = 400
LATEST = date(2099, 12, 31)
"""Of a pause that ends. Days are counted to its end, and the day after it must be one."""


class DateRangeInput(Input):
    """Days from one to another, both among them."""

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]

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

    until: date | None = None

    @field_validator("until")
    @classmethod
    def _is_meant(cls, until: date | None) -> date | None:
        if until is not None and until > LATEST:
            raise wrong("Leave this out of a pause that has no end.")
        return until


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
