"""Decides which enrollments that are gone leave the roster, and which are held."""

from functools import partial

from shared.domain.group import guard
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.domain.roster.vocabulary import STUDENT_ROLE
from shared.planning.counted_places import places_where
from shared.planning.deletions import DeletionRules, write_decisions
from shared.planning.duckdb_connection import Connection
from shared.planning.ended_classes import ENDS_WITHIN
from shared.planning.lost_access import WINDOW, hold_lost_changes, recently_lost
from shared.planning.proposals import hold_changes
from shared.planning.standing import HELD, LEFT, STAYS, Answer, State, Why

_PERSON = f"(user_id || '/' || (role = '{STUDENT_ROLE}'))"
_PLACE = "(user_id || '/' || class_id)"
_SEAT = f"(user_id || '/' || school_id || '/' || (role = '{STUDENT_ROLE}'))"
"""SQL for where a person sits: in which school, and whether as a pupil."""
_KNOWN = f"SELECT count(*) FROM base_enrollments WHERE state NOT IN {LEFT}"
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
    same school in this run has moved: that does not count and is not held, unless most of a roster
    moves among the classes that are there.
    """
    day = rules.now.date()
    leaving = connection.count(
        f"""
        CREATE TABLE going_enrollments AS
        WITH joined AS (
            SELECT {_SEAT} AS seat, {_PERSON} AS person, class_id,
                   class_id IN (SELECT id FROM base_classes WHERE state NOT IN {LEFT}) AS known
            FROM result_enrollments
            WHERE state = '{State.CURRENT}' AND (begin_date IS NULL OR begin_date <= $begun)
              AND (end_date IS NULL OR end_date > $week)
              AND id NOT IN (SELECT id FROM base_enrollments WHERE state NOT IN {LEFT})
        )
        SELECT id, user_id, class_id, school_id, why,
               why NOT IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}') AS numbered,
               CASE WHEN {HELD} AND hold <> '{HoldRule.WITH_HELD}' THEN hold
                    WHEN user_id IN (SELECT id FROM result_users WHERE {_WAITS})
                      OR class_id IN (SELECT id FROM result_classes WHERE {_WAITS})
                    THEN '{HoldRule.WITH_HELD}' END AS rule,
               {_SEAT} IN (SELECT seat FROM joined) AS moved,
               {_PERSON} IN (SELECT person FROM joined WHERE known)
                   AND {_PERSON} || class_id NOT IN (SELECT person || class_id FROM joined)
                   AS moved_among
        FROM result_enrollments
        WHERE state = '{State.PENDING}' AND hold IS DISTINCT FROM '{Answer.KEPT}'
          AND NOT {STAYS} AND ({HELD} OR NOT $approved) AND $deletes
          -- What cannot be asked for leaves once a second reading has missed it (``survey``).
          AND (NOT $asks OR sourced_id IS NOT NULL
               OR id IN (SELECT id FROM base_enrollments WHERE state = '{State.PENDING}'))
        """,
        {
            "approved": rules.approved,
            "asks": rules.confirms,
            "begun": (day + ENDS_WITHIN).isoformat(),
            "week": (day + WINDOW).isoformat(),
            "deletes": rules.deletes,
        },
    )
    if rules.approved:
        connection.execute("UPDATE going_enrollments SET rule = NULL")
    else:
        if leaving:
            _hold_by_reason(connection)
            _hold_moved(connection, rules.settings)
        _hold_by_number(connection, rules)
    if leaving:
        write_decisions(connection, Collection.ENROLLMENTS, rules.since)


def _hold_by_reason(connection: Connection) -> None:
    connection.execute(
        f"UPDATE going_enrollments SET rule = CASE why "
        f"WHEN '{Why.OUTSIDE}' THEN '{HoldRule.OUT_OF_SCOPE}' ELSE '{HoldRule.MARKED}' END "
        f"WHERE rule IS NULL AND why IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}')"
    )


def _hold_moved(connection: Connection, settings: GuardSettings) -> None:
    """Hold the memberships of a school that move among its classes, if they are too many.

    The new memberships of these pupils wait with the old ones, so that nobody is in both classes,
    or in neither.
    """
    moving = "numbered AND moved_among AND rule IS NULL"
    wrong = partial(guard.roster_moved, guard=settings)
    moved = connection.count(f"SELECT count(*) FROM going_enrollments WHERE {moving}")
    if not moved:
        return
    given: dict[str, object] = {}
    chosen = "true"
    if not wrong(moved, connection.count(_KNOWN)):
        given["schools"] = places_where(
            connection,
            "SELECT school_id, any_value(gone), count(*) FROM base_enrollments JOIN ("
            f"SELECT school_id, count(*) AS gone FROM going_enrollments WHERE {moving} GROUP BY ALL"
            f") USING (school_id) WHERE state NOT IN {LEFT} GROUP BY school_id",
            wrong,
        )
        chosen = "school_id IN (SELECT unnest($schools::VARCHAR[]))"
    connection.execute(
        f"UPDATE going_enrollments SET rule = '{HoldRule.ROSTER_MOVED}' "
        f"WHERE {moving} AND {chosen}",
        given,
    )
    _hold_new(connection, HoldRule.ROSTER_MOVED, _PERSON)


def _hold_new(connection: Connection, rule: HoldRule, same: str) -> None:
    """Hold the new memberships that would take the place of those that wait by a rule.

    :param same: SQL for what the new and the old membership have in common.
    """
    hold_changes(
        connection,
        Collection.ENROLLMENTS,
        f"SELECT sourced_id, '{rule}' AS rule FROM result_enrollments "
        f"WHERE state = '{State.CURRENT}' "
        f"AND id NOT IN (SELECT id FROM base_enrollments WHERE state NOT IN {LEFT}) "
        f"AND {same} IN (SELECT {same} FROM result_enrollments WHERE id IN ("
        f"SELECT id FROM going_enrollments WHERE rule = '{rule}'))",
    )


def _hold_by_number(connection: Connection, rules: DeletionRules) -> None:
    """Hold the memberships of a group or class that loses too many, end dates included."""
    waits = f"'{HoldRule.WITH_HELD}', '{HoldRule.ROSTER_MOVED}'"
    counting = f"numbered AND moved IS NOT TRUE AND coalesce(rule NOT IN ({waits}), true)"
    if not connection.count(
        f"CREATE OR REPLACE TABLE losing AS SELECT id, class_id AS place FROM going_enrollments "
        f"WHERE {counting} UNION SELECT id, place FROM lost_enrollments"
    ):
        return
    settings = rules.settings
    given = {"window": (rules.now - WINDOW).isoformat()}
    recent = (
        f"SELECT id, class_id FROM base_enrollments "
        f"WHERE id IN ({recently_lost(Collection.ENROLLMENTS)}) "
        f"AND class_id IN (SELECT id FROM result_classes WHERE state NOT IN {LEFT}) "
        f"AND user_id IN (SELECT id FROM result_users WHERE state NOT IN {LEFT})"
    )
    connection.execute(f"INSERT INTO losing {recent}", given)
    there = f"(state NOT IN {LEFT} OR id IN (SELECT id FROM losing))"
    gone = connection.count("SELECT count(*) FROM losing")
    known = connection.count(
        f"SELECT count(*) FROM base_enrollments WHERE {there} "
        f"AND class_id NOT IN (SELECT id FROM result_classes WHERE state = '{State.ENDED}')"
    )
    if guard.too_many_enrollments(gone, known, settings):
        rule, chosen, of_places = HoldRule.TOO_MANY_ENROLLMENTS, "true", {}
    else:
        classes = places_where(
            connection,
            "SELECT class_id, any_value(gone), count(*) FROM base_enrollments JOIN ("
            "SELECT place AS class_id, count(*) AS gone FROM losing GROUP BY ALL) USING (class_id) "
            f"WHERE {there} GROUP BY class_id",
            partial(guard.too_many_of_class, guard=settings),
        )
        rule, of_places = HoldRule.TOO_MANY_OF_CLASS, {"classes": classes}
        chosen = "{} IN (SELECT unnest($classes::VARCHAR[]))"
    connection.execute(
        f"UPDATE going_enrollments SET rule = '{rule}' "
        f"WHERE rule IS NULL AND {counting} AND {chosen.format('class_id')}",
        of_places,
    )
    connection.execute(
        f"UPDATE lost_enrollments SET rule = '{rule}' WHERE {chosen.format('place')}", of_places
    )
    hold_lost_changes(connection, Collection.ENROLLMENTS)
    _hold_new(connection, rule, _PLACE)
