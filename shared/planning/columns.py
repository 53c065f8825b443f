"""The columns of a snapshot, and the SQL fragments made from them."""

from collections.abc import Mapping

from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import LIST, STAGED_COLUMNS, TEXT

SHAPE_VERSION = 3
"""Counts the changes of a snapshot that an older version would misread.

An older base is converted when it is loaded; a newer one is left alone. Adding a column is not such
a change: a version that does not know the column ignores it (docs/upgrade-and-rollback.md).
"""

_BOOLEAN = "BOOLEAN"


def _parsed(collection: Collection) -> dict[str, str]:
    columns = {name: kind.value for name, kind in STAGED_COLUMNS[collection].items()}
    del columns["sourced_id"], columns["status"]
    if collection is Collection.USERS:
        del columns["enabled_user"]
        columns = {"enabled": _BOOLEAN} | columns
    if collection is Collection.ENROLLMENTS:
        columns["primary"] = _BOOLEAN
    return columns


PARSED_COLUMNS: dict[Collection, dict[str, str]] = {c: _parsed(c) for c in Collection}
"""A record's own values, as ``domain.roster.records`` parsed them; references are sourcedIds."""

RESOLVED_COLUMNS: dict[Collection, dict[str, str]] = {
    Collection.ORGS: {"parent_id": TEXT, "customer_id": TEXT, "root": _BOOLEAN},
    Collection.ACADEMIC_SESSIONS: {"parent_id": TEXT},
    Collection.COURSES: {"org_id": TEXT, "school_year_id": TEXT},
    Collection.CLASSES: {"school_id": TEXT, "course_id": TEXT, "term_ids": LIST},
    # org_ids are parallel to roles; a role whose org does not resolve has null there.
    Collection.USERS: {
        "org_ids": LIST,
        "primary_org_id": TEXT,
        "agent_ids": LIST,
        "login_name": TEXT,
    },
    Collection.ENROLLMENTS: {"class_id": TEXT, "user_id": TEXT, "school_id": TEXT},
}
"""The ids that a record's references resolve to; null if a reference was dropped."""


ROW_COLUMNS: dict[Collection, dict[str, str]] = {
    c: {"sourced_id": TEXT.value} | PARSED_COLUMNS[c] | dict(RESOLVED_COLUMNS[c])
    for c in Collection
}
"""A record's row in a change file."""

JUDGED_COLUMNS: dict[str, str] = {
    "id": "VARCHAR",
    "state": "VARCHAR",
    "why": "VARCHAR",
    "since": "VARCHAR",
    "hold": "VARCHAR",
    "fingerprint": "UBIGINT",
    "proposed": "UBIGINT",
    "lost": "VARCHAR",
}
"""What the plan decides about a record.

``why``: why it is pending or gone.
``since``: when it was deleted or ended.
``hold``: why it waits for a person.
``fingerprint``: of the staged row that its values come from.
``proposed``: of the staged row whose values are held.
``lost``: when it last lost access without anybody's approval.
"""

SNAPSHOT_COLUMNS: dict[Collection, dict[str, str]] = {
    c: JUDGED_COLUMNS | ROW_COLUMNS[c] for c in Collection
}
"""A record's row in a snapshot."""

PROPOSED_COLUMNS: dict[Collection, dict[str, str]] = {
    c: {
        "sourced_id": TEXT.value,
        "id": "VARCHAR",
        "fingerprint": "UBIGINT",
        "rule": "VARCHAR",
        "answer": "VARCHAR",
    }
    | PARSED_COLUMNS[c]
    for c in Collection
}
"""What was delivered of a record and waits for a person.

``id``: of the record that it is, or would be; null if that is not known yet.
``fingerprint``: of the staged row.
``rule``: why it waits.
``answer``: what a person has decided; null while nobody has.
"""

_SPACE = "".join(char for char in map(chr, range(0x3001)) if char.isspace())


def stripped(expression: str) -> str:
    """SQL for Python's ``strip``, which parsing uses; SQL's own ``trim`` removes only blanks.

    A row must be recognised by the value that it is parsed to.
    """
    return f"trim({expression}, '{_SPACE}')"


def names(columns: Mapping[str, str], prefix: str = "") -> str:
    """SQL for a column list: ``p."a", p."b"``."""
    dot = f"{prefix}." if prefix else ""
    return ", ".join(f'{dot}"{name}"' for name in columns)


def struct(columns: Mapping[str, str], prefix: str) -> str:
    """SQL for a struct of columns: ``{'a': p."a", …}``."""
    return "{" + ", ".join(f"'{name}': {prefix}.\"{name}\"" for name in columns) + "}"


def definition(columns: Mapping[str, str]) -> str:
    """SQL for the columns of a CREATE TABLE."""
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


def spelled(columns: Mapping[str, str]) -> str:
    """SQL for the ``columns`` argument of ``read_json``."""
    return "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"


def table(kind: str, collection: Collection) -> str:
    """The name of a collection's working table, such as ``staged_users``."""
    return f"{kind}_{collection.name.lower()}"
