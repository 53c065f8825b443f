"""The staged roster: what a source delivered, flattened to fixed columns and not judged yet.

Every source (REST 1.1, REST 1.2, CSV) uses these columns, so plan and snapshot know only one shape.
All values are text as the source wrote it; nothing is parsed, dropped or repaired here. Data that
is never stored (passwords, demographics) has no column, so it never reaches S3.
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.findings import FileFinding


class ColumnType(StrEnum):
    """The type of a column in staged files and in a snapshot, in DuckDB's words."""

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
        # Null unless the group stores them (StoredField).
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
"""Additional columns of rows from a file: where a row begins, and why it is broken, if it is."""

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


PRESENT_COLUMNS: dict[str, str] = {
    "sourced_id": "VARCHAR",
    "class": "VARCHAR",
    "user": "VARCHAR",
    "role": "VARCHAR",
    "begin_date": "VARCHAR",
}
"""Columns of a staged row of what a source has after all (``presence.present_row``).

Only an enrollment that could be read fills more than the first.
"""


class StagedPart(BaseModel):
    """What was staged from one file or list.

    ``status``: whether it is complete.
    ``objects``: keys of objects in reading order: gzipped NDJSON with the columns above.
    ``rows``: how many rows the objects hold.
    ``status_filled``: how many of these rows have a status.
    ``file``: the name of the CSV file; None over REST.
    ``date_orders``: ``mdy`` or ``dmy`` for each staged column whose dates are not in the standard's
        order.
    """

    model_config = ConfigDict(frozen=True)

    status: CollectionStatus
    objects: tuple[str, ...] = ()
    rows: int = 0
    status_filled: int = 0
    file: str | None = None
    date_orders: dict[str, str] = {}


class StagedCollection(StagedPart):
    """A collection as a source delivered it. A collection that fails ends the run instead."""

    collection: Collection


class StagedRoster(BaseModel):
    """Everything that a source delivered in one run; stored in the run's cursor.

    ``collections``: the staged collections.
    ``roles``: the rows of ``roles.csv``; None without that file.
    ``findings``: what was repaired while files were read.
    """

    model_config = ConfigDict(frozen=True)

    collections: dict[Collection, StagedCollection] = {}
    roles: StagedPart | None = None
    findings: tuple[FileFinding, ...] = ()


class Absent(BaseModel):
    """Records that a REST source did not deliver.

    ``key``: the object with their sourcedIds, one on each line.
    ``records``: how many there are.
    ``known``: sourcedIds that were delivered in this run, and are as awkward as the absent ones: if
        the source answers for them by themselves, its answers for the absent ones can be believed.
        Empty if there are none for every kind of sourcedId; the release before this one had none.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    records: int
    known: tuple[str, ...] = ()


class PlanCursor(BaseModel):
    """What a run's cursor holds while it is planned.

    ``staged``: the staged roster.
    ``absent``: records that must be asked for once more.
    ``present``: staged objects with ``PRESENT_COLUMNS``: what turned up when the source was asked.
        None until it was asked.
    ``unasked``: why the absent records of a collection could not be asked for: they stay.
    ``exceptions``: a digest of the exceptions by which records seemed gone. Under others, other
        records may be missing, and the source is asked again.
    """

    model_config = ConfigDict(frozen=True)

    staged: StagedRoster
    absent: dict[Collection, Absent] = {}
    present: dict[Collection, tuple[str, ...]] | None = None
    unasked: dict[Collection, str] = {}
    exceptions: str = ""


NOTHING_STAGED: dict[str, Any] = PlanCursor(staged=StagedRoster()).model_dump(mode="json")
"""The cursor of a run that fetched nothing."""
