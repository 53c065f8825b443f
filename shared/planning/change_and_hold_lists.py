"""Writes what a person can look at of a plan: every change, and everything held."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.domain.group.hold import Hold
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import HELD

MOST_PLACES = 200
"""How many schools and classes a hold's summary names; the list has all of them."""

_SCHOOL = {
    Collection.ORGS: "sourced_id",
    Collection.ACADEMIC_SESSIONS: "NULL",
    Collection.COURSES: "org",
    Collection.CLASSES: "school",
    Collection.USERS: "roles[1].org",
    Collection.ENROLLMENTS: "(SELECT o.sourced_id FROM result_orgs o WHERE o.id = r.school_id)",
}
_NOTHING = (
    "SELECT "
    + ", ".join(
        f"NULL::VARCHAR AS {name}"
        for name in ("entity", "action", "rule", "sourced_id", "id", "school", "class", "why")
    )
    + " WHERE false"
)
_CLASS = {Collection.CLASSES: "sourced_id", Collection.ENROLLMENTS: '"class"'}


def write_change_list(
    connection: Connection, path: Path, collections: Sequence[Collection]
) -> None:
    """Write every change as CSV: what becomes of each record, without personal data.

    :param collections: the collections that have changes.
    """
    parts = " UNION ALL ".join(
        f"SELECT '{c.entity}' AS entity, c.action, any_value(r.sourced_id) AS sourced_id, c.id, "
        f"any_value({_school(c)}) AS school, any_value({_CLASS.get(c, 'NULL')}) AS class, "
        f"any_value(CASE WHEN NOT c.here THEN r.why END) AS why "
        f"FROM {table('change', c)} c JOIN {table('result', c)} r ON r.id = c.id "
        "GROUP BY c.id, c.action"
        for c in collections
    )
    connection.execute(
        f'COPY (SELECT entity, action, sourced_id AS "sourcedId", id, school, class, why '
        f"FROM ({parts or _NOTHING})) TO '{path}' (FORMAT csv, HEADER true)"
    )


def write_hold_list(
    connection: Connection, path: Path, summary: Path, collections: Sequence[Collection]
) -> Hold | None:
    """Write held records as CSV, and their counts by school and class as JSON.

    :param collections: the collections that have held records.
    Returns the hold; None if nothing is held.
    """
    parts = " UNION ALL ".join(
        f"SELECT '{c.entity}' AS entity, r.id, any_value(r.sourced_id) AS sourced_id, "
        f"any_value({_school(c)}) AS school, any_value({_CLASS.get(c, 'NULL')}) AS class, "
        f"any_value(r.hold) AS rule, any_value(r.why) AS why "
        f"FROM {table('result', c)} r WHERE {HELD} GROUP BY r.id"
        for c in collections
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE waiting AS {parts or _NOTHING}")
    connection.execute(
        'COPY (SELECT entity, rule, sourced_id AS "sourcedId", id, school, class, why '
        f"FROM waiting ORDER BY entity, school, class, id) TO '{path}' (FORMAT csv, HEADER true)"
    )
    if not collections:
        return None
    # Sums of digests need no order, and so no memory. The number of records is part of the digest.
    [(records, first, second)] = connection.execute(
        """
        SELECT count(*), sum(md5_number_lower(named)::HUGEINT),
               sum(md5_number_upper(named)::HUGEINT)
        FROM (SELECT concat_ws(chr(31), entity, id, rule) AS named FROM waiting)
        """
    ).fetchall()
    if not records:
        return None
    by_place = {
        "bySchool": _counted(connection, "school, entity"),
        "byClass": _counted(connection, "school, class, entity", "class IS NOT NULL"),
    }
    summary.write_text(json.dumps(by_place, ensure_ascii=False))
    return Hold(
        digest=f"{records:x}-{int(first):x}-{int(second):x}",
        records=records,
        by_rule=_counted(connection, "entity, rule"),
    )


def _school(collection: Collection) -> str:
    school = _SCHOOL[collection]
    return school if school.startswith(("(", "NULL")) else f"r.{school}"


def _counted(
    connection: Connection, columns: str, condition: str = "true"
) -> tuple[dict[str, Any], ...]:
    cursor = connection.execute(
        f"SELECT {columns}, count(*) AS records FROM waiting WHERE {condition} "
        f"GROUP BY ALL ORDER BY records DESC, {columns} LIMIT {MOST_PLACES}"
    )
    names = [column[0] for column in cursor.description or ()]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
