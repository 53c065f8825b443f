"""What every answer of the API is: a model, of which both the answer and the document are made.

A field with a default is left out of an answer unless it is set.
"""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel


def _written(moment: datetime) -> str:
    return moment.isoformat()


# Pydantic itself writes UTC as Z; the API has written +00:00 from its first day.
Moment = Annotated[AwareDatetime, PlainSerializer(_written, return_type=str, when_used="json")]
"""A moment as the API writes it: ISO 8601 with an offset."""


class Answer(BaseModel):
    """Nothing is answered that is not here."""

    # Built at its first use: a function answers with few of the models that it imports.
    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        from_attributes=True,
        extra="forbid",
        defer_build=True,
    )

    def json_text(self) -> str:
        """The answer as it is sent."""
        return self.model_dump_json(by_alias=True, exclude_unset=True)


class StoredAnswer(Answer):
    """Made of what is stored, perhaps by a newer version: what that has added is left out.

    After a roll-back, or beside a version that is being replaced, one unknown field of one record
    must not cost a whole page.
    """

    model_config = ConfigDict(extra="ignore")


class WrongField(Answer):
    """One field that is wrong: what, and what to do.

    A field in an object is named with a dot, and so is the place in a list: ``customers.0``.
    """

    field: str
    code: str
    message: str


class Problem(Answer):
    """Why a request was not honoured (RFC 9457).

    ``code`` is for programs, ``detail`` for people; ``run_id`` is the run that is in the way.
    """

    type: str
    title: str
    # The gateway cannot say it in what it refuses by itself.
    status: int = 0
    code: str
    detail: str
    errors: tuple[WrongField, ...] = ()
    run_id: str = ""


class Message(Answer):
    """Words for a person."""

    message: str


class Accepted(Answer):
    """A run has been accepted; ``note`` says what follows of it."""

    message: str
    run_id: str
    note: str = ""
