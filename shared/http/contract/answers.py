"""The base of every answer of the API. Both the answer and the document are made from the model.

A field with a default is left out of an answer unless it is set.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from shared.domain.described import drop_limits
from shared.domain.roster.collection import Collection
from shared.http.contract.problem_codes import CODES, FIELD_CODES, REFUSED_FIELD_CODES


def _written(moment: datetime) -> str:
    return moment.isoformat()


# Pydantic itself writes UTC as Z; the API has written +00:00 from its first day.
Moment = Annotated[AwareDatetime, PlainSerializer(_written, return_type=str, when_used="json")]
"""A moment as the API writes it: ISO 8601 with an offset."""


def listed(values: Iterable[str]) -> WithJsonSchema:
    """List in the document the values that a text can have.

    The text itself is not checked: it may come from a newer version that has more of them.
    """
    return WithJsonSchema({"type": "string", "enum": [str(value) for value in values]})


Entity = Annotated[str, listed(collection.entity for collection in Collection)]
"""A kind of record."""


class Answer(BaseModel):
    """Base of all answers: a field that the model does not have is an error of ours.

    Fields that are ``Described`` lose their limits. In a subclass with ``complete`` they are always
    given, so that the document shows no defaults for them.
    """

    # Built at its first use: a function answers with few of the models that it imports.
    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        from_attributes=True,
        extra="forbid",
        defer_build=True,
    )

    def __init_subclass__(cls, *, complete: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        drop_limits(cls, complete=complete)

    @classmethod
    def made_from(cls, source: object, /, **others: object) -> Self:
        """Make an answer of the attributes that ``source`` has by the same names, and of others."""
        same = cls.model_fields.keys() - others.keys()
        found = {name: getattr(source, name) for name in same if hasattr(source, name)}
        return cls.model_validate(found | others)

    def json_text(self) -> str:
        """Write the answer as it is sent."""
        return self.model_dump_json(by_alias=True, exclude_unset=True)


class StoredAnswer(Answer):
    """Made of what is stored, perhaps by a newer version: fields that it has added are left out.

    After a roll-back, or beside a version that is being replaced, one unknown field of one record
    must not cost a whole page.
    """

    model_config = ConfigDict(extra="ignore")


class WrongField(Answer):
    """One field that is wrong: what is wrong, and what to do."""

    field: str = Field(
        description="The field's name. In an object it is named with a dot, and so is the place in "
        "a list: `connection.url`, `customers.0`."
    )
    code: Annotated[
        str, listed(sorted({*REFUSED_FIELD_CODES, *(code for code, _ in FIELD_CODES.values())}))
    ] = Field(description="What is wrong, for programs.")
    message: str = Field(description="What is wrong or what to do, for people.")


class Problem(Answer):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="Always `about:blank`: the `code` tells problems apart.")
    title: str = Field(description="The name of the HTTP status.")
    status: int = Field(
        0, description="The HTTP status; absent if the gateway itself refused the request."
    )
    code: Annotated[str, listed(sorted(CODES))] = Field(
        description="Why the request was refused, for programs."
    )
    detail: str = Field(description="Why the request was refused, for people.")
    errors: tuple[WrongField, ...] = Field(
        (), description="The fields that are wrong; absent if it is not about fields."
    )
    run_id: str = Field(
        "", description="The run that is in the way; absent if the problem is not about one."
    )


class Message(Answer):
    """Words for a person."""

    message: str = Field(description="What is happening, for people.")


class Accepted(Answer):
    """A run has been accepted."""

    message: str = Field(description="That the request was accepted, for people.")
    run_id: str = Field(description="The id of the run; ask for it to follow the run.")
    note: str = Field(
        "", description="What else follows, for people; absent if there is nothing to say."
    )
