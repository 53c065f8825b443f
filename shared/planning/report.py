"""The error report of a run: one CSV line for each finding."""

from pathlib import Path

from shared.domain.collection import Collection
from shared.domain.findings import MESSAGES
from shared.planning.columns import table
from shared.planning.tables import Connection

_SCHOOL = {
    Collection.COURSES: "s.org",
    Collection.CLASSES: "s.school",
    Collection.USERS: "s.roles[1].org",
    Collection.ENROLLMENTS: "s.school",
}


def complete_findings(connection: Connection, collection: Collection) -> None:
    """Fill in each finding's school, and what became of its row."""
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


def write_report(connection: Connection, path: Path) -> int:
    """Write the report as CSV; returns how many lines it has besides the header."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE explained (code VARCHAR, message VARCHAR, fix VARCHAR)"
    )
    connection.executemany(
        "INSERT INTO explained VALUES (?, ?, ?)",
        [[code, message, fix] for code, (message, fix) in MESSAGES.items()],
    )
    connection.execute(
        f"""
        COPY (
            SELECT f.severity, f.code, f.collection AS entity, f.consequence,
                   f.collection AS file, f.row AS line, f.sourced_id AS "sourcedId", f.school,
                   f.field, f.found, e.message, e.fix
            FROM findings f LEFT JOIN explained e USING (code)
            ORDER BY f.severity, f.collection, f.row, f.field
        ) TO '{path}' (FORMAT csv, HEADER true)
        """
    )
    [(lines,)] = connection.execute("SELECT count(*) FROM findings").fetchall()
    return int(lines)
