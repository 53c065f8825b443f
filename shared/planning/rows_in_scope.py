"""Selects the staged rows that take part in the plan: in the group's scope, each record once."""

from shared.domain.group.scope import Scope
from shared.domain.roster.collection import Collection
from shared.domain.roster.vocabulary import GUARDIAN_ROLES, INACTIVE, ROLES, STUDENT_ROLE
from shared.planning.columns import stripped, table
from shared.planning.duckdb_connection import Connection
from shared.planning.statuses import says_gone

_KEY = f"nullif({stripped('sourced_id')}, '')"
_GUARDIANS = ", ".join(f"'{role}'" for role in GUARDIAN_ROLES)
_KNOWN = ", ".join(f"'{role}'" for role in ROLES)
_ROLE = f"lower({stripped('r.role')})"
_UNREADABLE = "unreadable"
# An unreadable role may be any role, so its row is in every scope, and is rejected later.
_KINDS = (
    "list_transform(roles, lambda r: CASE "
    f"WHEN {_ROLE} = '{STUDENT_ROLE}' THEN 'student' "
    f"WHEN {_ROLE} IN ({_GUARDIANS}) THEN 'guardian' "
    f"WHEN {_ROLE} IN ({_KNOWN}) OR starts_with({_ROLE}, 'ext:') THEN 'staff' "
    f"ELSE '{_UNREADABLE}' END)"
)
_STATUS = (
    f"CASE WHEN lower({stripped('status')}) = '{INACTIVE}' "
    f"OR lower({stripped('enabled_user')}) IN ('false', '0', 'no') "
    "THEN 'inactive' ELSE 'active' END"
)


def select_rows_in_scope(connection: Connection, collection: Collection, scope: Scope) -> None:
    """Make ``deleted_…``, ``outside_…`` and ``active_…`` from the staged rows.

    ``deleted`` rows are explicit deletions (``tobedeleted``), ``outside`` rows are outside the
    group's scope (which is not the same as gone), and ``active`` rows are compared, each record
    once. A broken row says nothing about the scope, and is active.
    """
    staged, outside = table("staged", collection), table("outside", collection)
    deleted = f"broken IS NULL AND {says_gone(collection)}"
    connection.execute(
        f"CREATE TABLE {table('deleted', collection)} AS "
        f"SELECT row, sourced_id FROM {staged} WHERE {deleted}"
    )
    condition, parameters = _outside(collection, scope)
    connection.execute(
        f"CREATE TABLE {outside} AS SELECT row, {_KEY} AS key FROM {staged} "
        f"WHERE broken IS NULL AND ({condition})",
        parameters,
    )
    enrollments = collection is Collection.ENROLLMENTS
    columns = 'key, fingerprint, "class", "user"' if enrollments else "key, fingerprint"
    identity = (
        'fingerprint, "class", "user"' if enrollments else "key, CASE WHEN key IS NULL THEN row END"
    )
    # The last of several rows counts: a record that changes during paging can occur again later.
    connection.execute(
        f"""
        CREATE TABLE {table("active", collection)} AS
        SELECT row, {columns},
               min(fingerprint) OVER same <> max(fingerprint) OVER same AS differs,
               count(*) OVER same - 1 AS doubles
        FROM (SELECT *, {_KEY} AS key FROM {staged})
        WHERE NOT coalesce({deleted}, false)
          AND row NOT IN (SELECT row FROM {outside})
        WINDOW same AS (PARTITION BY {identity})
        QUALIFY row = max(row) OVER same
        """
    )
    active = table("active", collection)
    if connection.count(f"SELECT count(*) FROM {active} WHERE doubles > 0"):
        _report_duplicates(connection, collection)


def _outside(collection: Collection, scope: Scope) -> tuple[str, list[object]]:
    conditions: list[str] = []
    parameters: list[object] = []
    if collection is Collection.USERS:
        conditions.append(f"len(roles) > 0 AND NOT list_has_any({_KINDS}, ?::VARCHAR[])")
        parameters.append([*map(str, scope.roles), _UNREADABLE])
        conditions.append(f"NOT list_contains(?::VARCHAR[], {_STATUS})")
        parameters.append([str(status) for status in scope.statuses])
        if scope.schools is not None:
            orgs = f"list_transform(roles, lambda r: {stripped('r.org')})"
            conditions.append(f"len(roles) > 0 AND NOT list_has_any({orgs}, ?::VARCHAR[])")
            parameters.append(list(scope.schools))
    if collection is Collection.CLASSES:
        if scope.schools is not None:
            conditions.append(f"NOT list_contains(?::VARCHAR[], {stripped('school')})")
            parameters.append(list(scope.schools))
        if scope.classes is not None:
            conditions.append(f"NOT list_contains(?::VARCHAR[], {stripped('sourced_id')})")
            parameters.append(list(scope.classes))
    if collection is Collection.ENROLLMENTS:
        for name, target in (('"class"', "outside_classes"), ('"user"', "outside_users")):
            conditions.append(f"{stripped(name)} IN (SELECT key FROM {target})")
    return " OR ".join(f"coalesce({c}, false)" for c in conditions) or "false", parameters


def _report_duplicates(connection: Connection, collection: Collection) -> None:
    connection.execute(
        f"INSERT INTO findings BY NAME SELECT '{collection}' AS collection, "
        "'duplicate_row' AS code, 'warning' AS severity, 'loaded' AS consequence, row, "
        "key AS sourced_id, 'sourcedId' AS field, key AS found "
        f"FROM {table('active', collection)} WHERE differs AND key IS NOT NULL"
    )
    connection.execute(
        f"INSERT INTO findings BY NAME SELECT '{collection}' AS collection, "
        "'duplicate_row_identical' AS code, 'warning' AS severity, 'loaded' AS consequence, "
        "min(row) AS row, 'sourcedId' AS field, sum(doubles) AS rows "
        f"FROM {table('active', collection)} WHERE doubles > 0 AND NOT differs HAVING count(*) > 0"
    )
