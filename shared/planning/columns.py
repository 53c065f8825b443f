"""The columns that a snapshot keeps, and the SQL fragments made of them."""

from collections.abc import Mapping

from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import LIST, ROLES, STAGED_COLUMNS, TEXT

SHAPE_VERSION = 3
"""Counts the changes of a snapshot that an older version would misread.

An older base is brought to this shape when it is loaded; a newer one is left alone. A column that
is only added is no such change: who does not know it passes over it
(docs/upgrade-and-rollback.md).
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
"""What a record says of itself, as ``domain.records`` parsed it; references are sourcedIds."""

RESOLVED_COLUMNS: dict[Collection, dict[str, str]] = {
    Collection.ORGS: {"parent_id": TEXT, "customer_id": TEXT, "root": _BOOLEAN},
    Collection.ACADEMIC_SESSIONS: {"parent_id": TEXT},
    Collection.COURSES: {"org_id": TEXT, "school_year_id": TEXT},
    Collection.CLASSES: {"school_id": TEXT, "course_id": TEXT, "term_ids": LIST},
    # org_ids lie parallel to roles; a role whose org does not resolve has null there.
    Collection.USERS: {
        "org_ids": LIST,
        "primary_org_id": TEXT,
        "agent_ids": LIST,
        "login_name": TEXT,
    },
    Collection.ENROLLMENTS: {"class_id": TEXT, "user_id": TEXT, "school_id": TEXT},
}
"""What the references of a record resolve to in this roster: ids of our own, null where dropped."""


ROW_COLUMNS: dict[Collection, dict[str, str]] = {
    c: {"sourced_id": TEXT.value} | PARSED_COLUMNS[c] | dict(RESOLVED_COLUMNS[c])
    for c in Collection
}
"""A record's row as it travels in a change file."""

JUDGED_COLUMNS: dict[str, str] = {
    "id": "VARCHAR",
    "state": "VARCHAR",
    "why": "VARCHAR",
    "since": "VARCHAR",
    "hold": "VARCHAR",
    "fingerprint": "UBIGINT",
    "proposed": "UBIGINT",
}
"""What the plan itself says of a record.

``why`` it is pending or gone; ``since`` when it was deleted or has ended; ``hold`` why it waits for
a person. ``fingerprint`` is that of the staged row from which its values are, ``proposed`` that of
one whose values wait.
"""

SNAPSHOT_COLUMNS: dict[Collection, dict[str, str]] = {
    c: JUDGED_COLUMNS | ROW_COLUMNS[c] for c in Collection
}
"""A record's row as it stands in a snapshot."""


_SPACE = "".join(char for char in map(chr, range(0x3001)) if char.isspace())


def stripped(expression: str) -> str:
    """Spell Python's ``strip``, by which records are read; SQL's own takes away nothing but blanks.

    A row must be known as what it is read as.
    """
    return f"trim({expression}, '{_SPACE}')"


def names(columns: Mapping[str, str], prefix: str = "") -> str:
    """Spell a column list: ``p."a", p."b"``."""
    dot = f"{prefix}." if prefix else ""
    return ", ".join(f'{dot}"{name}"' for name in columns)


def struct(columns: Mapping[str, str], prefix: str) -> str:
    """Spell a struct of columns: ``{'a': p."a", …}``."""
    return "{" + ", ".join(f"'{name}': {prefix}.\"{name}\"" for name in columns) + "}"


def definition(columns: Mapping[str, str]) -> str:
    """Spell the columns of a CREATE TABLE."""
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


def spelled(columns: Mapping[str, str]) -> str:
    """Spell the ``columns`` argument of ``read_json``."""
    return "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"


def table(kind: str, collection: Collection) -> str:
    """Name the working table of a collection: ``staged_users``."""
    return f"{kind}_{collection.name.lower()}"


def fingerprint(collection: Collection, prefix: str) -> str:
    """Spell the fingerprint of a staged row.

    It is md5 over the values as delivered, the same for ever (DuckDB's own ``hash()`` is not), and
    decides only whether the row must be read again. An enrollment's sourcedId is no part of it:
    sources renumber enrollments. ``chr(1)`` stands for null, so that moved values differ.
    """
    parts = []
    for name, kind in STAGED_COLUMNS[collection].items():
        if collection is Collection.ENROLLMENTS and name == "sourced_id":
            continue
        column = f'{prefix}."{name}"'
        if kind is LIST:
            column = f"array_to_string({column}, chr(30))"
        elif kind is ROLES:
            column = f"to_json({column})::VARCHAR"
        parts.append(f"coalesce({column}, chr(1))")
    return f"md5_number_lower(concat_ws(chr(31), {', '.join(parts)}))"
