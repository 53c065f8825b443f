"""An exception as it is requested, and the exception that is made of it."""

import re
from datetime import date, datetime

from pydantic import Field, field_validator, model_validator

from shared.domain.group.group import Group
from shared.domain.ids import RECORD_ID_LENGTH, GroupId, record_id
from shared.domain.local_day import day_ends, local_day
from shared.domain.read_fields import wrong_field
from shared.domain.request_body import Word, wrong
from shared.domain.roster.collection import Collection
from shared.domain.roster.record_exception import (
    Effect,
    ExceptionFields,
    NamedBy,
    RecordException,
)
from shared.domain.run.decision import SelectedRecordInput

_ID = re.compile(rf"[0-9a-f]{{{RECORD_ID_LENGTH}}}")
_LAST_YEAR = 2199


class ExceptionInput(ExceptionFields, SelectedRecordInput):
    """An exception for one record, named by its id or its sourcedId; it replaces an earlier one."""

    id: Word | None = Field(
        None,
        description="The record's id, as the roster shows it. An enrollment is named by its id: "
        "sources renumber them.",
    )

    @field_validator("id")
    @classmethod
    def _is_an_id(cls, given: str | None) -> str | None:
        if given is not None and not _ID.fullmatch(given):
            raise wrong("Give the id as the roster shows it.")
        return given

    @field_validator("until")
    @classmethod
    def _can_be_counted(cls, until: date | None) -> date | None:
        if until is not None and until.year > _LAST_YEAR:
            raise wrong(f"Give a day before {_LAST_YEAR + 1}, or null for good.")
        return until

    @model_validator(mode="after")
    def _can_be_excepted(self) -> "ExceptionInput":
        if self.entity == Collection.ENROLLMENTS.entity and self.id is None:
            raise wrong("Name an enrollment by its id: sources renumber their sourcedIds.")
        if self.entity == Collection.ORGS.entity and self.effect is Effect.LEAVE_OUT:
            raise wrong(
                "A partner cannot be left out with all that belongs to it. Narrow the group's "
                "scope instead: what that removes waits for a decision."
            )
        return self


def make_exception(
    group: Group, given: ExceptionInput, person: str, now: datetime
) -> RecordException:
    """Make the exception that a person asks for.

    :param person: who asks: the person's id.
    :raises InvalidFieldsError: its last day has passed in the group's time zone.
    """
    if given.until is not None and given.until < local_day(group.time_zone, now):
        raise wrong_field("Give today or a later day, or null for good.", "until")
    keeps = given.effect is Effect.KEEP
    return RecordException(
        effect=given.effect,
        entity=given.entity,
        named_by=NamedBy.SOURCED_ID if given.id is None else NamedBy.ID,
        digest=given.id or _hashed(group.group_id, given),
        sourced_id=given.sourced_id if keeps else None,
        until=given.until,
        ends_at=day_ends(group.time_zone, given.until) if given.until else None,
        why=given.why,
        by=person,
        at=now,
    )


def _hashed(group_id: GroupId, given: ExceptionInput) -> str:
    assert given.sourced_id is not None
    return record_id(group_id, given.entity, given.sourced_id)
