"""Carries out what a person has decided on held records."""

from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import HELD, Answer


def reject_held(connection: Connection, collection: Collection) -> None:
    """Apply a rejection: held records stay, and are not proposed again until they have returned.

    A user whose other identity was rejected keeps that row's fingerprint, so only a different row
    is proposed again.
    """
    result = table("result", collection)
    changed = f"hold = '{HoldRule.IDENTITIES_CHANGED}'"
    connection.execute(
        f"UPDATE {result} SET fingerprint = proposed, proposed = NULL, hold = NULL WHERE {changed}"
    )
    connection.execute(f"UPDATE {result} SET hold = '{Answer.KEPT}' WHERE {HELD}")


def approve_changed_identities(connection: Connection) -> None:
    """Apply an approval of users' other identities: the next run writes them."""
    connection.execute(
        f"UPDATE result_users SET hold = '{Answer.ALLOWED}', proposed = NULL "
        f"WHERE hold = '{HoldRule.IDENTITIES_CHANGED}'"
    )
