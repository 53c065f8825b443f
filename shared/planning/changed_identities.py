"""Holds users who seem to have become other users: a mistake would give a child another's name.

Two mistakes are known: one column of a spreadsheet was sorted or shifted, or a source renumbered
everybody.
"""

from functools import partial

from shared.domain.group import guard
from shared.domain.group.choices import MatchWith
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import ROW_COLUMNS, names, table
from shared.planning.deletions import chosen
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT, Answer, Origin, State, Why

_GONE = f"state = '{State.PENDING}' AND why = '{Why.GONE}'"
_IDENTITY = ("given_name", "family_name", "username", "email", "identifier")
_COUNTED = " + ".join(
    f"(lower(r.{name}) IS DISTINCT FROM lower(b.{name}))::INTEGER" for name in _IDENTITY
)


def hold_other_identities(connection: Connection, settings: GuardSettings) -> None:
    """Hold changes that make too many users of a school or group somebody else.

    A user counts if two or more of name, username, e-mail and identifier change, or if the new
    given or family name is one that another user of the school has lost in the same run. A held
    user keeps the last values, whatever the numbers of later runs; the proposed row is remembered
    by its fingerprint.
    """
    if not connection.count(
        f"""
        CREATE OR REPLACE TABLE renamed AS
        SELECT r.id, r.sourced_id, b.org_ids[1] AS place, {_COUNTED} AS fields,
               b.hold IS NOT DISTINCT FROM '{HoldRule.IDENTITIES_CHANGED}' AS waits,
               r.given_name AS given, b.given_name AS given_before,
               r.family_name AS family, b.family_name AS family_before
        FROM result_users r JOIN base_users b ON b.id = r.id AND b.sourced_id = r.sourced_id
        WHERE r.state = '{State.CURRENT}' AND r.origin = '{Origin.PARSED}' AND b.state NOT IN {LEFT}
          AND b.hold IS DISTINCT FROM '{Answer.ALLOWED}'
        """
    ):
        return
    swapped = " OR ".join(
        f"({name} <> {name}_before AND place || '/' || {name} IN ("
        f"SELECT place || '/' || {name}_before FROM renamed WHERE {name} <> {name}_before))"
        for name in ("given", "family")
    )
    connection.execute(f"DELETE FROM renamed WHERE fields < 2 AND ({swapped}) IS NOT TRUE")
    changed = connection.count("SELECT count(DISTINCT id) FROM renamed")
    if not changed:
        return
    known = connection.count(f"SELECT count(DISTINCT id) FROM base_users WHERE state NOT IN {LEFT}")
    if not guard.too_many_changed(changed, known, settings):
        counted = f"""
            SELECT place, any_value(r.changed) AS changed, count(DISTINCT id) AS known
            FROM (SELECT id, unnest(org_ids) AS place FROM base_users WHERE state NOT IN {LEFT})
            JOIN (SELECT place, count(DISTINCT id) AS changed FROM renamed GROUP BY place) r
            USING (place) GROUP BY place
        """
        schools = chosen(connection, counted, partial(guard.too_many_changed, guard=settings))
        connection.execute(
            "DELETE FROM renamed WHERE NOT waits "
            "AND (place IS NULL OR place NOT IN (SELECT unnest(?::VARCHAR[])))",
            [schools],
        )
    kept = {"id": ""} | ROW_COLUMNS[Collection.USERS]
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE reverted AS
        SELECT {names(kept, "b")}, '{State.CURRENT}' AS state, r.fingerprint AS proposed,
               '{HoldRule.IDENTITIES_CHANGED}' AS hold, '{Origin.STALE}' AS origin, false AS failed
        FROM base_users b JOIN result_users r ON r.id = b.id AND r.sourced_id = b.sourced_id
        WHERE b.sourced_id IN (SELECT sourced_id FROM renamed)
        """
    )
    connection.execute(
        "DELETE FROM result_users WHERE sourced_id IN (SELECT sourced_id FROM reverted)"
    )
    connection.execute("INSERT INTO result_users BY NAME SELECT * FROM reverted")


def hold_rekeyed(
    connection: Connection, collection: Collection, settings: GuardSettings, *, deletes: bool
) -> str | None:
    """Hold old and new records if most partners, or most users of a role, seem to be renumbered.

    The new ones are left out (``held_new``); the old ones are held, in a run that deletes. Returns
    what an admin can do; None if nothing is held.
    """
    result, base = table("result", collection), table("base", collection)
    kind = "roles[1].role" if collection is Collection.USERS else "'partner'"
    gone = (
        f"{_GONE} AND hold IS DISTINCT FROM '{Answer.KEPT}' "
        f"AND id IN (SELECT id FROM {base} WHERE state NOT IN {LEFT})"
    )
    here = f"SELECT id FROM {base} WHERE state NOT IN {LEFT}"
    new = f"origin = '{Origin.PARSED}' AND id NOT IN ({here})"
    if not connection.count(f"SELECT count(*) FROM {result} WHERE {_GONE}"):
        return None
    rows = connection.execute(
        f"""
        SELECT kind, any_value(g.gone), any_value(g.new), count(DISTINCT id) AS known
        FROM (SELECT id, {kind} AS kind FROM {base} WHERE state NOT IN {LEFT})
        JOIN (SELECT {kind} AS kind, count(DISTINCT id) FILTER ({gone}) AS gone,
                     count(DISTINCT id) FILTER ({new}) AS new
              FROM {result} GROUP BY 1 HAVING gone > 0 AND new > 0) g USING (kind)
        GROUP BY kind
        """
    ).fetchall()
    kinds = [
        kind for kind, left, came, known in rows if guard.looks_rekeyed(left, came, known, settings)
    ]
    if not kinds:
        return None
    of_kinds = f"{kind} IN (SELECT unnest($kinds::VARCHAR[]))"
    match = _match(connection, collection, f"{gone} AND {of_kinds}", f"{new} AND {of_kinds}", kinds)
    if deletes:
        connection.execute(
            f"UPDATE {result} SET hold = '{HoldRule.REKEYED}' WHERE {gone} AND {of_kinds}",
            {"kinds": kinds},
        )
    connection.execute(
        f"INSERT INTO held_new SELECT '{collection}', sourced_id FROM {result} "
        f"WHERE {new} AND {of_kinds}",
        {"kinds": kinds},
    )
    connection.execute(
        f"DELETE FROM {result} WHERE sourced_id IN "
        f"(SELECT sourced_id FROM held_new WHERE collection = '{collection}')"
    )
    return match


def _match(
    connection: Connection, collection: Collection, gone: str, new: str, kinds: list[str]
) -> str:
    """Say which value matches the old records with the new ones."""
    result = table("result", collection)
    if collection is not Collection.USERS:
        return "Check whether the source has renumbered its orgs."
    best, most = MatchWith.SOURCED_ID, 0
    for by in (MatchWith.IDENTIFIER, MatchWith.USERNAME, MatchWith.EMAIL):
        [(found,)] = connection.execute(
            f"SELECT count(DISTINCT lower({by})) FROM {result} WHERE {new} AND lower({by}) IN "
            f"(SELECT lower({by}) FROM {result} WHERE {gone})",
            {"kinds": kinds},
        ).fetchall()
        if found > most:
            best, most = by, found
    if not most:
        return "None of the new ones has the identifier, username or e-mail of one that is gone."
    return (
        f"{most} of them have the same {best} as one that is gone: set matchWith to {best}, and "
        "the next sync knows them again."
    )
