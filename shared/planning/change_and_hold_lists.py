"""Writes what a person can look at of a plan: every change, and everything held."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.domain.group.hold import Hold
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.waiting import school_sql

Rows = tuple[dict[str, Any], ...]

MOST_PLACES = 200
"""How many schools and classes a hold's summary names; the list has all of them."""

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
        f"any_value({school_sql(c, 'result')}) AS school, "
        f"any_value({_CLASS.get(c, 'NULL')}) AS class, "
        f"any_value(CASE WHEN NOT c.here THEN r.why END) AS why "
        f"FROM {table('change', c)} c JOIN {table('result', c)} r ON r.id = c.id "
        "GROUP BY c.id, c.action"
        for c in collections
    )
    connection.execute(
        f'COPY (SELECT entity, action, sourced_id AS "sourcedId", id, school, class, why '
        f"FROM ({parts or _NOTHING})) TO '{path}' (FORMAT csv, HEADER true)"
    )


def write_waiting_list(
    connection: Connection, path: Path, summary: Path, *, kept: bool
) -> Hold | None:
    """Write what ``waiting`` has as CSV, and its counts by school and class as JSON.

    :param kept: whether to list what a person has rejected, instead of what waits.
    Returns the hold; None if there is nothing.
    """
    condition = f"kept = {kept}"
    connection.execute(
        'COPY (SELECT entity, rule, sourced_id AS "sourcedId", id, school, class, why, action '
        f"FROM waiting WHERE {condition} ORDER BY entity, school, class, key) "
        f"TO '{path}' (FORMAT csv, HEADER true)"
    )
    # Sums of digests need no order, and so no memory. The number of records is part of the digest.
    [(records, first, second)] = connection.execute(
        f"""
        SELECT count(*), sum(md5_number_lower(named)::HUGEINT),
               sum(md5_number_upper(named)::HUGEINT)
        FROM (SELECT concat_ws(chr(31), entity, key, rule) AS named FROM waiting
              WHERE {condition})
        """
    ).fetchall()
    if not records:
        return None
    schools = _counted(connection, "school, entity", condition)
    in_class = f"{condition} AND class IS NOT NULL"
    classes = _counted(connection, "school, class, entity", in_class)
    by_place = {"bySchool": _named(connection, schools), "byClass": _named(connection, classes)}
    summary.write_text(json.dumps(by_place, ensure_ascii=False))
    return Hold(
        digest=f"{records:x}-{int(first):x}-{int(second):x}",
        records=records,
        by_rule=_counted(connection, "entity, rule", condition),
    )


def _named(connection: Connection, rows: Rows) -> Rows:
    """Add the names of schools and classes to counts by place."""
    for column, label, collections in (
        ("school", "schoolName", (Collection.ORGS, "name")),
        ("class", "className", (Collection.CLASSES, "title")),
    ):
        collection, name = collections
        found = dict(
            connection.execute(
                f'SELECT sourced_id, any_value("{name}") FROM ('
                f'SELECT sourced_id, "{name}" FROM {table("result", collection)} UNION ALL '
                f'SELECT sourced_id, "{name}" FROM {table("proposed", collection)}) '
                "WHERE sourced_id IN (SELECT unnest($wanted::VARCHAR[])) GROUP BY sourced_id",
                {"wanted": list({row[column] for row in rows if row.get(column)})},
            ).fetchall()
        )
        rows = tuple(
            row | {label: found.get(row[column])} if column in row else row for row in rows
        )
    return rows


def _counted(connection: Connection, columns: str, condition: str) -> tuple[dict[str, Any], ...]:
    cursor = connection.execute(
        f"SELECT {columns}, count(*) AS records FROM waiting WHERE {condition} "
        f"GROUP BY ALL ORDER BY records DESC, {columns} LIMIT {MOST_PLACES}"
    )
    names = [column[0] for column in cursor.description or ()]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
