"""Holds back rows whose sourcedId a spreadsheet program has damaged.

They are not applied, and what the file lacks does not count as gone.
"""

from shared.domain.roster.collection import Collection
from shared.planning.columns import stripped, table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import State

DAMAGES = ("spreadsheet_id", "leading_zeros_lost")
_KEY = stripped("sourced_id")


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


def has_damaged_rows(connection: Connection, collection: Collection) -> bool:
    """Whether a collection has rows that are held back."""
    codes = ", ".join(f"'{code}'" for code in DAMAGES)
    [(held,)] = connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM {table('staged', collection)} "
        f"WHERE split_part(broken, '|', 1) IN ({codes}))"
    ).fetchall()
    return bool(held)
