"""Resolves references to ids, for a whole collection at once.

A reference resolves if its target is in the roster after this run. A broken hard reference rejects
the row; a broken soft one costs only the value, with a warning. Enrollments have their own module.
"""

from dataclasses import dataclass

from shared.domain.group.group import GroupConfig
from shared.domain.roster.collection import Collection
from shared.planning.columns import (
    JUDGED_COLUMNS,
    PARSED_COLUMNS,
    RESOLVED_COLUMNS,
    ROW_COLUMNS,
    names,
    table,
)
from shared.planning.customer_partners import CUSTOMER, JOIN_CUSTOMER, load_customers
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_unresolved, waiting_new
from shared.planning.record_exceptions import is_left_out
from shared.planning.standing import LEFT, Origin, State


@dataclass(frozen=True)
class Reference:
    """A column that refers to other records by sourcedId.

    ``column``: the column of parsed rows.
    ``target``: the collection that it refers to.
    ``resolved``: the column for the id that was found.
    ``field``: what the error report calls it.
    ``hard``: whether a broken reference rejects the row.
    ``many``: whether the column is a list.
    """

    column: str
    target: Collection
    resolved: str
    field: str
    hard: bool = False
    many: bool = False


REFERENCES: dict[Collection, tuple[Reference, ...]] = {
    Collection.ORGS: (Reference("parent", Collection.ORGS, "parent_id", "parent"),),
    Collection.ACADEMIC_SESSIONS: (
        Reference("parent", Collection.ACADEMIC_SESSIONS, "parent_id", "parent"),
    ),
    Collection.COURSES: (
        Reference("org", Collection.ORGS, "org_id", "org"),
        Reference("school_year", Collection.ACADEMIC_SESSIONS, "school_year_id", "schoolYear"),
    ),
    Collection.CLASSES: (
        Reference("school", Collection.ORGS, "school_id", "school", hard=True),
        Reference("course", Collection.COURSES, "course_id", "course"),
        Reference("terms", Collection.ACADEMIC_SESSIONS, "term_ids", "terms", many=True),
    ),
    Collection.USERS: (
        Reference("roles", Collection.ORGS, "org_ids", "orgs", many=True),
        Reference("primary_org", Collection.ORGS, "primary_org_id", "primaryOrg"),
        Reference("agents", Collection.USERS, "agent_ids", "agents", many=True),
    ),
}


def map_sourced_ids(
    connection: Connection, collection: Collection, source: str, *, moved: bool
) -> bool:
    """Make ``map_…``: from sourcedId to id (and a class's school), for all records in the roster.

    :param source: ``candidate`` (for references within the collection) or ``result``.
    :param moved: whether it is already known that some sourcedIds mean another record now.
    Returns whether any sourcedId means another record than in the base.
    """
    columns = "sourced_id, id"
    if source == "result" and collection is Collection.CLASSES:
        columns += ", school_id"
    connection.execute(
        f"CREATE OR REPLACE TABLE {table('map', collection)} AS "
        f"SELECT {columns} FROM {table(source, collection)} WHERE state <> '{State.DELETED}'"
    )
    if moved:
        return True
    after = f"SELECT {columns} FROM {table('map', collection)}"
    before = f"SELECT {columns} FROM {table('base', collection)} WHERE state <> '{State.DELETED}'"
    return any(
        connection.count(f"SELECT EXISTS ({one} EXCEPT {other})")
        for one, other in ((after, before), (before, after))
    )


def resolve_references(
    connection: Connection, collection: Collection, config: GroupConfig, moved: set[Collection]
) -> None:
    """Make ``result_…`` from ``candidate_…``: resolve references, and take out rejected rows.

    Rows that were not delivered keep the ids from the base. So do unchanged rows, unless a
    collection that they refer to has ``moved``.
    """
    references = REFERENCES[collection]
    # The group's configuration links customers to orgs, so resolve orgs every time.
    again = collection is Collection.ORGS or any(r.target in moved for r in references)
    due = f"c.origin IN ('{Origin.PARSED}'" + (f", '{Origin.SAME}')" if again else ")")
    candidate = table("candidate", collection)
    joins, values = [], {}
    for reference in references:
        source = table("map", reference.target)
        name = f"by_{reference.column}"
        if reference.many:
            _resolve_list(connection, collection, reference, due)
            joins.append(f"LEFT JOIN {name} ON {name}.sourced_id = c.sourced_id")
            values[reference.resolved] = f"{name}.ids"
        else:
            joins.append(f'LEFT JOIN {source} {name} ON {name}.sourced_id = c."{reference.column}"')
            values[reference.resolved] = f"{name}.id"
    joins += _own_columns(collection, config, values)
    if collection is Collection.ORGS:
        load_customers(connection, config)

    hard = [reference for reference in references if reference.hard]
    resolved = ", ".join(
        f'CASE WHEN {due} THEN {values[name]} ELSE c."{name}" END AS "{name}"'
        for name in RESOLVED_COLUMNS[collection]
    )
    fixed = names(JUDGED_COLUMNS | {"sourced_id": "", "origin": ""}, "c")
    failed = " OR ".join(f"{values[reference.resolved]} IS NULL" for reference in hard) or "false"
    result = table("result", collection)
    connection.execute(
        f"CREATE TABLE {result} AS "
        f"SELECT {fixed}, {names(PARSED_COLUMNS[collection], 'c')}, {resolved}, "
        f"({due} AND ({failed})) AS failed FROM {candidate} c {' '.join(joins)}"
    )
    for reference in hard:
        held = waiting_new(reference.target, "sourced_id")
        hold_unresolved(
            connection, collection, result, f'r.failed AND r."{reference.column}" IN {held}'
        )
    if hard and connection.count(f"SELECT count(*) FROM {result} WHERE failed"):
        for reference in hard:
            _reject(connection, collection, reference)
    for reference in references:
        if not reference.hard:
            _warn(connection, collection, reference)


def _own_columns(collection: Collection, config: GroupConfig, values: dict[str, str]) -> list[str]:
    """SQL for the resolved columns that are not references."""
    if collection is Collection.ORGS:
        values["customer_id"] = CUSTOMER
        values["root"] = "c.sourced_id = (SELECT sourced_id FROM root)"
        return [JOIN_CUSTOMER]
    if collection is Collection.USERS:
        suffix = config.suffix.replace("'", "''")
        values["login_name"] = f"c.username || '{suffix}'"
    return []


def _resolve_list(
    connection: Connection, collection: Collection, reference: Reference, due: str
) -> None:
    # A role without a known org keeps its position, so that org_ids stays parallel to roles.
    roles = reference.column == "roles"
    item, ids = ("item.org", "list(m.id ORDER BY place)") if roles else ("item", _FOUND)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE by_{reference.column} AS
        SELECT i.sourced_id, {ids} AS ids
        FROM (SELECT c.sourced_id, unnest(c."{reference.column}") AS item,
                     generate_subscripts(c."{reference.column}", 1) AS place
              FROM {table("candidate", collection)} c WHERE {due}) i
        LEFT JOIN {table("map", reference.target)} m ON m.sourced_id = {item}
        GROUP BY i.sourced_id
        """
    )


_FOUND = "list(m.id ORDER BY place) FILTER (m.id IS NOT NULL)"


def _reject(connection: Connection, collection: Collection, reference: Reference) -> None:
    """Take out rows whose hard reference failed; the base's record stays as it was."""
    result, base = table("result", collection), table("base", collection)
    rejected = table("rejected", reference.target)
    connection.execute(
        f"""
        INSERT INTO findings BY NAME
        SELECT '{collection}' AS collection, 'error' AS severity, a.row, r.sourced_id,
               CASE WHEN r."{reference.column}" IN (SELECT key FROM {rejected})
                    THEN 'reference_rejected' ELSE 'reference_unresolved' END AS code,
               '{reference.field}' AS field, r."{reference.column}" AS found
        FROM {result} r JOIN {table("active", collection)} a ON a.key = r.sourced_id
        WHERE r.failed
        """
    )
    connection.execute(
        f"INSERT INTO {table('rejected', collection)} SELECT a.row, a.key "
        f"FROM {result} r JOIN {table('active', collection)} a ON a.key = r.sourced_id "
        "WHERE r.failed"
    )
    columns = {"id": ""} | ROW_COLUMNS[collection]
    connection.execute(
        f"INSERT INTO {result} BY NAME SELECT {names(columns, 'b')}, "
        f"CASE WHEN b.state IN {LEFT} THEN b.state ELSE '{State.STALE}' END AS state, "
        f"CASE WHEN b.state IN {LEFT} THEN b.why END AS why, "
        f"CASE WHEN b.state IN {LEFT} THEN b.since END AS since, "
        f"'{Origin.STALE}' AS origin, false AS failed FROM {base} b "
        f"WHERE b.sourced_id IN (SELECT sourced_id FROM {result} WHERE failed)"
    )
    connection.execute(f"DELETE FROM {result} WHERE failed")


def _warn(connection: Connection, collection: Collection, reference: Reference) -> None:
    column = f'r."{reference.column}"'
    target = table("map", reference.target)
    if reference.many:
        item = "item.org" if reference.column == "roles" else "item"
        quiet = is_left_out(item, reference.target)
        missing = (
            f"SELECT r.sourced_id, {item} AS found FROM (SELECT sourced_id, state, "
            f'unnest("{reference.column}") AS item FROM {table("result", collection)} '
            f"WHERE state = '{State.CURRENT}') r WHERE {item} IS NOT NULL "
            f"AND {item} NOT IN (SELECT sourced_id FROM {target}) AND NOT {quiet}"
        )
    else:
        missing = (
            f"SELECT r.sourced_id, {column} AS found FROM {table('result', collection)} r "
            f"WHERE state = '{State.CURRENT}' AND {column} IS NOT NULL "
            f'AND r."{reference.resolved}" IS NULL '
            f"AND NOT {is_left_out(column, reference.target)}"
        )
    connection.execute(
        f"INSERT INTO findings BY NAME SELECT '{collection}' AS collection, 'warning' AS severity, "
        "'reference_unresolved' AS code, a.row, m.sourced_id, "
        f"'{reference.field}' AS field, m.found FROM ({missing}) m "
        f"LEFT JOIN {table('active', collection)} a ON a.key = m.sourced_id"
    )
