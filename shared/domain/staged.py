"""The staged roster: what a source delivered, flattened to fixed columns, unjudged.

Every source (REST 1.1, REST 1.2, later CSV) is brought to these columns, so that plan and snapshot
know one shape. All values are text as the source wrote it; nothing is parsed, dropped or repaired
here. What is never stored (passwords, demographics) has no column, and so never reaches S3.
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.domain.collection import Collection, CollectionStatus


class ColumnType(StrEnum):
    """How a column is laid out in staged files and in a snapshot."""

    TEXT = "VARCHAR"
    LIST = "VARCHAR[]"
    ROLES = (
        "STRUCT(role VARCHAR, role_type VARCHAR, org VARCHAR, begin_date VARCHAR, "
        "end_date VARCHAR)[]"
    )


TEXT, LIST, ROLES = ColumnType.TEXT, ColumnType.LIST, ColumnType.ROLES

STAGED_COLUMNS: dict[Collection, dict[str, ColumnType]] = {
    Collection.ORGS: {
        "sourced_id": TEXT,
        "status": TEXT,
        "name": TEXT,
        "type": TEXT,
        "identifier": TEXT,
        "parent": TEXT,
    },
    Collection.ACADEMIC_SESSIONS: {
        "sourced_id": TEXT,
        "status": TEXT,
        "title": TEXT,
        "type": TEXT,
        "start_date": TEXT,
        "end_date": TEXT,
        "parent": TEXT,
        "school_year": TEXT,
    },
    Collection.COURSES: {
        "sourced_id": TEXT,
        "status": TEXT,
        "title": TEXT,
        "course_code": TEXT,
        "grades": LIST,
        "org": TEXT,
        "school_year": TEXT,
        "subjects": LIST,
        "subject_codes": LIST,
    },
    Collection.CLASSES: {
        "sourced_id": TEXT,
        "status": TEXT,
        "title": TEXT,
        "class_code": TEXT,
        "class_type": TEXT,
        "location": TEXT,
        "grades": LIST,
        "course": TEXT,
        "school": TEXT,
        "terms": LIST,
        "subjects": LIST,
        "subject_codes": LIST,
        "periods": LIST,
    },
    Collection.USERS: {
        "sourced_id": TEXT,
        "status": TEXT,
        "enabled_user": TEXT,
        "username": TEXT,
        "given_name": TEXT,
        "middle_name": TEXT,
        "family_name": TEXT,
        "preferred_given_name": TEXT,
        "preferred_middle_name": TEXT,
        "preferred_family_name": TEXT,
        "identifier": TEXT,
        "email": TEXT,
        "grades": LIST,
        "roles": ROLES,
        "primary_org": TEXT,
        # Only when the group asks for them (StoredField), otherwise always null.
        "phone": TEXT,
        "sms": TEXT,
        "agents": LIST,
        "metadata": TEXT,
    },
    Collection.ENROLLMENTS: {
        "sourced_id": TEXT,
        "status": TEXT,
        "class": TEXT,
        "school": TEXT,
        "user": TEXT,
        "role": TEXT,
        "primary": TEXT,
        "begin_date": TEXT,
        "end_date": TEXT,
    },
}
"""Column names and types of a staged row, by collection. References hold the target's sourcedId."""


class StagedCollection(BaseModel):
    """One collection as a source delivered it.

    ``objects`` are the keys of its files, gzipped NDJSON with the columns above, in reading order.
    ``rows`` is how many rows they hold. A collection that failed is never staged: it ends the run.
    """

    model_config = ConfigDict(frozen=True)

    collection: Collection
    status: CollectionStatus
    objects: tuple[str, ...] = ()
    rows: int = 0


class StagedRoster(BaseModel):
    """All collections that a source delivered in one run; it travels in the run's cursor."""

    model_config = ConfigDict(frozen=True)

    collections: dict[Collection, StagedCollection] = {}

    def to_json(self) -> dict[str, Any]:
        """Write it for a cursor."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "StagedRoster":
        """Read it from a cursor."""
        return cls.model_validate(value)
