"""Enrollments: memberships, identified by class, user, role and begin date, not by sourcedId.

Class and user are our own ids: sources renumber enrollments, and a re-keyed user keeps its
memberships.
"""

from shared.domain.roster.collection import Collection
from shared.planning.candidates import spell_unseen
from shared.planning.columns import PARSED_COLUMNS, SNAPSHOT_COLUMNS, names, stripped
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_unresolved, waiting_new
from shared.planning.record_ids import record_id_sql
from shared.planning.standing import LEFT, Origin, State, Why

_PARSED = PARSED_COLUMNS[Collection.ENROLLMENTS]
_CLASS, _USER = stripped('s."class"'), stripped('s."user"')
_ID = record_id_sql(
    "$group_id",
    f"'{Collection.ENROLLMENTS.entity}'",
    "class_id",
    "user_id",
    "role",
    "coalesce(begin_date, '')",
)


def resolve_enrollments(
    connection: Connection, group_id: str, *, proven: bool, delta: bool, moved: bool
) -> bool:
    """Make ``result_enrollments``: delivered memberships over those of the base.

    :param proven: whether missing enrollments count as gone.
    :param delta: whether this is a delta. In one, an enrollment whose sourcedId now means another
        membership deletes the old membership.
    :param moved: whether a sourcedId of a class or user means another record than in the base, so
        that unchanged rows must be resolved again.

    Returns whether missing enrollments did count as gone.
    """
    _deliver(connection, moved)
    hold_unresolved(
        connection,
        Collection.ENROLLMENTS,
        "delivered",
        f'(r.user_id IS NULL AND r."user" IN {waiting_new(Collection.USERS, "sourced_id")}) '
        f'OR (r.class_id IS NULL AND r."class" IN {waiting_new(Collection.CLASSES, "sourced_id")})',
    )
    if connection.count("SELECT count(*) FROM delivered WHERE class_id IS NULL OR user_id IS NULL"):
        _reject(connection)
    connection.execute(
        f"UPDATE delivered SET id = {_ID} "
        "WHERE id IS NULL OR class_id <> base_class OR user_id <> base_user",
        {"group_id": group_id},
    )
    _find_replaced(connection)
    _find_present(connection, group_id)
    _drop_duplicates(connection)
    _warn_school(connection)
    proven = proven and _all_legible(connection)
    _keep_base(connection, proven, delta)
    return proven


def _deliver(connection: Connection, moved: bool) -> None:
    again = "true" if moved else f"d.origin = '{Origin.PARSED}'"
    connection.execute(
        f"""
        CREATE TABLE delivered AS
        SELECT d.row, d.id, d.sourced_id, d.fingerprint, d.origin, d.base_class, d.base_user,
               {names(_PARSED, "d")},
               CASE WHEN {again} THEN c.id ELSE d.base_class END AS class_id,
               CASE WHEN {again} THEN u.id ELSE d.base_user END AS user_id,
               CASE WHEN {again} THEN c.school_id ELSE d.base_school END AS school_id
        FROM (
            SELECT s.row, b.id, s.key AS sourced_id, b.fingerprint, '{Origin.SAME}' AS origin,
                   b.class_id AS base_class, b.user_id AS base_user, b.school_id AS base_school,
                   {names(_PARSED, "b")}
            FROM same_enrollments s JOIN base_enrollments b ON b.id = s.id
            UNION ALL BY NAME
            SELECT p.row, p.sourced_id, p.fingerprint, '{Origin.PARSED}' AS origin,
                   {names(_PARSED, "p")}
            FROM parsed_enrollments p
        ) d
        LEFT JOIN map_classes c ON c.sourced_id = d."class"
        LEFT JOIN map_users u ON u.sourced_id = d."user"
        """
    )


def _reject(connection: Connection) -> None:
    for column, resolved, target in (
        ("class", "class_id", "rejected_classes"),
        ("user", "user_id", "rejected_users"),
    ):
        connection.execute(
            f"""
            INSERT INTO findings BY NAME
            SELECT 'enrollments' AS collection, 'error' AS severity, row, sourced_id,
                   CASE WHEN "{column}" IN (SELECT key FROM {target})
                        THEN 'reference_rejected' ELSE 'reference_unresolved' END AS code,
                   '{column}' AS field, "{column}" AS found
            FROM delivered WHERE {resolved} IS NULL
            """
        )
    connection.execute(
        "INSERT INTO rejected_enrollments SELECT row, sourced_id FROM delivered "
        "WHERE class_id IS NULL OR user_id IS NULL"
    )
    connection.execute("DELETE FROM delivered WHERE class_id IS NULL OR user_id IS NULL")


def _find_replaced(connection: Connection) -> None:
    """Make ``replaced``: memberships whose sourcedId was delivered as another membership.

    A sourcedId that several memberships bear proves nothing about any of them.
    """
    connection.execute(
        "CREATE TABLE replaced AS SELECT DISTINCT b.id, b.sourced_id FROM base_enrollments b "
        f"JOIN delivered d USING (sourced_id) WHERE b.id <> d.id AND b.state NOT IN {LEFT}"
    )
    connection.execute(
        "DELETE FROM replaced WHERE sourced_id IN (SELECT sourced_id FROM base_enrollments "
        f"WHERE state NOT IN {LEFT} AND sourced_id IN (SELECT sourced_id FROM replaced) "
        "GROUP BY sourced_id HAVING count(*) > 1)"
    )


def _find_present(connection: Connection, group_id: str) -> None:
    """Make ``present_memberships``: the ids of memberships that turned up when asked for again.

    An answer is compared by what it says, not by the sourcedId under which it was given.
    """
    connection.execute("CREATE TABLE present_memberships (id VARCHAR)")
    if not connection.count("SELECT count(*) FROM present_enrollments"):
        return
    connection.execute(
        f"""
        INSERT INTO present_memberships
        SELECT {_ID} FROM (
            SELECT c.id AS class_id, u.id AS user_id, p.role, p.begin_date
            FROM present_enrollments p
            JOIN map_classes c ON c.sourced_id = p."class"
            JOIN map_users u ON u.sourced_id = p."user")
        UNION ALL
        SELECT b.id FROM base_enrollments b JOIN present_enrollments p
        ON p."class" = b."class" AND p."user" = b."user" AND p.role = b.role
        AND p.begin_date IS NOT DISTINCT FROM b.begin_date
        UNION ALL
        -- What could not be read names its sourcedId alone.
        SELECT b.id FROM base_enrollments b JOIN present_enrollments p USING (sourced_id)
        WHERE p."class" IS NULL
        """,
        {"group_id": group_id},
    )


def _drop_duplicates(connection: Connection) -> None:
    """Of several rows for one membership, keep the one that lasts longest."""
    if not connection.count(
        """
        CREATE TEMP TABLE doubled AS
        SELECT row, sourced_id FROM delivered
        QUALIFY row_number() OVER (
            PARTITION BY id ORDER BY end_date DESC NULLS FIRST, row DESC) > 1
        """
    ):
        return
    connection.execute(
        "INSERT INTO findings BY NAME SELECT 'enrollments' AS collection, 'warning' AS severity, "
        "'duplicate_membership' AS code, 'not loaded' AS consequence, row, sourced_id, "
        "'beginDate' AS field, '' AS found FROM doubled"
    )
    connection.execute("DELETE FROM delivered WHERE row IN (SELECT row FROM doubled)")


def _warn_school(connection: Connection) -> None:
    connection.execute(
        """
        INSERT INTO findings BY NAME
        SELECT 'enrollments' AS collection, 'warning' AS severity, 'school_differs' AS code,
               d.row, d.sourced_id, 'school' AS field, d.school AS found
        FROM delivered d LEFT JOIN map_orgs o ON o.sourced_id = d.school
        WHERE d.school IS NOT NULL AND o.id IS DISTINCT FROM d.school_id
        """
    )


def _all_legible(connection: Connection) -> bool:
    """Whether each rejected row names its membership; otherwise an absence proves nothing."""
    [(illegible,)] = connection.execute(
        f"""
        SELECT count(*) FROM rejected_enrollments r JOIN staged_enrollments s ON s.row = r.row
        WHERE nullif({_CLASS}, '') IS NULL OR nullif({_USER}, '') IS NULL
        """
    ).fetchall()
    return bool(illegible == 0)


def _keep_base(connection: Connection, proven: bool, delta: bool) -> None:
    """Add the base's other rows: those of rejected rows, pending ones, and those not delivered.

    A base row with the same membership as a delivered row is that row.
    """
    # Planning a query without rows costs as much as one with rows, so leave it out.
    rejected, deleted, outside = (
        connection.count(f"SELECT count(*) FROM {name}")
        for name in (
            "rejected_enrollments",
            "deleted_enrollments",
            "(FROM outside_classes UNION ALL FROM outside_users)",
        )
    )
    if deleted:
        _find_deleted(connection)
    named = (["SELECT id FROM named_deleted"] if deleted else []) + (
        ["SELECT id FROM replaced"] if delta else []
    )
    bad = f"b.id IN ({_named_by('rejected_enrollments')})" if rejected else "false"
    dead = f"b.id IN ({' UNION ALL '.join(named)})" if named else "false"
    out = _OUT if outside else "false"
    gone, why = spell_unseen(
        Collection.ENROLLMENTS,
        proven,
        "b.id IN (SELECT id FROM present_memberships)",
        "b.id IN (SELECT id FROM replaced)",
    )
    columns = SNAPSHOT_COLUMNS[Collection.ENROLLMENTS]
    rest = {name: kind for name, kind in columns.items() if name not in _JUDGED}
    connection.execute(
        f"""
        CREATE TABLE result_enrollments AS
        SELECT id, sourced_id, '{State.CURRENT}' AS state, NULL::VARCHAR AS why, fingerprint,
               {names(_PARSED)}, class_id, user_id, school_id, origin
        FROM delivered
        UNION ALL BY NAME
        SELECT {names(rest, "b")},
               CASE WHEN {bad} THEN NULL ELSE b.fingerprint END
                   AS fingerprint,
               CASE WHEN NOT {bad} THEN b.hold END AS hold,
               CASE WHEN b.state IN {LEFT} THEN b.state
                    WHEN {bad} THEN '{State.STALE}'
                    WHEN {dead} OR {out} THEN '{State.PENDING}'
                    ELSE {gone} END AS state,
               CASE WHEN b.state IN {LEFT} THEN b.why
                    WHEN {bad} THEN NULL
                    WHEN {dead} THEN '{Why.TO_BE_DELETED}'
                    WHEN {out} THEN '{Why.OUTSIDE}' ELSE {why} END AS why,
               '{Origin.UNSEEN}' AS origin
        FROM base_enrollments b
        WHERE b.id NOT IN (SELECT id FROM delivered)
        """
    )


_JUDGED = ("state", "why", "hold", "fingerprint")
_OUT = (
    '(b."class" IN (SELECT key FROM outside_classes WHERE key IS NOT NULL) '
    'OR b."user" IN (SELECT key FROM outside_users WHERE key IS NOT NULL))'
)


def _find_deleted(connection: Connection) -> None:
    """Make ``named_deleted``: the ids of the base rows that explicit deletions name.

    A known sourcedId names its membership alone. An unknown one names the membership with the same
    class, user, role and begin date, as far as the row gives them; if these fit several, none.
    """
    begin = f"nullif(left({stripped('s.begin_date')}, 10), '')"
    connection.execute(
        f"""
        CREATE TABLE named_deleted AS
        WITH said AS (
            SELECT s.row, s."class", s."user", s.role, s.begin_date,
                   {stripped("s.sourced_id")} AS key
            FROM staged_enrollments s WHERE s.row IN (SELECT row FROM deleted_enrollments)
        ),
        unknown AS (
            SELECT * FROM said
            WHERE key IS NULL OR key NOT IN (
                SELECT sourced_id FROM base_enrollments WHERE sourced_id IS NOT NULL)
        )
        SELECT s.row, n.id, 1 AS fitting
        FROM said s JOIN base_enrollments n ON n.sourced_id = s.key
        UNION ALL
        SELECT s.row, n.id, count(*) OVER (PARTITION BY s.row) AS fitting
        FROM unknown s JOIN base_enrollments n
          ON n."class" = {_CLASS} AND n."user" = {_USER} AND n.state NOT IN {LEFT}
         AND lower(n.role) = lower(coalesce(nullif({stripped("s.role")}, ''), n.role))
         AND ({begin} IS NULL OR n.begin_date IS NOT DISTINCT FROM {begin})
        """
    )
    connection.execute(
        """
        INSERT INTO findings BY NAME
        SELECT 'enrollments' AS collection, 'warning' AS severity, 'tombstone_unclear' AS code,
               'not loaded' AS consequence, d.row, any_value(s.sourced_id) AS sourced_id,
               'sourcedId' AS field, any_value(d.fitting) || ' enrollments' AS found
        FROM named_deleted d JOIN staged_enrollments s ON s.row = d.row
        WHERE d.fitting > 1 GROUP BY d.row
        """
    )
    connection.execute("DELETE FROM named_deleted WHERE fitting > 1")


def _named_by(rows: str) -> str:
    """SQL for the ids of base rows that ``rows`` name: by sourcedId, or by class and user."""
    return f"""
        SELECT n.id FROM base_enrollments n JOIN (
            SELECT s.* FROM staged_enrollments s WHERE s.row IN (SELECT row FROM {rows})
        ) s ON n.sourced_id = {stripped("s.sourced_id")}
        UNION ALL
        SELECT n.id FROM base_enrollments n JOIN (
            SELECT s.* FROM staged_enrollments s WHERE s.row IN (SELECT row FROM {rows})
        ) s ON n."class" = {_CLASS} AND n."user" = {_USER}
        """
