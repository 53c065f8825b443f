"""Writes a run's error report, one CSV line for each finding, and its summary."""

import json
from collections.abc import Sequence
from pathlib import Path

from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import MESSAGES, FileFinding, LoginNameClash
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection

SCHOOLS = 200
"""How many schools the summary names."""

_SCHOOL = {
    Collection.COURSES: "s.org",
    Collection.CLASSES: "s.school",
    Collection.USERS: "s.roles[1].org",
    Collection.ENROLLMENTS: "s.school",
}


_COLLECTIONS = {collection.value.casefold(): collection for collection in Collection} | {
    "roles": Collection.USERS
}


def add_file_findings(connection: Connection, findings: Sequence[FileFinding]) -> None:
    """Add what was repaired while files were read; one finding may stand for many rows."""
    for each in findings:
        stem = each.file.casefold().removesuffix(".csv")
        connection.execute(
            "INSERT INTO findings BY NAME SELECT ?::VARCHAR AS collection, ?::VARCHAR AS file, "
            "?::VARCHAR AS code, 'warning' AS severity, ?::VARCHAR AS consequence, "
            "?::BIGINT AS line, ?::VARCHAR AS field, ?::VARCHAR AS found, ?::BIGINT AS rows",
            [
                _COLLECTIONS.get(stem, "bundle"),
                each.file,
                each.code,
                _FILE_CONSEQUENCES.get(each.code, "loaded"),
                each.line,
                each.field,
                each.found,
                each.count,
            ],
        )


_FILE_CONSEQUENCES = {
    "blank_username": "loaded without the value",
    "file_missing": "not loaded",
    "file_said_absent": "not loaded",
    "metadata_column": "loaded without the value",
    "manifest_line": "not loaded",
    "printed_line": "not loaded",
    "stray_file": "not loaded",
    "unknown_column": "loaded without the value",
}


def collections_found(connection: Connection) -> frozenset[str]:
    """The collections that have findings."""
    return frozenset(
        name
        for (name,) in connection.execute("SELECT DISTINCT collection FROM findings").fetchall()
    )


def complete_findings(connection: Connection, collection: Collection, file: str | None) -> None:
    """Fill in each finding's line in ``file``, its school, and what became of its row."""
    connection.execute(
        f"UPDATE findings SET file = ?, line = s.line FROM {table('staged', collection)} s "
        f"WHERE findings.collection = '{collection}' AND findings.row = s.row "
        "AND findings.file IS NULL",
        [file or collection.value],
    )
    if school := _SCHOOL.get(collection):
        connection.execute(
            f"UPDATE findings SET school = {school} FROM {table('staged', collection)} s "
            f"WHERE findings.collection = '{collection}' AND findings.row = s.row"
        )
    connection.execute(
        f"""
        UPDATE findings SET consequence = CASE
            WHEN severity = 'error' AND sourced_id IN (
                SELECT sourced_id FROM {table("result", collection)}) THEN 'kept as before'
            WHEN severity = 'error' THEN 'not loaded'
            WHEN code = 'school_differs' THEN 'loaded'
            ELSE 'loaded without the value' END
        WHERE collection = '{collection}' AND consequence IS NULL
        """
    )


def write_report(connection: Connection, path: Path) -> None:
    """Write the report as CSV."""
    texts = [(code, message, fix) for code, (message, fix) in MESSAGES.items()]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE explained AS SELECT unnest($1::VARCHAR[]) AS code, "
        "unnest($2::VARCHAR[]) AS message, unnest($3::VARCHAR[]) AS fix",
        [list(each) for each in zip(*texts, strict=True)],
    )
    connection.execute(
        f"""
        COPY (
            SELECT f.severity, f.code, f.collection AS entity, f.consequence,
                   coalesce(f.file, f.collection) AS file, f.line, f.sourced_id AS "sourcedId",
                   f.school, f.field, f.found,
                   e.message || CASE WHEN f.rows > 1 THEN ' (' || f.rows || ' rows)' ELSE '' END
                       AS message,
                   e.fix
            FROM findings f LEFT JOIN explained e USING (code)
            ORDER BY f.severity, f.collection, f.file, f.line, f.field, f.code
        ) TO '{path}' (FORMAT csv, HEADER true)
        """
    )


def count_warnings(connection: Connection) -> int:
    """Count repairs: kinds of repairs of files, and repaired rows.

    A login name that somebody else has is no repair.
    """
    [(warnings,)] = connection.execute(
        "SELECT count(*) FROM findings WHERE severity = 'warning' AND NOT list_contains($1, code)",
        [list(LoginNameClash)],
    ).fetchall()
    return int(warnings)


def rejected_shares(connection: Connection, *, roles: bool) -> dict[str, float]:
    """The share of each entity's delivered rows that were rejected for a fault of their own.

    A row that refers to a rejected one has no fault of its own.

    :param roles: whether there was a ``roles.csv``; its rows are counted separately.
    """
    shares = dict.fromkeys((c.entity for c in Collection), 0.0) | ({"roles": 0.0} if roles else {})
    if not connection.count(f"SELECT count(*) FROM findings WHERE {_FAULTS}"):
        return shares
    for collection in Collection:
        shares[collection.entity] = _share(
            connection,
            f"collection = '{collection}' AND row IS NOT NULL",
            "row",
            table("active", collection),
        )
    if roles:
        shares["roles"] = _share(
            connection,
            "row IS NULL AND file IN (SELECT file FROM staged_roles)",
            "line",
            "staged_roles",
        )
    return shares


_FAULTS = "severity = 'error' AND code <> 'reference_rejected'"


def _share(connection: Connection, condition: str, counted: str, rows: str) -> float:
    [(rejected,)] = connection.execute(
        f"SELECT count(DISTINCT {counted}) FROM findings WHERE {_FAULTS} AND {condition}"
    ).fetchall()
    [(all_rows,)] = connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
    return float(rejected / all_rows) if all_rows else 0.0


def write_summary(connection: Connection, path: Path) -> None:
    """Write the summary as JSON: by code, by school (the worst ones, then the rest), by file."""
    by_code = _dicts(
        connection,
        "SELECT f.code, f.severity, sum(coalesce(f.rows, 1))::BIGINT AS count, "
        "any_value(e.message) AS message, any_value(e.fix) AS fix "
        "FROM findings f LEFT JOIN explained e USING (code) "
        "GROUP BY ALL ORDER BY f.severity, count DESC, f.code",
    )
    by_school = _dicts(
        connection,
        f"""
        WITH counted AS (
            SELECT school, count(*) FILTER (severity = 'error') AS errors,
                   count(*) FILTER (severity = 'warning') AS warnings,
                   row_number() OVER (ORDER BY count(*) FILTER (severity = 'error') DESC,
                                      count(*) DESC, school) AS place
            FROM findings WHERE school IS NOT NULL GROUP BY school
        )
        SELECT CASE WHEN place <= {SCHOOLS} THEN school ELSE 'others' END AS school,
               sum(errors)::BIGINT AS errors, sum(warnings)::BIGINT AS warnings
        FROM counted GROUP BY ALL ORDER BY min(place)
        """,
    )
    by_file = _dicts(
        connection,
        "SELECT coalesce(file, collection) AS file, count(*) FILTER (severity = 'error') AS "
        "errors, count(*) FILTER (severity = 'warning') AS warnings "
        "FROM findings GROUP BY ALL ORDER BY file",
    )
    summary = {"byCode": by_code, "bySchool": by_school, "byFile": by_file}
    path.write_text(json.dumps(summary, ensure_ascii=False))


def _dicts(connection: Connection, query: str) -> list[dict[str, object]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
