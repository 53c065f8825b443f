"""Joins the rows of ``roles.csv`` (1.2) to the users, so that a user is one record, as over REST.

A delta may contain roles without their user's row, and a user without the user's roles. Whatever it
does not repeat is taken from the base.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import ROLE_COLUMNS, STAGED_COLUMNS, ColumnType
from shared.domain.roster.vocabulary import ACTIVE, INACTIVE, ROLES
from shared.planning.columns import stripped
from shared.planning.duckdb_connection import Connection
from shared.planning.fingerprint import fingerprint
from shared.planning.statuses import says_gone, says_nothing
from shared.planning.working_tables import iso_date, staged_rows

_USERS = Collection.USERS
_KNOWN = ", ".join(f"'{role}'" for role in ROLES)
_KEY = stripped("sourced_id")
# A role is no user, so an inactive one is gone.
_GONE = f"coalesce({says_gone(Collection.ENROLLMENTS)}, false)"
_SAME = (
    "lower(s.role) = lower(k.role) AND s.org IS NOT DISTINCT FROM k.org "
    "AND (k.sourced_id IS NULL OR (coalesce(left(s.begin_date, 10), k.begin_date) "
    "IS NOT DISTINCT FROM k.begin_date AND coalesce(left(s.end_date, 10), k.end_date) "
    "IS NOT DISTINCT FROM k.end_date))"
)
_ROLE = (
    "{'sourced_id': r.sourced_id, 'role': r.role, 'role_type': r.role_type, 'org': r.org, "
    "'begin_date': r.begin_date, 'end_date': r.end_date}"
)


def load_roles(
    connection: Connection, files: Sequence[Path], file: str, date_orders: Mapping[str, str]
) -> None:
    """Make ``staged_roles``: the rows as delivered.

    :param file: their file's name.
    """
    values = ", ".join(
        f'{iso_date(name, date_orders[name])} AS "{name}"'
        if name in date_orders
        else f"nullif({stripped(name)}, '') AS \"{name}\""
        for name in ROLE_COLUMNS
    )
    source, given = staged_rows(ROLE_COLUMNS, files)
    connection.execute(
        "CREATE TABLE staged_roles AS SELECT row_number() OVER () AS row, line, broken, "
        f"'{file.replace(chr(39), chr(39) * 2)}' AS file, {values} "
        f"FROM {source}",
        given,
    )


def join_roles(connection: Connection, *, users_complete: bool, roles_complete: bool) -> None:
    """Give the staged users their roles, and add users of whom only roles were delivered.

    A wrong row of roles is reported, and the role that it names stays as it was.
    """
    _keep_roles_of_inactive(connection)
    _report_wrong(connection, users_complete)
    _make_roles(connection, roles_complete)
    connection.execute(
        f"""
        UPDATE staged_users SET roles = o.roles FROM roles_of o
        WHERE o."user" = {_KEY} AND staged_users.broken IS NULL
        """
    )
    if not users_complete:
        _add_users(connection)
    connection.execute(
        f"UPDATE staged_users SET fingerprint = {fingerprint(_USERS, 'staged_users')}"
    )


def _keep_roles_of_inactive(connection: Connection) -> None:
    """Let the inactive roles of an inactive user stand: the user is disabled, and present."""
    inactive = f"lower({stripped('status')}) = '{INACTIVE}'"
    connection.execute(
        f"UPDATE staged_roles SET status = '{ACTIVE}' WHERE {inactive} "
        f'AND "user" IN (SELECT {_KEY} FROM staged_users WHERE {inactive})'
    )


def _report_wrong(connection: Connection, users_complete: bool) -> None:
    """Make ``wrong_roles``: rows that cannot be loaded, each with its first problem."""
    base = "" if users_complete else "UNION SELECT sourced_id FROM base_users"
    connection.execute(
        f"""
        CREATE TABLE wrong_roles AS
        WITH known AS (SELECT {_KEY} AS key FROM staged_users {base}),
        judged AS (
            SELECT r.*, CASE
                WHEN broken IS NOT NULL THEN broken
                WHEN sourced_id IS NULL THEN 'missing_sourced_id|sourcedId|empty'
                WHEN "user" IS NULL THEN 'missing_value|userSourcedId|empty'
                WHEN {says_nothing()} THEN 'unknown_status|status|' || left(status, 40)
                WHEN {_GONE} THEN NULL
                WHEN "role" IS NULL THEN 'missing_value|role|empty'
                WHEN lower("role") NOT IN ({_KNOWN})
                     AND NOT regexp_full_match("role", 'ext:[a-zA-Z0-9._-]+')
                     THEN 'unknown_role|role|' || left("role", 40)
                WHEN "user" NOT IN (SELECT key FROM known WHERE key IS NOT NULL)
                     THEN 'reference_unresolved|userSourcedId|' || "user"
            END AS problem FROM staged_roles r
        )
        SELECT * FROM judged WHERE problem IS NOT NULL
        """
    )
    connection.execute(
        f"""
        INSERT INTO findings BY NAME
        SELECT '{_USERS}' AS collection, 'error' AS severity, 'not loaded' AS consequence,
               file, line, sourced_id, org AS school, split_part(problem, '|', 1) AS code,
               split_part(problem, '|', 2) AS field, split_part(problem, '|', 3) AS found
        FROM wrong_roles
        """
    )


def _make_roles(connection: Connection, complete: bool) -> None:
    """Make ``roles_of``: the roles of each user who has some or of whom some were delivered."""
    connection.execute(
        """
        CREATE TABLE held_roles AS
        SELECT b.sourced_id AS "user", role.sourced_id, role.role, role.role_type, role.org,
               role.begin_date, role.end_date
        FROM (SELECT sourced_id, unnest(roles) AS role FROM base_users) b
        """
    )
    connection.execute(
        """
        CREATE TABLE said_roles AS
        SELECT r.*, EXISTS (SELECT 1 FROM held_roles h WHERE h."user" = r."user"
                            AND h.sourced_id = r.sourced_id) AS known
        FROM staged_roles r WHERE r.row NOT IN (SELECT row FROM wrong_roles)
        """
    )
    connection.execute(
        f"""
        CREATE TABLE unclear_roles AS
        SELECT s.row, count(*) AS fitting
        FROM said_roles s JOIN held_roles k ON k."user" = s."user" AND {_SAME}
        WHERE {_GONE} AND NOT s.known GROUP BY s.row HAVING count(*) > 1
        """
    )
    connection.execute(
        f"""
        INSERT INTO findings BY NAME
        SELECT '{_USERS}' AS collection, 'warning' AS severity, 'tombstone_unclear' AS code,
               'not loaded' AS consequence, s.file, s.line, s.sourced_id, s.org AS school,
               'sourcedId' AS field, u.fitting || ' roles' AS found
        FROM unclear_roles u JOIN said_roles s USING (row)
        """
    )
    # A wrong row's role stays. In an incomplete file, so does every role that it does not name.
    stays = (
        """SELECT b.* FROM held_roles b SEMI JOIN wrong_roles w
           ON w."user" = b."user" AND w.sourced_id = b.sourced_id"""
        if complete
        else "SELECT b.* FROM held_roles b"
    )
    # A row with a known sourcedId means that role alone. Any other means the role with the same
    # values; one delivered without a sourcedId, as over REST, is known by role and org.
    connection.execute(
        f"""
        CREATE TABLE roles_of AS
        WITH kept AS (
            SELECT k.* FROM ({stays}) k
            WHERE NOT EXISTS (
                SELECT 1 FROM said_roles s WHERE s."user" = k."user" AND (
                    s.sourced_id = k.sourced_id OR (NOT s.known AND {_SAME}
                    AND s.row NOT IN (SELECT row FROM unclear_roles))))
        ),
        every AS (
            SELECT "user", row AS place, sourced_id, role, role_type, org, begin_date, end_date
            FROM said_roles WHERE NOT {_GONE}
            UNION ALL BY NAME SELECT *, 0 AS place FROM kept
        )
        SELECT "user", list({_ROLE} ORDER BY place, sourced_id) AS roles
        FROM every r GROUP BY "user"
        """
    )


def _add_users(connection: Connection) -> None:
    """Add the base's row for each user of whom only roles were delivered."""
    kinds = STAGED_COLUMNS[_USERS]
    same = [n for n in kinds if n not in ("sourced_id", "status", "enabled_user", "roles")]
    values = ", ".join(
        f"b.{name}" if kind is not ColumnType.LIST else f"b.{name}::VARCHAR[] AS {name}"
        for name, kind in kinds.items()
        if name in same
    )
    connection.execute(
        f"""
        INSERT INTO staged_users BY NAME
        SELECT (SELECT coalesce(max(row), 0) FROM staged_users)
                   + row_number() OVER (ORDER BY b.sourced_id) AS row,
               b.sourced_id, 'active' AS status,
               CASE WHEN b.enabled THEN 'true' ELSE 'false' END AS enabled_user,
               o.roles, {values}
        FROM base_users b JOIN roles_of o ON o."user" = b.sourced_id
        WHERE b.sourced_id IN (SELECT "user" FROM staged_roles)
          AND b.sourced_id NOT IN (
              SELECT {_KEY} FROM staged_users WHERE {_KEY} IS NOT NULL)
        """
    )
