"""Forgets records that have expired, and finds those whose expiry date changes.

The table removes records by itself, at the expiry date that was written with each. The plan knows
the same dates: they follow from when a record left and from the group's retention.
"""

from datetime import datetime

from shared.domain.group.retention import Left, Retention
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT


def forget_expired(
    connection: Connection, collection: Collection, retention: Retention, now: datetime
) -> bool:
    """Remove records from the base that have expired by ``now`` under the base's ``retention``.

    Returns whether there were any, so that the snapshot drops them, too.
    """
    base = table("base", collection)
    expired = [
        (state, since)
        for state, since in _departures(connection, base)
        if _has_ended(retention.until(state, datetime.fromisoformat(since)), now)
    ]
    if not expired:
        return False
    return connection.count(f"DELETE FROM {base} WHERE {_LEFT_SO}", [_spelled(expired)]) > 0


def find_new_ends(
    connection: Connection, collection: Collection, before: Retention | None, after: Retention
) -> bool:
    """Make ``new_end_…``: the ids of records that have left and whose expiry date changes.

    :param before: the retention of the base; None if unknown, and then every record gets a new
        date.
    :param after: the group's retention now.
    Returns whether there are any.
    """
    result = table("result", collection)
    moved = [
        (state, since)
        for state, since in (_departures(connection, result) if before != after else [])
        if before is None or _differs(before, after, state, since)
    ]
    if not moved:
        return False
    # A member of staff who is still there has only lost a role.
    return (
        connection.count(
            f"CREATE TABLE {table('new_end', collection)} AS SELECT id FROM {result} "
            f"WHERE {_LEFT_SO} AND id NOT IN (SELECT id FROM {result} WHERE state NOT IN {LEFT})",
            [_spelled(moved)],
        )
        > 0
    )


def _departures(connection: Connection, name: str) -> list[tuple[Left, str]]:
    """How and when a table's records left: one row for each run that deleted."""
    return connection.execute(
        f"SELECT DISTINCT state, since FROM {name} WHERE state IN {LEFT} AND since IS NOT NULL"
    ).fetchall()


_LEFT_SO = "state || ' ' || since IN (SELECT unnest(?::VARCHAR[]))"


def _spelled(departures: list[tuple[Left, str]]) -> list[str]:
    """Departures in the form that ``_LEFT_SO`` expects."""
    return [f"{state} {since}" for state, since in departures]


def _has_ended(until: datetime | None, now: datetime) -> bool:
    return until is not None and until <= now


def _differs(before: Retention, after: Retention, left: Left, since: str) -> bool:
    moment = datetime.fromisoformat(since)
    return before.until(left, moment) != after.until(left, moment)
