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
    user keeps the last values, whatever the numbers of later runs; the row is proposed.
    """
    if not connection.count(
        f"""
        CREATE OR REPLACE TABLE renamed AS
        SELECT r.id, r.sourced_id, b.org_ids[1] AS place, {_COUNTED} AS fields,
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
    swapped = " OR ".join(
        f"({name} <> {name}_before AND place || '/' || {name} IN ("
        f"SELECT place || '/' || {name}_before FROM renamed WHERE {name} <> {name}_before))"
        for name in ("given", "family")
    )
    swapped += (
        " OR (username <> username_before AND username IN "
        "(SELECT username_before FROM renamed WHERE username IS DISTINCT FROM username_before))"
    )
    connection.execute(f"DELETE FROM renamed WHERE fields < 2 AND ({swapped}) IS NOT TRUE")
    changed = connection.count("SELECT count(DISTINCT id) FROM renamed")
    if not changed:
        return
    known = connection.count(f"SELECT count(DISTINCT id) FROM base_users WHERE state NOT IN {LEFT}")
    if not guard.too_many_changed(changed, known, settings):
        counted = f"""
            SELECT place, any_value(r.changed) AS changed, count(DISTINCT id) AS known
            FROM (SELECT id, unnest(org_ids) AS place FROM base_users WHERE state NOT IN {LEFT})
            JOIN (SELECT place, count(DISTINCT id) AS changed FROM renamed GROUP BY place) r
            USING (place) GROUP BY place
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
