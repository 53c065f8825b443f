"""Gives every candidate its id: the one it had, one it takes over, or a new one.

Ids are ``domain.ids.record_id`` over group, entity and sourcedId, computed here for whole
collections in SQL (the same function; a test keeps both equal).
"""

from shared.domain.group.choices import MatchWith
from shared.domain.ids import RECORD_ID_LENGTH
from shared.domain.roster.collection import Collection
from shared.domain.roster.vocabulary import GUARDIAN_ROLES, STUDENT_ROLE
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import Origin, State, Why

_GUARDIANS = ", ".join(f"'{role}'" for role in GUARDIAN_ROLES)
_IS_STAFF = (
    f"len(list_filter(roles, lambda r: r.role = '{STUDENT_ROLE}' OR r.role IN ({_GUARDIANS}))) = 0"
)


def record_id_sql(*parts: str) -> str:
    """Spell ``record_id`` over SQL expressions, the group's id first."""
    return f"left(sha256(concat_ws(chr(31), {', '.join(parts)})), {RECORD_ID_LENGTH})"


def give_ids(connection: Connection, collection: Collection, group_id: str, seq: int) -> None:
    """Fill the ids that are still empty.

    Where the id of a sourcedId already belongs to another record (one that was re-keyed away from
    it), the new record's id is derived with the run's number besides.
    """
    candidate = table("candidate", collection)
    own = record_id_sql("$group_id", "$entity", "sourced_id")
    known = {"group_id": group_id, "entity": collection.entity}
    connection.execute(
        f"UPDATE {candidate} SET id = {own} WHERE id IS NULL "
        f"AND {own} NOT IN (SELECT id FROM {table('base', collection)})",
        known,
    )
    again = record_id_sql("$group_id", "$entity", "sourced_id", "$seq")
    connection.execute(
        f"UPDATE {candidate} SET id = {again} WHERE id IS NULL", known | {"seq": str(seq)}
    )


def rekey_users(connection: Connection, match_with: MatchWith) -> None:
    """Fill ``rekeyed``: users new by sourcedId that are known again by ``match_with``.

    Only a one-to-one match counts: the value belongs to exactly one user who is gone in this very
    run, and to exactly one new row (or several staff rows, which are one person). The user keeps
    its id; the row that it had is dropped.
    """
    if match_with is MatchWith.SOURCED_ID:
        return
    connection.execute(
        f"""
        INSERT INTO rekeyed
        WITH fresh AS (
            SELECT sourced_id, lower({match_with.value}) AS value, {_IS_STAFF} AS staff
            FROM candidate_users
            WHERE origin = '{Origin.PARSED}' AND id IS NULL AND {match_with.value} IS NOT NULL
        ),
        gone AS (
            SELECT c.id, lower(c.{match_with.value}) AS value
            FROM candidate_users c JOIN base_users b ON b.sourced_id = c.sourced_id
            WHERE c.origin = '{Origin.UNSEEN}' AND c.why = '{Why.GONE}'
              AND b.state IN ('{State.CURRENT}', '{State.STALE}')
              AND c.{match_with.value} IS NOT NULL
              AND c.id NOT IN (SELECT id FROM candidate_users
                               WHERE id IS NOT NULL AND origin <> '{Origin.UNSEEN}')
        ),
        one_gone AS (
            SELECT value, min(id) AS id FROM gone GROUP BY value HAVING count(DISTINCT id) = 1
            QUALIFY count(*) OVER (PARTITION BY min(id)) = 1
        ),
        one_fresh AS (
            SELECT value, list(sourced_id) AS sourced_ids FROM fresh
            GROUP BY value HAVING count(*) = 1 OR bool_and(staff)
        )
        SELECT unnest(sourced_ids) AS sourced_id, id FROM one_fresh JOIN one_gone USING (value)
        """
    )
    connection.execute(
        f"DELETE FROM candidate_users WHERE origin = '{Origin.UNSEEN}' "
        "AND id IN (SELECT id FROM rekeyed)"
    )
    connection.execute(
        "UPDATE candidate_users SET id = r.id FROM rekeyed r "
        "WHERE candidate_users.sourced_id = r.sourced_id AND candidate_users.id IS NULL"
    )


def merge_staff(connection: Connection, group_id: str, seq: int) -> None:
    """Give the staff rows of one username one id: they are one person with several roles.

    Students and guardians are never merged, nor are two users that both exist already: merging
    would delete one of them. Rows that shared an id and no longer share the username part again;
    the id stays with the row from which it was derived. ``fresh`` is the id of a user first made
    of a row (see ``give_ids``).
    """
    parts = ("$group_id", f"'{Collection.USERS.entity}'", "sourced_id")
    own, again = record_id_sql(*parts), record_id_sql(*parts, "$seq")
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE member AS
        SELECT sourced_id, id, {own} AS own,
               CASE WHEN {own} IN (SELECT id FROM base_users) THEN {again} ELSE {own} END AS fresh,
               CASE WHEN {_IS_STAFF} AND username IS NOT NULL THEN 'name ' || lower(username)
                    ELSE 'row ' || sourced_id END AS person
        FROM candidate_users WHERE state <> '{State.DELETED}'
        """,
        {"group_id": group_id, "seq": str(seq)},
    )
    merged = connection.count(
        """
        CREATE OR REPLACE TEMP TABLE merged AS
        SELECT person, coalesce(min(id), arg_min(fresh, sourced_id)) AS id
        FROM member GROUP BY person HAVING count(*) > 1 AND count(DISTINCT id) <= 1
        """
    )
    if merged:
        connection.execute(
            "UPDATE member SET id = m.id FROM merged m WHERE member.person = m.person"
        )
        connection.execute(
            f"""
            INSERT INTO findings BY NAME
            SELECT '{Collection.USERS}' AS collection, 'staff_merged' AS code,
                   'warning' AS severity, 'loaded' AS consequence, min(a.row) AS row,
                   'username' AS field, count(*) AS rows
            FROM member JOIN active_users a ON a.key = member.sourced_id
            WHERE member.person IN (SELECT person FROM merged) HAVING count(*) > 0
            """
        )
    parted = connection.count(
        """
        CREATE OR REPLACE TEMP TABLE parted AS
        WITH holder AS (
            SELECT id, person, bool_or(own = id) AS derived, min(sourced_id) AS first,
                   arg_min(fresh, sourced_id) AS fresh
            FROM member WHERE id IS NOT NULL GROUP BY id, person
            QUALIFY count(*) OVER (PARTITION BY id) > 1
        )
        SELECT id, person, fresh FROM holder
        QUALIFY row_number() OVER (PARTITION BY id ORDER BY derived DESC, first) > 1
        """
    )
    if not merged and not parted:
        return
    connection.execute(
        "UPDATE member SET id = p.fresh FROM parted p "
        "WHERE member.person = p.person AND member.id = p.id"
    )
    connection.execute(
        "UPDATE candidate_users SET id = m.id FROM member m "
        "WHERE candidate_users.sourced_id = m.sourced_id "
        "AND m.id IS DISTINCT FROM candidate_users.id"
    )
