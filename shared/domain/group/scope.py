"""Which part of its source a group takes in."""

from typing import Self

from pydantic import Field, model_validator

from shared.domain.described import Described, Kept
from shared.domain.group.choices import RoleScope, StatusScope
from shared.domain.request_body import Input, SourcedIdText, wrong

MAX_SCOPE_BYTES = 100_000
"""A group is one item, and each run holds a copy of it: an item takes 400 KB (AWS)."""


class ScopeFields(Described):
    """The part of the source that a group takes in."""

    schools: tuple[SourcedIdText, ...] | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="The sourcedIds of the schools to take in; null for all.",
    )
    classes: tuple[SourcedIdText, ...] | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="The sourcedIds of the classes to take in; null for all of those schools.",
    )
    statuses: tuple[StatusScope, ...] = Field(
        tuple(StatusScope),
        min_length=1,
        description="Which users to take in: `active` ones may sign in, `inactive` ones may not.",
    )
    roles: tuple[RoleScope, ...] = Field(
        (RoleScope.STUDENT, RoleScope.STAFF),
        min_length=1,
        description="Which kinds of users to take in.",
    )


class Scope(ScopeFields, Kept):
    """The scope as it is kept."""


class ScopeInput(ScopeFields, Input):
    """The part of the source to take in; without `schools` and `classes`, all of it."""

    @model_validator(mode="after")
    def _fits_into_an_item(self) -> Self:
        ids = (*(self.schools or ()), *(self.classes or ()))
        if sum(len(text.encode()) for text in ids) > MAX_SCOPE_BYTES:
            raise wrong("These are too many sourcedIds; take whole schools instead.")
        return self
