"""Reads a request into its model, and says field by field what is wrong.

Only what is read here is reported to the caller as wrong. A stored record that cannot be read is a
fault of ours, and must not look like one of theirs.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from shared.domain.errors import HomeroomError

Model = TypeVar("Model", bound=BaseModel)


class InvalidFieldsError(HomeroomError):
    """Fields of a request are wrong; ``found`` names each one, without its value."""

    def __init__(self, found: ValidationError) -> None:
        super().__init__("invalid_fields")
        self.found = found


def read_fields(
    model: type[Model], body: Mapping[str, Any], context: Mapping[str, Any] | None = None
) -> Model:
    """Read a request's body into ``model``; ``context`` is what its validators need to know.

    :raises InvalidFieldsError: something in the body is wrong.
    """
    try:
        return model.model_validate(body, context=context)
    except ValidationError as error:
        raise InvalidFieldsError(error) from None


def wrong_field(text: str, *place: str | int) -> InvalidFieldsError:
    """Make the error for one field: ``text`` says what is wrong, ``place`` where the field is."""
    problem = PydanticCustomError("value", "{text}", {"text": text})
    details = InitErrorDetails(type=problem, loc=place, input=None)
    return InvalidFieldsError(
        ValidationError.from_exception_data("request", [details], hide_input=True)
    )


def wrong_cursor() -> InvalidFieldsError:
    """Say that a cursor is not one that we gave out for this list."""
    return wrong_field("Give the cursor of the page before, as it was.", "cursor")
