"""Decides which classes and users that are gone leave the roster, and which are held.

In a run that deletes, a pending record is deleted unless the guard holds it, or a person has
decided to keep it. ``enrollment_deletions`` and ``unused_records`` decide on the other collections.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.ended_classes import PARTNERS_GONE, end_classes
from shared.planning.lost_access import hold_lost
from shared.planning.standing import HELD, LEFT, STAYS, Answer, State, Why

_HELD_ANY = f"bool_or({HELD})"
_STILL = f"any_value(hold) FILTER ({HELD})"
"""SQL for why a record is already held: until it returns or a person decides, whatever this run's
numbers are."""
_NUMBERED = f"any_value(why) NOT IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}')"
"""SQL for whether a leaving record counts for the thresholds; the others are held anyway."""


@dataclass(frozen=True)
class DeletionRules:
    """What decides on the deletions of a run.

    ``settings``: the guard's thresholds.
    ``now``: the run's time (aware UTC).
    ``approved``: whether a person approved the hold: then exactly the held records leave.
    ``confirms``: whether the source is asked again for missing records, by their sourcedIds.
    ``deletes``: whether anything may leave; otherwise only changes are judged.
    """

    settings: GuardSettings
    now: datetime
    approved: bool = False
    deletes: bool = True
    confirms: bool = False

    @property
    def since(self) -> str:
        """When the leaving records left, as it is stored."""
        return self.now.isoformat()


def decide_deletions(connection: Connection, collection: Collection, rules: DeletionRules) -> None:
    """Let pending classes or users leave, or hold them.

    Makes ``going_…``: the records that would leave, each with the ``rule`` by which it waits.
    """
    result, going = table("result", collection), table("going", collection)
    if collection is Collection.USERS and rules.deletes and not rules.approved:
        _delete_single_rows(connection, rules.since)
    leaving = connection.count(
        f"""
        CREATE TABLE {going} AS
        SELECT id, any_value(why) AS why, {_STILL} AS rule, {_NUMBERED} AS numbered
        FROM {result} GROUP BY id
        HAVING bool_and(state IN ('{State.PENDING}', '{State.DELETED}'))
           AND bool_or(state = '{State.PENDING}')
           AND bool_and(hold IS DISTINCT FROM '{Answer.KEPT}') AND NOT bool_or({STAYS})
           AND ({_HELD_ANY} OR NOT $approved) AND $deletes
        """,
        {"approved": rules.approved, "deletes": rules.deletes},
    )
    if rules.approved:
        connection.execute(f"UPDATE {going} SET rule = NULL")
    else:
        if leaving and collection is Collection.CLASSES:
            end_classes(connection, rules.now)
        if leaving:
            hold_by_reason(connection, collection)
            _hold_with_partner(connection, collection)
        hold_lost(connection, collection, rules.settings, rules.now)
    if leaving:
        write_decisions(connection, collection, rules.since)


def mark_all_for_deletion(connection: Connection, collection: Collection) -> None:
    """Make every record pending, because a person marked the roster for deletion."""
    connection.execute(
        f"UPDATE {table('result', collection)} SET state = '{State.PENDING}', hold = NULL, "
        f"why = '{HoldRule.MARKED}' WHERE state NOT IN {LEFT}"
    )


def _delete_single_rows(connection: Connection, since: str) -> None:
    """Remove the missing rows of a user who stays: the user only loses a role."""
    connection.execute(
        f"UPDATE result_users SET state = '{State.DELETED}', since = ?, hold = NULL "
        f"WHERE state = '{State.PENDING}' AND hold IS DISTINCT FROM '{Answer.KEPT}' "
        f"AND NOT {STAYS} AND id IN ("
        f"SELECT id FROM result_users WHERE state NOT IN ('{State.PENDING}', '{State.DELETED}'))",
        [since],
    )


def hold_by_reason(connection: Connection, collection: Collection) -> None:
    """Hold everything that a narrower scope or a person's mark would remove."""
    connection.execute(
        f"UPDATE {table('going', collection)} SET rule = CASE why "
        f"WHEN '{Why.OUTSIDE}' THEN '{HoldRule.OUT_OF_SCOPE}' ELSE '{HoldRule.MARKED}' END "
        f"WHERE why IN ('{Why.OUTSIDE}', '{HoldRule.MARKED}')"
    )


def _hold_with_partner(connection: Connection, collection: Collection) -> None:
    """Hold the classes and users of a partner that is gone: it waits, and so do they.

    They do not count for the thresholds, so that other records can leave.
    """
    going = table("going", collection)
    place = "school_id" if collection is Collection.CLASSES else "unnest(org_ids)"
    connection.execute(
        f"UPDATE {going} SET rule = '{HoldRule.WITH_HELD}', numbered = false "
        f"WHERE rule IS NULL AND id IN (SELECT id FROM ("
        f"SELECT id, {place} AS place FROM {table('result', collection)}) "
        f"WHERE place IN ({PARTNERS_GONE}))"
    )


def write_decisions(connection: Connection, collection: Collection, since: str) -> None:
    """Apply what was decided in ``going_…``: rows with a rule are held, the others deleted."""
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
