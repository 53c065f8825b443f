"""The staged roster: what a source delivered, flattened to fixed columns, unjudged.

Every source (REST 1.1, REST 1.2, later CSV) is brought to these columns, so that plan and snapshot
know one shape. All values are text as the source wrote it; nothing is parsed, dropped or repaired
here. What is never stored (passwords, demographics) has no column, and so never reaches S3.
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.findings import FileFinding


class ColumnType(StrEnum):
    """How a column is laid out in staged files and in a snapshot."""

    TEXT = "VARCHAR"
    LIST = "VARCHAR[]"
    # A role's own sourcedId (CSV only) is remembered for deltas.
    ROLES = (
        "STRUCT(sourced_id VARCHAR, role VARCHAR, role_type VARCHAR, org VARCHAR, "
        "begin_date VARCHAR, end_date VARCHAR)[]"
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


FILE_COLUMNS: dict[str, str] = {"line": "BIGINT", "broken": "VARCHAR"}
"""Besides, rows from a file say on which line they begin, and why they could not be laid out."""

ROLE_COLUMNS: dict[str, str] = {
    "sourced_id": "VARCHAR",
    "status": "VARCHAR",
    "user": "VARCHAR",
    "role_type": "VARCHAR",
    "role": "VARCHAR",
    "org": "VARCHAR",
    "begin_date": "VARCHAR",
    "end_date": "VARCHAR",
}
"""Columns of a staged row of ``roles.csv`` (1.2), which the plan joins to the users."""


class StagedPart(BaseModel):
    """What was staged of one file or list.

    ``objects`` are the keys of its files, gzipped NDJSON with the columns above, in reading order.
    ``rows`` is how many rows they hold, ``status_filled`` how many of these have a status. Of a
    CSV file, ``file`` is its name, and ``date_orders`` says of the columns (staged names) that
    write dates in another order than the standard how they do: ``mdy`` or ``dmy``.
    """

    model_config = ConfigDict(frozen=True)

    status: CollectionStatus
    objects: tuple[str, ...] = ()
    rows: int = 0
    status_filled: int = 0
    file: str | None = None
    date_orders: dict[str, str] = {}


class StagedCollection(StagedPart):
    """One collection as a source delivered it; one that failed ends the run, and is not staged."""

    collection: Collection


class StagedRoster(BaseModel):
    """All that a source delivered in one run; it travels in the run's cursor.

    ``roles`` are the rows of ``roles.csv``; ``findings`` what was repaired in reading files.
    """

    model_config = ConfigDict(frozen=True)

    collections: dict[Collection, StagedCollection] = {}
    roles: StagedPart | None = None
    findings: tuple[FileFinding, ...] = ()


class Absent(BaseModel):
    """Records that a REST source did not deliver: an object with their sourcedIds, one a line."""

    model_config = ConfigDict(frozen=True)

    key: str
    records: int


class PlanCursor(BaseModel):
    """What a run's cursor holds while it is planned.

    ``absent`` must be asked for once more; ``present`` (staged objects with the column
    ``sourced_id``) are those of them that are there after all, once that was done.
    """

    model_config = ConfigDict(frozen=True)

    staged: StagedRoster
    absent: dict[Collection, Absent] = {}
    present: dict[Collection, tuple[str, ...]] | None = None


NOTHING_STAGED: dict[str, Any] = PlanCursor(staged=StagedRoster()).model_dump(mode="json")
"""The cursor of a run that plans without having fetched anything."""
