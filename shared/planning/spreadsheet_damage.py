"""Recognises damage that a spreadsheet did to a file.

Damaged rows are held back, and nothing missing from the file counts as gone.
"""

from shared.domain.roster.collection import Collection
from shared.planning.columns import stripped, table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import State

SUSPICIOUS = ("spreadsheet_id", "leading_zeros_lost")
_KEY = stripped("sourced_id")


def hold_lost_zeros(connection: Connection, collection: Collection) -> None:
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


def holds_any(connection: Connection, collection: Collection) -> bool:
    """Whether rows of a collection are held back as suspicious."""
    codes = ", ".join(f"'{code}'" for code in SUSPICIOUS)
    [(held,)] = connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM {table('staged', collection)} "
        f"WHERE split_part(broken, '|', 1) IN ({codes}))"
    ).fetchall()
    return bool(held)


def looks_like_delta(connection: Connection, collection: Collection, status_filled: int) -> bool:
    """Whether a bulk file has fewer than half of the known records, each with a status."""
    [(rows,)] = connection.execute(f"SELECT count(*) FROM {table('staged', collection)}").fetchall()
    [(known,)] = connection.execute(
        f"SELECT count(*) FROM {table('base', collection)} "
        f"WHERE state IN ('{State.CURRENT}', '{State.STALE}')"
    ).fetchall()
    return bool(0 < rows == status_filled and 2 * rows < known)
