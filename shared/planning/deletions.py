"""Decides which pending records leave: deleted, or held for a person.

In a run that deletes, a pending record leaves unless the guard holds it or a person decided to keep
it. Partners, sessions and courses leave last, once no remaining record refers to them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from shared.domain.group import guard
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.ended_classes import end_classes
from shared.planning.standing import HELD, LEFT, Answer, State, Why

_MAX_PASSES = 10
_ROWS_AT_A_TIME = 2000
_HELD_ANY = f"bool_or({HELD})"
_STILL = f"any_value(hold) FILTER ({HELD})"
"""SQL for why a record is already held: until it returns or a person decides, whatever this run's
numbers are."""
_NUMBERED = f"any_value(why) NOT IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}')"
"""SQL for whether a leaving record counts for the thresholds; the others are held anyway."""
_WAITS = f"state = '{State.PENDING}' AND {HELD}"


@dataclass(frozen=True)
class Judgement:
    """How a run's deletions are judged.

    ``settings``: the guard's thresholds.
    ``now``: the run's time (aware UTC).
    ``approved``: whether a person approved the hold: then exactly the held records leave.
    ``asks``: whether the source is asked again for missing records, by their sourcedIds.
    """

    settings: GuardSettings
    now: datetime
    approved: bool = False
    asks: bool = False

    @property
    def since(self) -> str:
        """When the leaving records left, as it is stored."""
        return self.now.isoformat()


def judge(connection: Connection, collection: Collection, judgement: Judgement) -> None:
    """Let pending classes or users leave, or hold them."""
    result = table("result", collection)
    if collection is Collection.USERS and not judgement.approved:
        _part_rows(connection, judgement.since)
    if not connection.count(
        f"""
        CREATE TABLE {table("going", collection)} AS
        SELECT id, any_value(why) AS why, {_STILL} AS rule, {_NUMBERED} AS numbered
        FROM {result} GROUP BY id
        HAVING bool_and(state IN ('{State.PENDING}', '{State.DELETED}'))
           AND bool_or(state = '{State.PENDING}')
           AND bool_and(hold IS DISTINCT FROM '{Answer.KEPT}')
           AND ({_HELD_ANY} OR NOT $approved)
        """,
        {"approved": judgement.approved},
    ):
        return
    if judgement.approved:
        connection.execute(f"UPDATE {table('going', collection)} SET rule = NULL")
    else:
        if collection is Collection.CLASSES:
            end_classes(connection, judgement.now)
        _hold_by_why(connection, collection)
        _hold_by_number(connection, collection, judgement.settings)
    _settle(connection, collection, judgement.since)


def mark_rows(connection: Connection, collection: Collection) -> None:
    """Make every record pending, because a person marked the roster for deletion."""
    connection.execute(
        f"UPDATE {table('result', collection)} SET state = '{State.PENDING}', hold = NULL, "
        f"why = '{HoldRule.MARKED}' WHERE state NOT IN {LEFT}"
    )


def _part_rows(connection: Connection, since: str) -> None:
    """Remove the missing rows of a user who stays: the user only loses a role."""
    connection.execute(
        f"UPDATE result_users SET state = '{State.DELETED}', since = ?, hold = NULL "
        f"WHERE state = '{State.PENDING}' AND hold IS DISTINCT FROM '{Answer.KEPT}' AND id IN ("
        f"SELECT id FROM result_users WHERE state NOT IN ('{State.PENDING}', '{State.DELETED}'))",
        [since],
    )


def _hold_by_why(connection: Connection, collection: Collection) -> None:
    """Hold everything that a narrower scope or a person's mark would remove."""
    connection.execute(
        f"UPDATE {table('going', collection)} SET rule = CASE why "
        f"WHEN '{Why.OUTSIDE}' THEN '{HoldRule.OUT_OF_SCOPE}' ELSE '{HoldRule.MARKED}' END "
        f"WHERE why IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}')"
    )


def _hold_by_number(
    connection: Connection, collection: Collection, settings: GuardSettings
) -> None:
    going, base = table("going", collection), table("base", collection)
    [(gone,)] = connection.execute(f"SELECT count(*) FROM {going} WHERE numbered").fetchall()
    [(known,)] = connection.execute(
        f"SELECT count(DISTINCT id) FROM {base} WHERE state NOT IN {LEFT}"
    ).fetchall()
    if guard.too_many_deleted(gone, known, settings):
        connection.execute(
            f"UPDATE {going} SET rule = '{HoldRule.TOO_MANY_DELETED}' WHERE rule IS NULL"
        )
        return
    place = "school_id" if collection is Collection.CLASSES else "unnest(org_ids)"
    at = f"SELECT DISTINCT id, {place} AS place FROM {base} WHERE state NOT IN {LEFT}"
    counted = f"""
        SELECT place, count(*) FILTER (id IN (SELECT id FROM {going} WHERE numbered)) AS gone,
               count(*) AS known
        FROM ({at}) GROUP BY place HAVING gone > 0 AND place IS NOT NULL
    """
    schools = chosen(connection, counted, partial(guard.too_many_in_school, guard=settings))
    connection.execute(
        f"UPDATE {going} SET rule = '{HoldRule.TOO_MANY_IN_SCHOOL}' WHERE rule IS NULL "
        f"AND id IN (SELECT id FROM ({at}) WHERE place IN (SELECT unnest(?::VARCHAR[])))",
        [schools],
    )


def _settle(connection: Connection, collection: Collection, since: str) -> None:
    """Apply the judgement on ``going_…``: held, or deleted."""
    result, going = table("result", collection), table("going", collection)
    connection.execute(
        f"UPDATE {result} SET hold = g.rule FROM {going} g "
        f"WHERE {result}.id = g.id AND {result}.state = '{State.PENDING}' AND g.rule IS NOT NULL"
    )
    connection.execute(
        f"UPDATE {result} SET state = '{State.DELETED}', since = ?, hold = NULL "
        f"WHERE state = '{State.PENDING}' AND id IN (SELECT id FROM {going} WHERE rule IS NULL)",
        [since],
    )


def follow_users_and_classes(connection: Connection, since: str) -> None:
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


def judge_enrollments(connection: Connection, judgement: Judgement) -> None:
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
          AND ({HELD} OR NOT $approved)
          -- What cannot be asked for leaves once a second reading has missed it (``survey``).
          AND (NOT $asks OR sourced_id IS NOT NULL
               OR id IN (SELECT id FROM base_enrollments WHERE state = '{State.PENDING}'))
        """,
        {"approved": judgement.approved, "asks": judgement.asks},
    ):
        return
    if not judgement.approved:
        _hold_by_why_enrollments(connection)
        _hold_enrollments_by_number(connection, judgement.settings)
    else:
        connection.execute("UPDATE going_enrollments SET rule = NULL")
    _settle(connection, Collection.ENROLLMENTS, judgement.since)


def _hold_by_why_enrollments(connection: Connection) -> None:
    connection.execute(
        f"UPDATE going_enrollments SET rule = CASE why "
        f"WHEN '{Why.OUTSIDE}' THEN '{HoldRule.OUT_OF_SCOPE}' ELSE '{HoldRule.MARKED}' END "
        f"WHERE rule IS NULL AND why IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}')"
    )


def _hold_enrollments_by_number(connection: Connection, settings: GuardSettings) -> None:
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
    classes = chosen(connection, counted, partial(guard.too_many_of_class, guard=settings))
    connection.execute(
        f"UPDATE going_enrollments SET rule = '{HoldRule.TOO_MANY_OF_CLASS}' "
        f"WHERE rule IS NULL AND {counting} AND class_id IN (SELECT unnest(?::VARCHAR[]))",
        [classes],
    )


def chosen(connection: Connection, counted: str, wrong: Callable[[int, int], bool]) -> list[str]:
    """The places whose counts (place, gone, known) are too high."""
    return [place for place, gone, known in _read(connection, counted) if wrong(gone, known)]


def _read(connection: Connection, query: str) -> Iterator[tuple[str, int, int]]:
    rows = connection.cursor().execute(query)
    for chunk in iter(partial(rows.fetchmany, _ROWS_AT_A_TIME), []):
        yield from chunk


def leave_last(connection: Connection, judgement: Judgement) -> int:
    """Let partners, sessions and courses leave; returns how many partners stay as still in use.

    Unused sessions and courses are deleted without asking; a partner never is.
    """
    in_use = 0
    for collection in (Collection.COURSES, Collection.ACADEMIC_SESSIONS, Collection.ORGS):
        result, going = table("result", collection), table("going", collection)
        if not connection.count(
            f"CREATE TABLE {going} AS SELECT id, why, NULL::VARCHAR AS rule FROM {result} "
            f"WHERE state = '{State.PENDING}' AND hold IS DISTINCT FROM '{Answer.KEPT}' "
            f"AND ({HELD} OR NOT $approved)",
            {"approved": judgement.approved},
        ):
            continue
        if not judgement.approved:
            _hold_by_why(connection, collection)
            if collection is Collection.ORGS:
                connection.execute(
                    f"UPDATE {going} SET rule = '{HoldRule.PARTNER_GONE}' WHERE rule IS NULL"
                )
        in_use += _keep_used(connection, collection)
        _settle(connection, collection, judgement.since)
    return in_use


def _keep_used(connection: Connection, collection: Collection) -> int:
    """Remove records that are still referred to from ``going_…``; returns how many partners."""
    result, going = table("result", collection), table("going", collection)
    kept = 0
    for _ in range(_MAX_PASSES):
        used = " UNION ALL ".join(_USES[collection])
        stays = f"id NOT IN (SELECT id FROM {going} WHERE rule IS NULL)"
        if collection is not Collection.COURSES:
            used += (
                f" UNION ALL SELECT parent_id FROM {result} "
                f"WHERE state <> '{State.DELETED}' AND {stays} AND parent_id IS NOT NULL"
            )
        taken = connection.execute(
            f"DELETE FROM {going} WHERE rule IS NULL AND id IN ({used}) RETURNING id"
        ).fetchall()
        kept += len(taken)
        if not taken:
            break
    return kept if collection is Collection.ORGS else 0


_HERE = f"state <> '{State.DELETED}'"
_USES: dict[Collection, tuple[str, ...]] = {
    Collection.COURSES: (f"SELECT course_id FROM result_classes WHERE {_HERE}",),
    Collection.ACADEMIC_SESSIONS: (
        f"SELECT unnest(term_ids) FROM result_classes WHERE {_HERE}",
        f"SELECT school_year_id FROM result_courses WHERE {_HERE}",
    ),
    Collection.ORGS: (
        f"SELECT school_id FROM result_classes WHERE {_HERE}",
        f"SELECT unnest(org_ids) FROM result_users WHERE {_HERE}",
        f"SELECT primary_org_id FROM result_users WHERE {_HERE}",
        f"SELECT org_id FROM result_courses WHERE {_HERE}",
    ),
}


def keep_held(connection: Connection, collection: Collection) -> None:
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


def allow_held(connection: Connection) -> None:
    """Apply an approval of users' other identities: the next run writes them."""
    connection.execute(
        f"UPDATE result_users SET hold = '{Answer.ALLOWED}', proposed = NULL "
        f"WHERE hold = '{HoldRule.IDENTITIES_CHANGED}'"
    )
