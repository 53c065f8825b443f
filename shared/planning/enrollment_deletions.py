"""Decides which enrollments that are gone leave the roster, and which are held."""

from functools import partial

from shared.domain.group import guard
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.deletions import DeletionRules, places_where, write_decisions
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import HELD, LEFT, STAYS, Answer, State, Why

_WAITS = f"state = '{State.PENDING}' AND {HELD}"


def remove_with_user_or_class(connection: Connection, since: str) -> None:
    """Delete the enrollments of deleted users and classes."""
    connection.execute(
        f"""
        UPDATE result_enrollments SET state = '{State.DELETED}', since = ?, hold = NULL
        WHERE state <> '{State.DELETED}' AND (
            user_id NOT IN (SELECT id FROM result_users WHERE state <> '{State.DELETED}')
            OR class_id NOT IN (SELECT id FROM result_classes WHERE state <> '{State.DELETED}'))
        """,
        [since],
    )
    connection.execute(
        f"UPDATE result_enrollments SET state = '{State.ENDED}', since = ?, hold = NULL "
        f"WHERE state NOT IN {LEFT} "
        f"AND class_id IN (SELECT id FROM result_classes WHERE state = '{State.ENDED}')",
        [since],
    )


def decide_enrollment_deletions(connection: Connection, rules: DeletionRules) -> None:
    """Let pending enrollments leave, or hold them.

    Enrollments of a held user or class are held with it. A pupil who joined another class of the
    same school in this run has moved: that does not count and is not held.
    """
    if not connection.count(
        f"""
        CREATE TABLE going_enrollments AS
        SELECT id, class_id, why, why NOT IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}') AS numbered,
               CASE WHEN {HELD} AND hold <> '{HoldRule.WITH_HELD}' THEN hold
                    WHEN user_id IN (SELECT id FROM result_users WHERE {_WAITS})
                      OR class_id IN (SELECT id FROM result_classes WHERE {_WAITS})
                    THEN '{HoldRule.WITH_HELD}' END AS rule,
               user_id || '/' || school_id IN (
                   SELECT user_id || '/' || school_id FROM result_enrollments
                   WHERE state = '{State.CURRENT}'
                     AND id NOT IN (SELECT id FROM base_enrollments WHERE state NOT IN {LEFT})
               ) AS moved
        FROM result_enrollments
        WHERE state = '{State.PENDING}' AND hold IS DISTINCT FROM '{Answer.KEPT}'
          AND NOT {STAYS} AND ({HELD} OR NOT $approved)
          -- What cannot be asked for leaves once a second reading has missed it (``survey``).
          AND (NOT $asks OR sourced_id IS NOT NULL
               OR id IN (SELECT id FROM base_enrollments WHERE state = '{State.PENDING}'))
        """,
        {"approved": rules.approved, "asks": rules.confirms},
    ):
        return
    if not rules.approved:
        _hold_by_reason(connection)
        _hold_by_number(connection, rules.settings)
    else:
        connection.execute("UPDATE going_enrollments SET rule = NULL")
    write_decisions(connection, Collection.ENROLLMENTS, rules.since)


def _hold_by_reason(connection: Connection) -> None:
    connection.execute(
        f"UPDATE going_enrollments SET rule = CASE why "
        f"WHEN '{Why.OUTSIDE}' THEN '{HoldRule.OUT_OF_SCOPE}' ELSE '{HoldRule.MARKED}' END "
        f"WHERE rule IS NULL AND why IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}')"
    )


def _hold_by_number(connection: Connection, settings: GuardSettings) -> None:
    # Those that are held with their user or class do not count here.
    counting = f"numbered AND moved IS NOT TRUE AND rule IS DISTINCT FROM '{HoldRule.WITH_HELD}'"
    [(gone,)] = connection.execute(
        f"SELECT count(*) FROM going_enrollments WHERE {counting}"
    ).fetchall()
    [(known,)] = connection.execute(
        f"SELECT count(*) FROM base_enrollments WHERE state NOT IN {LEFT} "
        f"AND class_id NOT IN (SELECT id FROM result_classes WHERE state = '{State.ENDED}')"
    ).fetchall()
    if guard.too_many_enrollments(gone, known, settings):
        connection.execute(
            f"UPDATE going_enrollments SET rule = '{HoldRule.TOO_MANY_ENROLLMENTS}' "
            f"WHERE rule IS NULL AND {counting}"
        )
        return
    counted = f"""
        SELECT class_id, any_value(g.gone) AS gone, count(*) AS known
        FROM base_enrollments b JOIN (
            SELECT class_id, count(*) AS gone FROM going_enrollments WHERE {counting} GROUP BY ALL
        ) g USING (class_id) WHERE b.state NOT IN {LEFT} GROUP BY class_id
    """
    classes = places_where(connection, counted, partial(guard.too_many_of_class, guard=settings))
    connection.execute(
        f"UPDATE going_enrollments SET rule = '{HoldRule.TOO_MANY_OF_CLASS}' "
        f"WHERE rule IS NULL AND {counting} AND class_id IN (SELECT unnest(?::VARCHAR[]))",
        [classes],
    )
