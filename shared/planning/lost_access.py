"""Judges who would be without access tomorrow, by whichever door, and holds what takes too many.

A user loses access when it is deleted or disabled, loses its username or the orgs of its roles, or
turns from pupil to staff or back. A membership loses it when it is deleted, or when its end date
moves into the next days. All doors count together, and so does what was lost without anybody's
approval in the last seven days: nine per cent a night for five nights is more than a third.
"""

from datetime import date, datetime, timedelta
from functools import partial

from shared.domain.group import guard
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.counted_places import places_where
from shared.planning.duckdb_connection import Connection
from shared.planning.ended_classes import ENDS_WITHIN, over_classes
from shared.planning.proposals import hold_changes
from shared.planning.same_person import has_student_role
from shared.planning.standing import LEFT, Origin, State

WINDOW = timedelta(days=7)
"""How long a loss that nobody approved counts, and how soon an end date takes access."""

JUDGED = (Collection.CLASSES, Collection.USERS, Collection.ENROLLMENTS)
"""The collections whose records give access."""

_CHANGED = f"r.state = '{State.CURRENT}' AND r.origin = '{Origin.PARSED}' AND b.state NOT IN {LEFT}"
_CHANGED_SHAPE = "(id VARCHAR, sourced_id VARCHAR, place VARCHAR, rule VARCHAR)"


def find_lost_changes(connection: Connection, day: date, *, fetched: bool) -> None:
    """Make ``lost_…``: the delivered changes that would take access from users and memberships.

    ``place``: the class of a membership.
    ``rule``: why the change waits; filled in by ``hold_lost``.

    :param day: the day of the run.
    :param fetched: whether anything was delivered; otherwise there are none.
    """
    for collection in JUDGED:
        connection.execute(f"CREATE TABLE {table('lost', collection)} {_CHANGED_SHAPE}")
    if not fetched:
        return
    connection.execute(
        f"""
        INSERT INTO lost_users BY NAME
        SELECT r.id, r.sourced_id FROM result_users r
        JOIN base_users b ON b.id = r.id AND b.sourced_id = r.sourced_id
        WHERE {_CHANGED} AND b.enabled IS NOT FALSE AND (
            r.enabled IS FALSE
            OR (b.username IS NOT NULL AND r.username IS NULL)
            OR {has_student_role("b")} <> {has_student_role("r")}
            OR ({_has_place("b")} AND NOT {_has_place("r")}))
        """
    )
    week = (day + WINDOW).isoformat()
    connection.execute(
        f"""
        INSERT INTO lost_enrollments BY NAME
        SELECT r.id, r.sourced_id, r.class_id AS place FROM result_enrollments r
        JOIN base_enrollments b ON b.id = r.id
        WHERE {_CHANGED} AND r.end_date <= $week
          AND (b.end_date IS NULL OR b.end_date > $week)
          AND r.class_id NOT IN ({over_classes()})
        """,
        {"week": week, "soon": (day + ENDS_WITHIN).isoformat()},
    )


def _has_place(row: str) -> str:
    return f"(len(list_filter({row}.org_ids, lambda each: each IS NOT NULL)) > 0)"


def hold_lost(
    connection: Connection, collection: Collection, settings: GuardSettings, now: datetime
) -> None:
    """Hold the deletions and changes of a group or school whose users or classes lose too much.

    To be called when ``going_…`` holds the records that would be deleted. What waits already counts
    with what is newly missing: a mistake may grow from night to night.
    """
    going, lost = table("going", collection), table("lost", collection)
    if not connection.count(
        f"CREATE OR REPLACE TABLE losing AS "
        f"SELECT id FROM {going} WHERE numbered UNION SELECT id FROM {lost}"
    ):
        return
    recent = recently_lost(collection)
    given = {"window": (now - WINDOW).isoformat()}
    base = table("base", collection)
    connection.execute(f"INSERT INTO losing {recent}", given)
    there = f"(state NOT IN {LEFT} OR id IN ({recent}))"
    known = connection.count(f"SELECT count(DISTINCT id) FROM {base} WHERE {there}", given)
    gone = connection.count("SELECT count(DISTINCT id) FROM losing")
    if guard.too_many_deleted(gone, known, settings):
        _hold(connection, collection, HoldRule.TOO_MANY_DELETED, "true", {})
        return
    place = "school_id" if collection is Collection.CLASSES else "unnest(org_ids)"
    at = f"SELECT DISTINCT id, {place} AS place FROM {base} WHERE {there}"
    counted = f"""
        SELECT place, count(*) FILTER (id IN (SELECT id FROM losing)) AS gone, count(*) AS known
        FROM ({at}) GROUP BY place HAVING gone > 0 AND place IS NOT NULL
    """
    schools = places_where(
        connection, counted, partial(guard.too_many_in_school, guard=settings), given
    )
    _hold(
        connection,
        collection,
        HoldRule.TOO_MANY_IN_SCHOOL,
        f"id IN (SELECT id FROM ({at}) WHERE place IN (SELECT unnest($schools::VARCHAR[])))",
        given | {"schools": schools},
    )


def _hold(
    connection: Connection,
    collection: Collection,
    rule: HoldRule,
    where: str,
    given: dict[str, object],
) -> None:
    connection.execute(
        f"UPDATE {table('going', collection)} SET rule = '{rule}' WHERE rule IS NULL AND {where}",
        given,
    )
    connection.execute(
        f"UPDATE {table('lost', collection)} SET rule = '{HoldRule.ACCESS_LOST}' WHERE {where}",
        given,
    )


def hold_lost_changes(connection: Connection, collection: Collection) -> None:
    """Let the changes wait that have a ``rule`` in ``lost_…``."""
    hold_changes(
        connection,
        collection,
        f"SELECT sourced_id, rule FROM {table('lost', collection)} WHERE rule IS NOT NULL",
    )


def recently_lost(collection: Collection) -> str:
    """SQL for the ids of the records that lost access since ``$window`` and did not regain any."""
    base, result = table("base", collection), table("result", collection)
    return (
        f"SELECT DISTINCT b.id FROM {base} b WHERE b.lost >= $window AND NOT EXISTS ("
        f"SELECT 1 FROM {result} r WHERE r.id = b.id AND {_regained(collection, 'b', 'r')})"
    )


def _regained(collection: Collection, before: str, after: str) -> str:
    """SQL for whether a door opened again between two rows of a record."""
    here = f"{before}.state IN {LEFT} AND {after}.state NOT IN {LEFT}"
    if collection is not Collection.USERS:
        return f"({here})"
    return (
        f"({here} OR ({before}.enabled IS FALSE AND {after}.enabled) "
        f"OR ({before}.username IS NULL AND {after}.username IS NOT NULL) "
        f"OR ({_has_place(after)} AND NOT {_has_place(before)}) "
        f"OR {has_student_role(before)} <> {has_student_role(after)})"
    )


def remember_losses(connection: Connection, now: datetime, *, approved: bool) -> None:
    """Fill ``lost``: when each record last lost access without anybody's approval.

    A record that regains access forgets it.
    """
    for collection in JUDGED:
        base, result = table("base", collection), table("result", collection)
        if connection.count(f"SELECT count(*) FROM {base} WHERE lost IS NOT NULL"):
            connection.execute(
                f"UPDATE {result} r SET lost = b.lost FROM {base} b WHERE b.id = r.id "
                f"AND b.sourced_id IS NOT DISTINCT FROM r.sourced_id AND b.lost IS NOT NULL "
                f"AND NOT {_regained(collection, 'b', 'r')}"
            )
        if approved:
            continue
        moved = " AND moved IS NOT TRUE" if collection is Collection.ENROLLMENTS else ""
        connection.execute(
            f"UPDATE {result} SET lost = ? WHERE id IN ("
            f"SELECT id FROM {table('going', collection)} WHERE rule IS NULL AND numbered{moved} "
            f"UNION SELECT id FROM {table('lost', collection)} WHERE rule IS NULL)",
            [now.isoformat()],
        )
