"""Holds users that seem to have become other people: a mistake would give a child another's name.

It happens when one column of a spreadsheet is sorted, or slips by a row.
"""

from functools import partial

from shared.domain.group import guard
from shared.domain.group.guard import GuardSettings, HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.counted_places import places_where
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_changes
from shared.planning.same_person import plainly_other
from shared.planning.standing import LEFT, Answer, Origin, State

_IDENTITY = ("given_name", "family_name", "username", "email", "identifier")
_COUNTED = " + ".join(
    f"(lower(r.{name}) IS DISTINCT FROM lower(b.{name}))::INTEGER" for name in _IDENTITY
)


def hold_changed_identities(connection: Connection, settings: GuardSettings) -> None:
    """Hold changes that make too many users of a school or group somebody else.

    A user counts if two or more of name, username, e-mail and identifier change, or if the new
    given or family name is one that another user of the school has lost in the same run, or the
    new username one that another user of the group has lost. One whose names and identifying
    values are all others is plainly another person, and waits whatever the numbers are. A held
    user keeps the last values, whatever the numbers of later runs; the row is proposed. Where too
    many are others, whoever got the name of somebody else in the group waits with them: it is the
    same mistake.
    """
    if not connection.count(
        f"""
        CREATE OR REPLACE TABLE renamed AS
        SELECT r.id, r.sourced_id, b.org_ids[1] AS place, {_COUNTED} AS fields, false AS counts,
               b.hold IS NOT DISTINCT FROM '{HoldRule.IDENTITIES_CHANGED}'
                   OR {plainly_other("b", "r")} AS waits,
               r.given_name AS given, b.given_name AS given_before,
               r.family_name AS family, b.family_name AS family_before,
               lower(r.username) AS username, lower(b.username) AS username_before
        FROM result_users r JOIN base_users b ON b.id = r.id AND b.sourced_id = r.sourced_id
        WHERE r.state = '{State.CURRENT}' AND r.origin = '{Origin.PARSED}' AND b.state NOT IN {LEFT}
          AND b.hold IS DISTINCT FROM '{Answer.ALLOWED}'
        """
    ):
        return
    in_school = " OR ".join(
        [_taken_over("given", "place || '/' || "), _taken_over("family", "place || '/' || ")]
    )
    in_group = " OR ".join(_taken_over(name) for name in ("given", "family"))
    username = _taken_over("username")
    connection.execute(
        f"UPDATE renamed SET counts = true WHERE fields >= 2 OR {in_school} OR {username}"
    )
    connection.execute(f"DELETE FROM renamed WHERE NOT counts AND ({in_group}) IS NOT TRUE")
    changed = connection.count("SELECT count(DISTINCT id) FROM renamed WHERE counts")
    if not changed:
        return
    known = connection.count(f"SELECT count(DISTINCT id) FROM base_users WHERE state NOT IN {LEFT}")
    if not guard.too_many_changed(changed, known, settings):
        counted = f"""
            SELECT place, any_value(r.changed) AS changed, count(DISTINCT id) AS known
            FROM (SELECT id, unnest(org_ids) AS place FROM base_users WHERE state NOT IN {LEFT})
            JOIN (SELECT place, count(DISTINCT id) AS changed FROM renamed WHERE counts GROUP BY 1)
                r USING (place)
            GROUP BY place
        """
        schools = places_where(connection, counted, partial(guard.too_many_changed, guard=settings))
        connection.execute(
            "DELETE FROM renamed WHERE NOT waits "
            "AND (place IS NULL OR place NOT IN (SELECT unnest(?::VARCHAR[])))",
            [schools],
        )
    hold_changes(
        connection,
        Collection.USERS,
        f"SELECT sourced_id, '{HoldRule.IDENTITIES_CHANGED}' AS rule FROM renamed",
    )


def _taken_over(name: str, within: str = "") -> str:
    """SQL for whether a user's new name is one that another user has lost.

    :param within: SQL that begins both names, so that only users of one place are compared.
    """
    changed = f"{name} IS DISTINCT FROM {name}_before"
    return (
        f"({changed} AND {within}{name} IN "
        f"(SELECT {within}{name}_before FROM renamed WHERE {changed}))"
    )
