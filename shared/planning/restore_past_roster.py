"""Restores the roster of a past run: lays its snapshot over the current one."""

from pathlib import Path

from shared.domain.roster.collection import Collection
from shared.planning.columns import JUDGED_COLUMNS, ROW_COLUMNS, definition, names, table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT, Origin, State, Why
from shared.planning.working_tables import load_snapshot


def restore_past_roster(connection: Connection, collection: Collection, file: Path) -> None:
    """Make ``result_…`` from a past snapshot instead of a delivery.

    Records that were in the roster then are in it again, whatever was held at the time. Records
    that were added since become pending, and are judged like every other deletion.
    """
    result, base = table("result", collection), table("base", collection)
    past = load_snapshot(connection, f"past_{collection.name.lower()}", collection, file)
    own = names(dict(ROW_COLUMNS[collection]))
    here = f"state NOT IN {LEFT}"
    shape = JUDGED_COLUMNS | ROW_COLUMNS[collection] | {"origin": "VARCHAR"}
    connection.execute(f"CREATE TABLE {result} ({definition(shape)})")
    connection.execute(
        f"""
        INSERT INTO {result} BY NAME
        SELECT id, CASE WHEN {here} THEN '{State.CURRENT}' ELSE state END AS state,
               CASE WHEN NOT {here} THEN why END AS why,
               CASE WHEN NOT {here} THEN since END AS since,
               CASE WHEN state = '{State.CURRENT}' THEN fingerprint END AS fingerprint,
               {own}, '{Origin.UNSEEN}' AS origin
        FROM {past}
        """
    )
    columns = names(JUDGED_COLUMNS | ROW_COLUMNS[collection], "b")
    # A member of staff can have several rows under one id.
    same = " AND p.sourced_id = b.sourced_id" if collection is Collection.USERS else ""
    connection.execute(
        f"INSERT INTO {result} BY NAME SELECT {columns}, '{Origin.UNSEEN}' AS origin FROM {base} b "
        f"WHERE NOT EXISTS (SELECT 1 FROM {past} p WHERE p.id = b.id{same})"
    )
    connection.execute(
        f"UPDATE {result} SET state = '{State.PENDING}', why = '{Why.RESTORED}', hold = NULL "
        f"WHERE state NOT IN {LEFT} AND sourced_id NOT IN (SELECT sourced_id FROM {past})"
        if collection is Collection.USERS
        else f"UPDATE {result} SET state = '{State.PENDING}', why = '{Why.RESTORED}', hold = NULL "
        f"WHERE state NOT IN {LEFT} AND id NOT IN (SELECT id FROM {past})"
    )
