"""Decides which rows are the same user: under a new sourcedId, or as several rows of staff."""

from shared.domain.group.choices import MatchWith
from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.domain.roster.vocabulary import GUARDIAN_ROLES, STUDENT_ROLE
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_changes
from shared.planning.record_ids import record_id_sql
from shared.planning.same_person import (
    IDENTIFYING,
    full_name,
    has_student_role,
    plainly_other,
)
from shared.planning.standing import LEFT, MISSING, Answer, Origin, State

_GUARDIANS = ", ".join(f"'{role}'" for role in GUARDIAN_ROLES)
_IS_STAFF = (
    f"len(list_filter(roles, lambda r: r.role = '{STUDENT_ROLE}' OR r.role IN ({_GUARDIANS}))) = 0"
)


_ONE_IDENTIFIER = (
    "(count(*) OVER same = count(identifier) OVER same "
    "AND min(lower(identifier)) OVER same = max(lower(identifier)) OVER same)"
)


def rekey_users(connection: Connection, match_with: MatchWith) -> None:
    """Fill ``rekeyed``: users with a new sourcedId that ``match_with`` recognises.

    Only a one-to-one match counts: exactly one user who is gone in this run has the value, and
    exactly one new row (or several staff rows, which are one person). The user keeps its id; its
    old row is dropped. If nothing else agrees, or something plainly contradicts, the match goes to
    ``unclear`` too (``hold_unclear``). A match that a person has rejected is not made again.
    """
    connection.execute("CREATE TABLE unclear (sourced_id VARCHAR)")
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
            WHERE c.origin = '{Origin.UNSEEN}' AND c.why IN {MISSING}
              AND (b.state IN ('{State.CURRENT}', '{State.STALE}')
                   OR (b.state = '{State.PENDING}' AND b.hold IN
                       ('{HoldRule.REKEYED}', '{HoldRule.IDENTITIES_CHANGED}')))
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
        SELECT sourced_id, id FROM (
            SELECT unnest(sourced_ids) AS sourced_id, id FROM one_fresh JOIN one_gone USING (value)
        ) WHERE (sourced_id, id) NOT IN (
            SELECT (sourced_id, id) FROM awaiting_users
            WHERE answer = '{Answer.KEPT}' AND id IS NOT NULL)
        """
    )
    connection.execute(
        f"""
        INSERT INTO unclear
        SELECT DISTINCT c.sourced_id FROM candidate_users c
        JOIN rekeyed k ON k.sourced_id = c.sourced_id AND c.id IS NULL
        JOIN base_users b ON b.id = k.id AND b.state NOT IN {LEFT}
        WHERE NOT {_agree("b", "c", match_with)} OR {plainly_other("b", "c")}
           OR {has_student_role("b")} <> {has_student_role("c")}
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


def _agree(before: str, after: str, match_with: MatchWith) -> str:
    """SQL for whether two rows have more in common than what they were matched with."""
    name = f"{full_name(before)} = {full_name(after)}"
    others = [
        f"lower({before}.{column}) = lower({after}.{column})"
        for column in IDENTIFYING
        if column != match_with
    ]
    return f"coalesce({' OR '.join([name, *others])}, false)"


def hold_unclear(connection: Connection) -> None:
    """Let the matches wait that may be another person: approving joins them, rejecting does not."""
    hold_changes(
        connection,
        Collection.USERS,
        f"SELECT sourced_id, '{HoldRule.IDENTITIES_CHANGED}' AS rule FROM unclear",
    )


def merge_staff(connection: Connection, group_id: str, seq: int) -> None:
    """Give staff rows of one person the same id: it is one person with several roles.

    They are one person if they have the same username, and the same name or the same identifier.
    Students and guardians are never merged, nor are two users that already exist, because one of
    them would be deleted. Rows that shared an id and no longer share the username separate again;
    the id stays with the row from which it was derived. ``fresh`` is the id of a new user made from
    a row (see ``assign_ids``).
    """
    parts = ("$group_id", f"'{Collection.USERS.entity}'", "sourced_id")
    own, again = record_id_sql(*parts), record_id_sql(*parts, "$seq")
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE member AS
        SELECT sourced_id, id, {own} AS own,
               CASE WHEN {own} IN (SELECT id FROM base_users) THEN {again} ELSE {own} END AS fresh,
               CASE WHEN {_IS_STAFF} AND username IS NOT NULL THEN 'name ' || lower(username)
                    || CASE WHEN {_ONE_IDENTIFIER} THEN '' ELSE '/' || {full_name()} END
                    ELSE 'row ' || sourced_id END AS person
        FROM candidate_users WHERE state <> '{State.DELETED}'
        WINDOW same AS (PARTITION BY {_IS_STAFF}, lower(username))
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
