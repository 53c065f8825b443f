"""Merges a survey of the roster table with the base, if the last snapshot cannot be trusted.

Table and base are merged record by record, and for each record the later one counts: what the table
received since the base, or what the base knows and the table has lost. Everything is then
uncertain, so all of it is read, compared and written again. No record of either side is forgotten.
"""

from pathlib import Path

from shared.domain.roster.change import Action
from shared.domain.roster.collection import Collection
from shared.planning.columns import ROW_COLUMNS, definition, spelled, table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT, State

_LINE = {
    "collection": "VARCHAR",
    "id": "VARCHAR",
    "written": "BIGINT",
    "action": "VARCHAR",
    "since": "VARCHAR",
    "rows": "JSON",
    "login": "STRUCT(take VARCHAR, release VARCHAR[])",
}
_STATE = (
    f"CASE action WHEN '{Action.DELETE}' THEN '{State.DELETED}' "
    f"WHEN '{Action.END}' THEN '{State.ENDED}' ELSE '{State.CURRENT}' END"
)

_REFERRED: dict[Collection, tuple[tuple[str, str, Collection], ...]] = {
    Collection.ORGS: (("parent", "parent_id", Collection.ORGS),),
    Collection.ACADEMIC_SESSIONS: (("parent", "parent_id", Collection.ACADEMIC_SESSIONS),),
    Collection.COURSES: (
        ("org", "org_id", Collection.ORGS),
        ("school_year", "school_year_id", Collection.ACADEMIC_SESSIONS),
    ),
    Collection.CLASSES: (
        ("school", "school_id", Collection.ORGS),
        ("course", "course_id", Collection.COURSES),
    ),
    Collection.USERS: (("primary_org", "primary_org_id", Collection.ORGS),),
    Collection.ENROLLMENTS: (
        ("class", "class_id", Collection.CLASSES),
        ("user", "user_id", Collection.USERS),
        ("school", "school_id", Collection.ORGS),
    ),
}
"""Columns that hold a sourcedId, with the column for the id that it resolved to."""
_REFERRED_LISTS: dict[Collection, tuple[tuple[str, str, Collection], ...]] = {
    Collection.CLASSES: (("terms", "term_ids", Collection.ACADEMIC_SESSIONS),),
    Collection.USERS: (("agents", "agent_ids", Collection.USERS),),
}


def load_survey(connection: Connection, file: Path) -> None:
    """Make ``surveyed``: the records of the roster table (``TableRecord.to_line``, NDJSON)."""
    connection.execute(f"CREATE TABLE surveyed ({definition(_LINE)})")
    if file.stat().st_size:
        connection.execute(
            f"INSERT INTO surveyed BY NAME SELECT * FROM read_json('{file}', "
            f"format = 'newline_delimited', columns = {spelled(_LINE)}, "
            "maximum_object_size = 67108864)"
        )


def merge_survey(connection: Connection, collection: Collection, base_order: int) -> int:
    """Lay the table's records over ``base_…``, and make all of them uncertain.

    :param base_order: a record with a higher number was written after the base, so the table's
        values count.
    Returns how many records the base did not know.
    """
    base = table("base", collection)
    of = f"collection = '{collection}'"
    found = connection.count(
        f"SELECT count(*) FROM surveyed WHERE {of} AND id NOT IN (SELECT id FROM {base})"
    )
    _use_newer_records(connection, collection, base_order)
    if collection is not Collection.ENROLLMENTS:
        _separate(connection, collection)
    connection.execute(f"UPDATE {base} SET fingerprint = NULL")
    # Records that only the base knows are uncertain, too: the table may have lost them.
    connection.execute(
        f"INSERT INTO dirty BY NAME SELECT 0 AS position, collection, id, action, login "
        f"FROM surveyed WHERE {of}"
    )
    connection.execute(
        f"INSERT INTO dirty BY NAME SELECT DISTINCT 0 AS position, '{collection}' AS collection, "
        f"id, '{Action.UPDATE}' AS action FROM {base} "
        f"WHERE id NOT IN (SELECT id FROM dirty WHERE {of})"
    )
    return found


def _use_newer_records(connection: Connection, collection: Collection, base_order: int) -> None:
    """Replace rows that the table received since the base, and add those only the table has."""
    base = table("base", collection)
    columns = ROW_COLUMNS[collection]
    shape = ", ".join(f'"{name}":"{kind}"' for name, kind in columns.items())
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE newer AS
        SELECT s.id, s.state, s.since, b.state AS was, b.why, b.hold, b.sourced_id AS was_named,
               b.id IS NULL AS fresh, unnest(s.rows, recursive := false) AS row
        FROM (SELECT id, since, {_STATE} AS state, from_json(rows, '[{{{shape}}}]') AS rows
              FROM surveyed WHERE collection = '{collection}'
                AND (written > $order OR id NOT IN (SELECT id FROM {base}))) s
        LEFT JOIN (SELECT * FROM {base} QUALIFY row_number() OVER (
                       PARTITION BY id ORDER BY sourced_id) = 1) b ON b.id = s.id
        """,
        {"order": base_order},
    )
    # Keep what is known of a record that is still there, for example that it was seen gone.
    stays = f"n.state = '{State.CURRENT}' AND n.was NOT IN {LEFT}"
    rows = ", ".join(f'n.row."{name}" AS "{name}"' for name in columns if name != "sourced_id")
    # An enrollment's document does not contain its sourcedId.
    named = 'coalesce(n.row."sourced_id", n.was_named) AS sourced_id'
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE laid AS
        SELECT n.id, CASE WHEN {stays} THEN n.was ELSE n.state END AS state,
               CASE WHEN {stays} THEN n.why END AS why, CASE WHEN {stays} THEN n.hold END AS hold,
               CASE WHEN n.state IN {LEFT} THEN n.since END AS since, n.fresh, {named}, {rows}
        FROM newer n
        """
    )
    connection.execute(f"DELETE FROM {base} WHERE id IN (SELECT id FROM laid)")
    connection.execute(f"INSERT INTO {base} BY NAME SELECT * FROM laid")
    _name_references(connection, collection)


def _name_references(connection: Connection, collection: Collection) -> None:
    """Give the rows of ``laid`` the sourcedIds of the records they refer to."""
    base = table("base", collection)
    for column, resolved, target in _REFERRED.get(collection, ()):
        connection.execute(
            f'UPDATE {base} SET "{column}" = t.sourced_id '
            f"FROM (SELECT id, min(sourced_id) AS sourced_id FROM {table('base', target)} "
            f"GROUP BY id) t WHERE t.id = {base}.{resolved} "
            f"AND {base}.id IN (SELECT id FROM laid)"
        )
    for column, resolved, target in _REFERRED_LISTS.get(collection, ()):
        connection.execute(
            f'UPDATE {base} SET "{column}" = t.sourced_ids FROM ('
            f"SELECT i.id, list(t.sourced_id ORDER BY place) AS sourced_ids FROM ("
            f"SELECT id, unnest({resolved}) AS item, generate_subscripts({resolved}, 1) AS place "
            f"FROM laid) i JOIN {table('base', target)} t ON t.id = i.item GROUP BY i.id) t "
            f"WHERE t.id = {base}.id"
        )
    if collection is Collection.USERS:
        roles = ", ".join(
            f"'{name}': {'o.sourced_id' if name == 'org' else f'i.role.{name}'}"
            for name in ("sourced_id", "role", "role_type", "org", "begin_date", "end_date")
        )
        connection.execute(
            f"UPDATE {base} SET roles = t.roles FROM ("
            f"SELECT i.id, i.sourced_id, list({{{roles}}} ORDER BY place) AS roles FROM ("
            "SELECT id, sourced_id, unnest(roles) AS role, unnest(org_ids) AS org_id, "
            "generate_subscripts(roles, 1) AS place FROM laid) i "
            f"LEFT JOIN {table('base', Collection.ORGS)} o ON o.id = i.org_id "
            "GROUP BY i.id, i.sourced_id) t "
            f"WHERE t.id = {base}.id AND t.sourced_id = {base}.sourced_id"
        )


def _separate(connection: Connection, collection: Collection) -> None:
    """Let only one record keep a sourcedId; append the own id to that of any other record.

    The other record then counts as gone, and leaves like every missing record.
    """
    base = table("base", collection)
    connection.execute(
        f"""
        UPDATE {base} SET sourced_id = id || '-' || sourced_id WHERE rowid IN (
            SELECT b.rowid FROM {base} b
            LEFT JOIN (SELECT id, max(written) AS written FROM surveyed
                       WHERE collection = '{collection}' GROUP BY id) s ON s.id = b.id
            QUALIFY row_number() OVER (
                PARTITION BY b.sourced_id
                ORDER BY b.state IN {LEFT}, s.written DESC NULLS LAST, b.id) > 1)
        """
    )
