"""Proposals: what was delivered and must wait for a person, with the values that were delivered.

The roster keeps what it has until somebody decides. ``awaiting_…`` is what the base has of them,
``proposed_…`` what the run leaves; both go with the snapshot (docs/decisions/0029).
"""

from pathlib import Path

from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import (
    JUDGED_COLUMNS,
    PARSED_COLUMNS,
    PROPOSED_COLUMNS,
    ROW_COLUMNS,
    definition,
    names,
    stripped,
    struct,
    table,
)
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import DELIVERED, LEFT, Origin, State, Why
from shared.planning.working_tables import read_snapshot


def load_awaiting(connection: Connection, collection: Collection, file: Path | None) -> None:
    """Make ``awaiting_…`` from the base's proposals, and an empty ``proposed_…``.

    ``taken`` marks those that a person has approved in this run.
    """
    columns = PROPOSED_COLUMNS[collection]
    awaiting, proposed = table("awaiting", collection), table("proposed", collection)
    connection.execute(f"CREATE TABLE {proposed} ({definition(columns)})")
    connection.execute(f"CREATE TABLE {awaiting} ({definition(columns)}, taken BOOLEAN)")
    if file is not None:
        read_snapshot(connection, awaiting, columns, file)


def take_up(connection: Connection, collection: Collection) -> int:
    """Add the approved proposals to ``parsed_…``, as if they were delivered now; returns how many.

    To be called once ``parsed_…`` is there.
    """
    awaiting, parsed = table("awaiting", collection), table("parsed", collection)
    values = names(PARSED_COLUMNS[collection])
    taken = connection.count(f"SELECT count(*) FROM {awaiting} WHERE taken")
    if taken:
        connection.execute(
            f"INSERT INTO {parsed} BY NAME "
            f"SELECT sourced_id, fingerprint, {values} FROM {awaiting} WHERE taken"
        )
        connection.execute(
            f"INSERT INTO {table('active', collection)} BY NAME "
            f"SELECT sourced_id AS key, fingerprint, false AS differs, 0 AS doubles "
            f"FROM {awaiting} WHERE taken"
        )
    return taken


def give_ids(connection: Connection, collection: Collection) -> None:
    """Give the approved proposals in ``candidate_…`` the ids that they had.

    A user who is recognised under a new sourcedId is ``rekeyed``; the old row is dropped.
    """
    awaiting, candidate = table("awaiting", collection), table("candidate", collection)
    taken = f"SELECT id, sourced_id, rule FROM {awaiting} WHERE taken AND id IS NOT NULL"
    if not connection.count(f"SELECT count(*) FROM ({taken})"):
        return
    if collection is Collection.USERS:
        connection.execute(
            f"INSERT INTO rekeyed SELECT t.sourced_id, t.id FROM ({taken}) t WHERE {_is_rekey('t')}"
        )
        connection.execute(
            f"DELETE FROM candidate_users WHERE origin = '{Origin.UNSEEN}' "
            f"AND state = '{State.PENDING}' AND id IN (SELECT id FROM rekeyed)"
        )
    connection.execute(
        f"UPDATE {candidate} SET id = t.id FROM ({taken}) t "
        f"WHERE {candidate}.sourced_id = t.sourced_id AND {candidate}.id IS NULL"
    )


def _is_rekey(proposal: str) -> str:
    """SQL for whether a proposal is that a user who waits has a new sourcedId."""
    return (
        f"EXISTS (SELECT 1 FROM base_users b WHERE b.id = {proposal}.id "
        f"AND b.hold = {proposal}.rule AND b.state = '{State.PENDING}') "
        f"AND {proposal}.sourced_id NOT IN (SELECT sourced_id FROM base_users)"
    )


def hold_changes(connection: Connection, collection: Collection, chosen: str) -> None:
    """Let changed and new records wait for a person.

    A record that is here keeps the base's values, and is held; a new one, or one that comes back,
    is taken out of ``result_…``. What was delivered goes to ``proposed_…``. Of a user who would be
    recognised under a new sourcedId, the old row is held too.

    :param chosen: SQL for ``(sourced_id, rule)`` of delivered rows of ``result_…``.
    """
    result, base, proposed = (table(t, collection) for t in ("result", "base", "proposed"))
    if not connection.count(
        f"""
        CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT r.sourced_id, r.id, r.fingerprint, c.rule, {names(PARSED_COLUMNS[collection], "r")}
        FROM {result} r JOIN (
            SELECT sourced_id, min(rule) AS rule FROM ({chosen}) GROUP BY sourced_id
        ) c ON c.sourced_id = r.sourced_id WHERE r.origin IN {DELIVERED}
        """
    ):
        return
    connection.execute(f"INSERT INTO {proposed} BY NAME SELECT * FROM chosen")
    own = _own_row(collection)
    connection.execute(
        f"DELETE FROM {result} r USING chosen c WHERE {own.format('r', 'c')} "
        f"AND r.origin IN {DELIVERED}"
    )
    values = names({"id": ""} | ROW_COLUMNS[collection], "b")
    connection.execute(
        f"INSERT INTO {result} BY NAME "
        f"SELECT {values}, '{State.CURRENT}' AS state, c.fingerprint AS proposed, c.rule AS hold, "
        f"'{Origin.STALE}' AS origin "
        f"FROM {base} b JOIN chosen c ON {own.format('b', 'c')} WHERE b.state NOT IN {LEFT}"
    )
    everything = names(JUDGED_COLUMNS | ROW_COLUMNS[collection], "b")
    connection.execute(
        f"INSERT INTO {result} BY NAME SELECT {everything}, '{Origin.UNSEEN}' AS origin "
        f"FROM {base} b JOIN chosen c ON {own.format('b', 'c')} WHERE b.state IN {LEFT}"
    )
    if collection is Collection.USERS:
        _hold_rekeyed(connection)


def hold_again(
    connection: Connection, collection: Collection, *, fetched: bool, proven: bool
) -> None:
    """Let what waits since an earlier run wait on, whatever the numbers of this run are.

    A new record waits with whatever row is delivered; a change only while the same values are. A
    change that is delivered as the base has it, or otherwise, is over: it is judged anew. A
    proposal that was not delivered is kept, unless the delivery proves that it is gone.

    :param fetched: whether the source was asked.
    :param proven: whether a record that was not delivered is gone.
    """
    awaiting, proposed, result, base = (
        table(t, collection) for t in ("awaiting", "proposed", "result", "base")
    )
    if not connection.count(f"SELECT count(*) FROM {awaiting}"):
        return
    own, values = _own_row(collection), PARSED_COLUMNS[collection]
    here = f"SELECT 1 FROM {base} b WHERE {own.format('b', 'a')} AND b.state NOT IN {LEFT}"
    # Whoever is recognised by now, because ``match_with`` was set, does not wait any longer.
    again = (
        " AND (r.id = a.id OR r.sourced_id NOT IN (SELECT sourced_id FROM rekeyed))"
        if collection is Collection.USERS
        else ""
    )
    same = f"{struct(values, 'a')} IS NOT DISTINCT FROM {struct(values, 'r')}"
    hold_changes(
        connection,
        collection,
        f"SELECT r.sourced_id, a.rule FROM {result} r JOIN {awaiting} a ON {own.format('r', 'a')} "
        f"WHERE a.taken IS NOT TRUE AND r.origin IN {DELIVERED} "
        # What waits with a record that is held is judged anew: that record may be decided by now.
        f"AND (NOT EXISTS ({here}) OR ({same} "
        f"AND (a.rule <> '{HoldRule.WITH_HELD}' OR a.answer IS NOT NULL))){again}",
    )
    named = _same_record(collection)
    # A re-key is not found again by itself: the old row is pending by now.
    connection.execute(
        f"UPDATE {proposed} SET answer = a.answer, id = coalesce(a.id, {proposed}.id) "
        f"FROM {awaiting} a WHERE {named.format(proposed, 'a')}"
    )
    seen = f"SELECT 1 FROM {result} r WHERE {named.format('r', 'a')} AND r.origin IN {DELIVERED}"
    rejected = f"(SELECT key FROM {table('rejected', collection)} WHERE key IS NOT NULL)"
    gone = (
        f"(SELECT {stripped('sourced_id')} FROM {table('deleted', collection)} "
        f"UNION SELECT s.sourced_id FROM {table('outside', collection)} o "
        f"JOIN {table('staged', collection)} s ON s.row = o.row)"
    )
    absent = "true" if fetched and proven else f"coalesce(a.sourced_id IN {gone}, false)"
    connection.execute(
        f"INSERT INTO {proposed} BY NAME SELECT a.* EXCLUDE (taken) FROM {awaiting} a "
        f"WHERE NOT EXISTS ({seen}) "
        f"AND NOT EXISTS (SELECT 1 FROM {proposed} p WHERE {named.format('p', 'a')}) "
        f"AND (a.sourced_id IN {rejected} OR NOT ({absent}))"
    )
    # A change that waited says nothing about whether its record may leave.
    connection.execute(
        f"UPDATE {result} SET hold = NULL, proposed = NULL "
        f"WHERE origin = '{Origin.UNSEEN}' AND state = '{State.PENDING}' AND proposed IS NOT NULL"
    )
    connection.execute(
        f"UPDATE {result} SET hold = NULL, proposed = NULL FROM {proposed} p "
        f"WHERE p.answer IS NOT NULL AND {result}.proposed IS NOT NULL "
        f"AND {own.format(result, 'p')}"
    )


def hold_unresolved(
    connection: Connection, collection: Collection, source: str, waits: str
) -> None:
    """Move rows of a table to ``proposed_…``, because a record that they refer to waits.

    :param source: the table.
    :param waits: SQL for which of its rows, by the name ``r``.
    """
    parsed = names(PARSED_COLUMNS[collection], "r")
    moved = connection.count(
        f"CREATE OR REPLACE TEMP TABLE unresolved AS SELECT r.sourced_id, r.id, r.fingerprint, "
        f"'{HoldRule.WITH_HELD}' AS rule, {parsed} FROM {source} r "
        f"WHERE r.origin IN {DELIVERED} AND ({waits})"
    )
    if not moved:
        return
    proposed = table("proposed", collection)
    connection.execute(f"INSERT INTO {proposed} BY NAME SELECT * FROM unresolved")
    connection.execute(
        f"DELETE FROM {source} r WHERE r.origin IN {DELIVERED} "
        "AND r.sourced_id IN (SELECT sourced_id FROM unresolved)"
    )


def waiting_new(collection: Collection, column: str = "id") -> str:
    """SQL for a column of the proposed records that are not in the roster."""
    here = f"SELECT id FROM {table('result', collection)} WHERE state NOT IN {LEFT}"
    proposed = table("proposed", collection)
    return (
        f"(SELECT {column} FROM {proposed} WHERE {column} IS NOT NULL "
        f"AND (id IS NULL OR id NOT IN ({here})))"
    )


def write_proposals(connection: Connection, collection: Collection, directory: Path) -> Path | None:
    """Write ``proposed_…`` as a Parquet file; None if nothing differs from ``awaiting_…``."""
    columns = names(PROPOSED_COLUMNS[collection])
    after = f"SELECT {columns} FROM {table('proposed', collection)}"
    before = f"SELECT {columns} FROM {table('awaiting', collection)}"
    if not any(
        connection.count(f"SELECT EXISTS ({one} EXCEPT {other})")
        for one, other in ((after, before), (before, after))
    ):
        return None
    path = directory / f"proposed-{collection.name.lower()}.parquet"
    connection.execute(f"COPY ({after}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


def _hold_rekeyed(connection: Connection) -> None:
    """Put the old rows of users back whose new sourcedId waits, and hold them."""
    every = names({"id": ""} | ROW_COLUMNS[Collection.USERS], "b")
    connection.execute(
        f"INSERT INTO result_users BY NAME SELECT {every}, '{State.PENDING}' AS state, "
        f"'{Why.GONE}' AS why, c.rule AS hold, '{Origin.UNSEEN}' AS origin "
        "FROM base_users b JOIN (SELECT id, min(rule) AS rule FROM chosen GROUP BY id) c "
        "ON c.id = b.id WHERE b.id IN (SELECT id FROM rekeyed) "
        "AND b.sourced_id NOT IN (SELECT sourced_id FROM result_users)"
    )
    connection.execute("DELETE FROM rekeyed WHERE sourced_id IN (SELECT sourced_id FROM chosen)")


def _own_row(collection: Collection) -> str:
    """SQL for whether two rows, ``{0}`` and ``{1}``, are the same row of a record.

    A user may have several rows under one id. Sources renumber enrollments.
    """
    return "{0}.id = {1}.id" + (
        " AND {0}.sourced_id = {1}.sourced_id" if collection is Collection.USERS else ""
    )


def _same_record(collection: Collection) -> str:
    """SQL for whether two rows, ``{0}`` and ``{1}``, are one record, whose id may be unknown."""
    if collection is Collection.ENROLLMENTS:
        return (
            "({0}.id = {1}.id OR (({0}.id IS NULL OR {1}.id IS NULL) "
            "AND {0}.sourced_id = {1}.sourced_id))"
        )
    return "{0}.sourced_id = {1}.sourced_id"
