"""What of a delivery can hide records, so that what it lacks does not count as gone.

A quote that is never closed swallows the rows behind it; in a row that cannot be laid out, nobody
knows whose it is; a file that ends within a row was cut off; a spreadsheet program rewrites ids. A
row that is merely wrong hides nothing but itself (see ``candidates``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.counted import agreeing, counted
from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import FileFinding
from shared.planning.columns import stripped, table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import State

DAMAGES = {
    "spreadsheet_id": "has an id that a spreadsheet rewrote",
    "leading_zeros_lost": "has an id that lost its leading zeros in a spreadsheet",
}
"""Of a whole bundle: the program that damaged one file was probably used for all of them."""
HIDING = DAMAGES | {
    "unreadable_row": "has a quote that is never closed or not doubled",
    "line_break": "spans several lines",
    "row_too_wide": "has more values than the header has columns",
    "row_too_short": "has fewer values than the header has columns",
    "cut_off": "is where the file ends, in the middle of a row",
    "missing_sourced_id": "does not say which record it is",
    "illegible": "names its record by an id that cannot be read",
}
"""By code, what is said of a line that can hide records."""
_KEY = stripped("sourced_id")


@dataclass(frozen=True)
class Hidden:
    """Rows of a file that can hide records.

    ``damaged``: whether a spreadsheet program damaged them.
    ``why``: what is wrong with the first of them, where, and with how many more.
    """

    damaged: bool
    why: str


def mark_lost_zeros(connection: Connection, collection: Collection) -> None:
    """Mark rows as broken whose sourcedId is a missing record's without its leading zeros.

    A spreadsheet turns ``00123`` into ``123``. This does not apply if the base has a record with
    the short sourcedId, or if the longer one is delivered, too.
    """
    staged, base = table("staged", collection), table("base", collection)
    connection.execute(
        f"""
        UPDATE {staged} SET broken = 'leading_zeros_lost|sourcedId|' || {_KEY}
        WHERE broken IS NULL AND regexp_full_match({_KEY}, '[1-9][0-9]*')
          AND {_KEY} NOT IN (SELECT sourced_id FROM {base})
          AND {_KEY} IN (
              SELECT ltrim(sourced_id, '0') FROM {base}
              WHERE sourced_id LIKE '0%' AND state <> '{State.DELETED}'
              AND sourced_id NOT IN (SELECT {_KEY} FROM {staged} WHERE {_KEY} IS NOT NULL))
        """
    )


def find_hidden(
    connection: Connection,
    collection: Collection,
    file: str | None,
    findings: Sequence[FileFinding],
) -> Hidden | None:
    """What of a collection's staged rows can hide records; None if nothing can.

    :param file: the file's name; None over REST.
    :param findings: what was repaired while files were read.
    """
    # An enrollment is known by its class and user, so its own id may be missing or illegible.
    enrollments = collection is Collection.ENROLLMENTS
    legible = ['"class"', '"user"'] if enrollments else ["sourced_id"]
    missing = "false" if enrollments else f"coalesce({_KEY}, '') = ''"
    illegible = " OR ".join(_illegible(name) for name in legible)
    return _hidden(
        connection,
        f"""
        SELECT line, CASE
            WHEN broken IS NOT NULL THEN split_part(broken, '|', 1)
            WHEN {missing} THEN 'missing_sourced_id'
            WHEN {illegible} THEN 'illegible' END AS code
        FROM {table("staged", collection)}
        """,
        file,
        findings,
    )


def find_hidden_roles(
    connection: Connection, file: str, findings: Sequence[FileFinding]
) -> Hidden | None:
    """What of ``roles.csv`` can hide roles; None if nothing can."""
    return _hidden(
        connection,
        f"""
        SELECT line, CASE
            WHEN broken IS NOT NULL THEN split_part(broken, '|', 1)
            WHEN coalesce({_KEY}, '') = '' OR coalesce({stripped('"user"')}, '') = ''
                THEN 'missing_sourced_id'
            WHEN {_illegible("sourced_id")} OR {_illegible('"user"')} THEN 'illegible' END AS code
        FROM staged_roles
        """,
        file,
        findings,
    )


def _illegible(name: str) -> str:
    """SQL for whether an id is there and cannot be read: damage or control characters in it."""
    return (
        f"coalesce(regexp_matches({stripped(name)}, '[\\x00-\\x1f\\x7f]') "
        f"OR regexp_full_match({stripped(name)}, '\\d([.,]\\d+)?E\\+\\d+') "
        f"OR length({stripped(name)}) > 255, false)"
    )


def _hidden(
    connection: Connection, judged: str, file: str | None, findings: Sequence[FileFinding]
) -> Hidden | None:
    codes = ", ".join(f"'{code}'" for code in HIDING)
    found = [
        (int(line), str(code), int(rows))
        for code, line, rows in connection.execute(
            f"SELECT code, min(line), count(*) FROM ({judged}) "
            f"WHERE code IN ({codes}) GROUP BY code"
        ).fetchall()
    ]
    found += [
        (each.line, each.code, each.count)
        for each in findings
        if each.file == file and each.code in HIDING
    ]
    if not found:
        return None
    line, code, _ = min(found)
    others = sum(rows for _, _, rows in found) - 1
    where = f"row {line}" if file is None else f"line {line} of {file}"
    more = (
        f", and {counted(others, 'more row')} {agreeing(others, 'is', 'are')} like it"
        if others
        else ""
    )
    return Hidden(
        damaged=any(code in DAMAGES for _, code, _ in found),
        why=f"{where} {HIDING[code]}{more}; see the error report",
    )
