"""Holds new orgs and users that would multiply a roster: a staging district loaded by mistake."""

from shared.domain.group import guard
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_changes
from shared.planning.same_person import has_student_role
from shared.planning.standing import LEFT, Origin


def hold_new(connection: Connection, collection: Collection, settings: GuardSettings) -> None:
    """Hold the new orgs, or the new users of a kind, that are too many for what is known.

    Pupils and staff are judged apart. What belongs to a new org or user waits with it. The first of
    a kind never wait.
    """
    result, base = table("result", collection), table("base", collection)
    kind = has_student_role("{}") if collection is Collection.USERS else "true"
    known = f"SELECT id FROM {base} WHERE state NOT IN {LEFT}"
    new = f"r.origin = '{Origin.PARSED}' AND r.id NOT IN ({known})"
    counted = connection.execute(
        f"""
        SELECT kind, any_value(n.new), count(DISTINCT id)
        FROM (SELECT id, {kind.format("b")} AS kind FROM {base} b WHERE b.state NOT IN {LEFT})
        JOIN (SELECT {kind.format("r")} AS kind, count(DISTINCT r.id) AS new FROM {result} r
              WHERE {new} GROUP BY 1) n USING (kind)
        GROUP BY kind
        """
    ).fetchall()
    kinds = [kind for kind, came, here in counted if guard.too_many_new(came, here, settings)]
    if not kinds:
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE arriving AS "
        f"SELECT r.sourced_id, '{HoldRule.TOO_MANY_NEW}' AS rule FROM {result} r "
        f"WHERE {new} AND {kind.format('r')} IN (SELECT unnest($kinds::BOOLEAN[]))",
        {"kinds": kinds},
    )
    hold_changes(connection, collection, "SELECT sourced_id, rule FROM arriving")
