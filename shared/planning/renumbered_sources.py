"""Holds the records of a source that seems to have given everybody a new sourcedId."""

from shared.domain.group import guard
from shared.domain.group.choices import MatchWith
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_changes
from shared.planning.same_person import full_name
from shared.planning.standing import LEFT, MISSING, Answer, Origin, State

_GONE = f"state = '{State.PENDING}' AND why IN {MISSING}"


def hold_renumbered(
    connection: Connection, collection: Collection, settings: GuardSettings, *, deletes: bool
) -> str | None:
    """Hold old and new records if most partners, or most users of a role, seem to be renumbered.

    The new ones are proposed (``proposals``); the old ones are held, in a run that deletes. Returns
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
        f"CREATE OR REPLACE TEMP TABLE renumbered AS "
        f"SELECT sourced_id, '{HoldRule.REKEYED}' AS rule FROM {result} WHERE {new} AND {of_kinds}",
        {"kinds": kinds},
    )
    hold_changes(connection, collection, "SELECT sourced_id, rule FROM renumbered")
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
        # Numbers alone may coincide: those of two districts do.
        who = f"lower({by}) || '/' || {full_name()}"
        [(found,)] = connection.execute(
            f"SELECT count(DISTINCT {who}) FROM {result} WHERE {new} AND {who} IN "
            f"(SELECT {who} FROM {result} WHERE {gone})",
            {"kinds": kinds},
        ).fetchall()
        if found > most:
            best, most = by, found
    if not most:
        return (
            "None of the new ones has the name and the identifier, username or e-mail of one that "
            "is gone."
        )
    return (
        f"{most} of them have the same name and {best} as one that is gone: set matchWith to "
        f"{best}, and the next sync knows them again."
    )
