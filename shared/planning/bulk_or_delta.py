"""Tells whether a file that says bulk is really a delta, so that what it lacks is not deleted."""

from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import State


def looks_like_delta(connection: Connection, collection: Collection, status_filled: int) -> bool:
    """Whether a bulk file has fewer than half of the known records, each with a status."""
    [(rows,)] = connection.execute(f"SELECT count(*) FROM {table('staged', collection)}").fetchall()
    [(known,)] = connection.execute(
        f"SELECT count(*) FROM {table('base', collection)} "
        f"WHERE state IN ('{State.CURRENT}', '{State.STALE}')"
    ).fetchall()
    return bool(0 < rows == status_filled and 2 * rows < known)
