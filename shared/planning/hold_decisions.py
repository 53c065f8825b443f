"""Carries out what a person has decided on held records."""

from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import HELD, Answer, State


def approve_proposals(connection: Connection, collection: Collection) -> None:
    """Apply an approval of what was proposed: this run takes it as delivered now."""
    connection.execute(
        f"UPDATE {table('awaiting', collection)} SET taken = true WHERE answer IS NULL"
    )


def reject_held(connection: Connection, collection: Collection) -> None:
    """Apply a rejection: held records stay, and are not proposed again until they have returned.

    What was proposed is kept, so that it can still be approved. Older snapshots have no proposals:
    a user whose other identity was rejected keeps that row's fingerprint, so only a different row
    is proposed again.
    """
    result, proposed = table("result", collection), table("proposed", collection)
    connection.execute(f"UPDATE {proposed} SET answer = '{Answer.KEPT}' WHERE answer IS NULL")
    connection.execute(
        f"UPDATE {result} SET hold = NULL, proposed = NULL WHERE hold IS NOT NULL "
        f"AND state = '{State.CURRENT}' AND sourced_id IN (SELECT sourced_id FROM {proposed})"
    )
    changed = f"hold = '{HoldRule.IDENTITIES_CHANGED}'"
    connection.execute(
        f"UPDATE {result} SET fingerprint = proposed, proposed = NULL, hold = NULL WHERE {changed}"
    )
    connection.execute(f"UPDATE {result} SET hold = '{Answer.KEPT}' WHERE {HELD}")


def approve_changed_identities(connection: Connection) -> None:
    """Approve users' other identities of an older snapshot: the next run writes them."""
    connection.execute(
        f"UPDATE result_users SET hold = '{Answer.ALLOWED}', proposed = NULL "
        f"WHERE hold = '{HoldRule.IDENTITIES_CHANGED}' "
        "AND sourced_id NOT IN (SELECT sourced_id FROM proposed_users)"
    )
