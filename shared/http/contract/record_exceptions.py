"""What the API answers about exceptions for records."""

from typing import Annotated

from pydantic import Field

from shared.domain.roster.record_exception import ExceptionFields, NamedBy
from shared.http.contract.answers import Answer, Entity, Moment, listed


class ExceptionAnswer(ExceptionFields, Answer, complete=True):
    """An exception for one record."""

    exception_id: str = Field(description="The exception's id; a request to remove it names it.")
    entity: Entity = Field(description="The kind of record.")
    named_by: Annotated[str, listed(NamedBy)] = Field(
        description="What the record is known by: its `id`, or its `sourcedId`."
    )
    id: str | None = Field(description="The record's id; null if it was named by its sourcedId.")
    sourced_id: str | None = Field(
        description="The record's sourcedId; null if it was named by its id, and of every record "
        "that is left out: only a hash of it is kept."
    )
    holds: bool = Field(description="Whether it has an effect; false once its last day is over.")
    by: str = Field(description="Who made it: the person's id in Cognito.")
    at: Moment = Field(description="When it was made.")


class ExceptionPage(Answer):
    """A page of exceptions, also of those that are over."""

    exceptions: list[ExceptionAnswer] = Field(description="The exceptions of the page.")
    cursor: str | None = Field(description="Where the next page begins; null on the last page.")
