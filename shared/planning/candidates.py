"""Lays the staged rows of a collection over the base: what the roster would hold."""

from shared.domain.roster.collection import Collection
from shared.planning.columns import (
    JUDGED_COLUMNS,
    PARSED_COLUMNS,
    RESOLVED_COLUMNS,
    definition,
    names,
    stripped,
    table,
)
from shared.planning.duckdb_connection import Connection
from shared.planning.row_parsing import RowCounts
from shared.planning.standing import LEFT, Origin, State, Why


def build_candidates(
    connection: Connection, collection: Collection, proven: bool, read: RowCounts
) -> None:
    """Make ``candidate_…``: one row for each sourcedId that is in the roster or joins it.

    ``origin`` says where a row comes from: ``same`` and ``parsed`` rows were delivered; ``stale``
    rows were delivered but rejected, and keep the base's last good values; ``unseen`` rows were not
    delivered. Unseen rows become pending if the collection is ``proven`` complete; otherwise they
    stay as they are. New rows have no id yet; parsed rows have no resolved references yet.
    """
    base, active = table("base", collection), table("active", collection)
    parsed = names(PARSED_COLUMNS[collection], "p")
    both = PARSED_COLUMNS[collection] | RESOLVED_COLUMNS[collection]
    held = names(dict(both), "b")
    present = f"b.sourced_id IN (SELECT sourced_id FROM {table('present', collection)})"
    gone, why = spell_unseen(collection, proven, present)
    deleted = f"(SELECT {stripped('sourced_id')} FROM {table('deleted', collection)})"
    outside = f"(SELECT key FROM {table('outside', collection)} WHERE key IS NOT NULL)"
    unseen = f"b.sourced_id NOT IN (SELECT key FROM {active} WHERE key IS NOT NULL)"
    known = connection.count(f"SELECT count(*) FROM {base}")
    # Planning a part without rows costs as much as planning one with rows, so leave it out.
    parts = [
        (read.same, f"""
        SELECT b.id, b.sourced_id, '{State.CURRENT}' AS state, b.fingerprint, {held},
               '{Origin.SAME}' AS origin
        FROM {table("same", collection)} s JOIN {base} b ON b.sourced_id = s.key
        """),
        (read.parsed, f"""
        SELECT b.id, p.sourced_id, '{State.CURRENT}' AS state, p.fingerprint, {parsed},
               '{Origin.PARSED}' AS origin
        FROM {table("parsed", collection)} p
        LEFT JOIN {base} b ON b.sourced_id = p.sourced_id
        """),
        (read.rejected and known, f"""
        SELECT b.id, b.sourced_id, {held}, '{Origin.STALE}' AS origin,
               CASE WHEN b.state IN {LEFT} THEN b.state ELSE '{State.STALE}' END AS state,
               CASE WHEN b.state IN {LEFT} THEN b.why END AS why,
               CASE WHEN b.state IN {LEFT} THEN b.since END AS since
        FROM {base} b WHERE b.sourced_id IN (
            SELECT key FROM {table("rejected", collection)} WHERE key IS NOT NULL)
        """),
        (known and connection.count(f"SELECT count(*) FROM {base} b WHERE {unseen}"), f"""
        SELECT b.id, b.sourced_id, b.fingerprint, {held}, '{Origin.UNSEEN}' AS origin,
               b.since, b.hold, b.proposed,
               CASE WHEN b.state IN {LEFT} THEN b.state
                    WHEN b.sourced_id IN {deleted} OR b.sourced_id IN {outside}
                    THEN '{State.PENDING}'
                    ELSE {gone} END AS state,
               CASE WHEN b.state IN {LEFT} THEN b.why
                    WHEN b.sourced_id IN {deleted} THEN '{Why.TO_BE_DELETED}'
                    WHEN b.sourced_id IN {outside} THEN '{Why.OUTSIDE}' ELSE {why} END AS why
        FROM {base} b WHERE {unseen}
        """),
    ]  # fmt: skip
    shape = JUDGED_COLUMNS | {"sourced_id": "VARCHAR", **both, "origin": "VARCHAR"}
    connection.execute(f"CREATE TABLE {table('candidate', collection)} ({definition(shape)})")
    if some := [part for number, part in parts if number]:
        rows = " UNION ALL BY NAME ".join(some)
        connection.execute(f"INSERT INTO {table('candidate', collection)} BY NAME {rows}")


def spell_unseen(
    collection: Collection, proven: bool, present: str, replaced: str = "false"
) -> tuple[str, str]:
    """SQL for the state and reason of a base row (``b``) that was not delivered.

    :param present: SQL for whether the record turned up when it was asked for again: it is not
        gone, even if an earlier run has missed it.
    :param replaced: SQL for whether this delivery itself proves that the record is gone, so that
        nobody needs to be asked.
    """
    still = f"CASE WHEN b.state = '{State.PENDING}' THEN '{State.CURRENT}' ELSE b.state END"
    # What is held was confirmed when it was held.
    unasked = f"b.hold IS NULL AND '{collection}' IN (SELECT collection FROM unasked)"
    missed = f"b.state = '{State.PENDING}' AND b.why = '{Why.GONE}'"
    if not proven:
        return (
            f"CASE WHEN {missed} AND {present} THEN {still} ELSE b.state END",
            f"CASE WHEN {missed} AND {present} THEN NULL "
            f"WHEN {missed} AND {unasked} THEN '{Why.UNASKED}' ELSE b.why END",
        )
    return (
        f"CASE WHEN {replaced} THEN '{State.PENDING}' "
        f"WHEN {present} THEN {still} ELSE '{State.PENDING}' END",
        f"CASE WHEN {replaced} THEN '{Why.GONE}' WHEN {present} THEN NULL "
        f"WHEN {unasked} THEN '{Why.UNASKED}' ELSE '{Why.GONE}' END",
    )
