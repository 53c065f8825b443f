"""Carries out what a person has decided on records that are held or kept."""

from shared.domain.group.guard import HoldRule
from shared.domain.group.hold import Decision
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.selection import decided_of
from shared.planning.standing import HELD, Answer, State


def take_approved(connection: Connection, collection: Collection) -> None:
    """Mark the proposals that a person has approved: they count as delivered now.

    To be called before the roster is built.
    """
    connection.execute(
        f"UPDATE {table('awaiting', collection)} SET taken = true "
        f"WHERE coalesce(id, sourced_id) IN {decided_of(collection)}"
    )


def begin_decision(connection: Connection, collection: Collection, decision: Decision) -> None:
    """Prepare the held deletions, so that exactly what was approved leaves.

    The holds of others are put aside until ``end_decision``.
    """
    result, decided = table("result", collection), decided_of(collection)
    connection.execute(
        f"CREATE TABLE {table('put_aside', collection)} AS SELECT id, sourced_id, hold "
        f"FROM {result} WHERE {HELD} AND state = '{State.PENDING}' AND id NOT IN {decided}"
    )
    if decision is Decision.APPROVE:
        connection.execute(
            f"UPDATE {result} SET hold = '{HoldRule.TOO_MANY_DELETED}' "
            f"WHERE hold = '{Answer.KEPT}' AND id IN {decided}"
        )
        connection.execute(
            f"UPDATE {result} SET hold = NULL "
            f"WHERE {HELD} AND state = '{State.PENDING}' AND id NOT IN {decided}"
        )


def end_decision(connection: Connection, collection: Collection, decision: Decision) -> None:
    """Apply a decision to the roster and to what was proposed.

    What was put aside is held again. Rejected proposals are kept, so that they can still be
    approved; released ones are forgotten, so that the next delivery is judged.
    """
    result, decided = table("result", collection), decided_of(collection)
    proposed = table("proposed", collection)
    mine = f"coalesce(id, sourced_id) IN {decided}"
    match decision:
        case Decision.APPROVE:
            if collection is Collection.USERS:
                _approve_older_identities(connection)
            connection.execute(
                f"UPDATE {result} SET hold = a.hold FROM {table('put_aside', collection)} a "
                f"WHERE {result}.id = a.id AND {result}.state = '{State.PENDING}' "
                f"AND {result}.sourced_id IS NOT DISTINCT FROM a.sourced_id"
            )
        case Decision.REJECT:
            connection.execute(f"UPDATE {proposed} SET answer = '{Answer.KEPT}' WHERE {mine}")
            _reject(connection, collection)
        case Decision.RELEASE:
            connection.execute(f"DELETE FROM {proposed} WHERE {mine}")
            connection.execute(
                f"UPDATE {result} SET hold = NULL WHERE hold = '{Answer.KEPT}' AND id IN {decided}"
            )


def _reject(connection: Connection, collection: Collection) -> None:
    """Let held records stay; they are not proposed again until they have returned.

    Older snapshots have no proposals: a user whose other identity was rejected keeps that row's
    fingerprint, so only a different row is proposed again.
    """
    result, decided = table("result", collection), decided_of(collection)
    proposed = f"(SELECT id FROM {table('proposed', collection)} WHERE id IS NOT NULL)"
    connection.execute(
        f"UPDATE {result} SET fingerprint = CASE WHEN id IN {proposed} THEN fingerprint "
        f"ELSE proposed END, proposed = NULL, hold = NULL "
        f"WHERE {HELD} AND state <> '{State.PENDING}' AND id IN {decided}"
    )
    if collection is Collection.USERS:
        # They are two people: the new one comes in by itself, and the old one is judged as gone.
        connection.execute(
            f"UPDATE result_users SET hold = NULL WHERE state = '{State.PENDING}' "
            f"AND hold = '{HoldRule.IDENTITIES_CHANGED}' AND id IN {decided}"
        )
    connection.execute(
        f"UPDATE {result} SET hold = '{Answer.KEPT}' WHERE {HELD} AND id IN {decided}"
    )


def _approve_older_identities(connection: Connection) -> None:
    """Approve users' other identities of an older snapshot: the next run writes them."""
    connection.execute(
        f"UPDATE result_users SET hold = '{Answer.ALLOWED}', proposed = NULL "
        f"WHERE hold = '{HoldRule.IDENTITIES_CHANGED}' "
        f"AND id IN {decided_of(Collection.USERS)} "
        "AND sourced_id NOT IN (SELECT sourced_id FROM proposed_users)"
    )
