"""Records that have left, and how long the roster's table keeps them.

The table lets go of them by itself, by the moment that was written with each. The plan knows the
same moments: they follow from when a record left and from the group's retention.
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
    """Take out of the base what has had its time by ``now`` under the base's ``retention``.

    Returns whether there was any, so that the snapshot does not keep it either.
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
    """Make ``new_end_…``: the ids of records that have left and are now kept for another time.

    Without a ``before`` nobody knows what was written with them: each is given its end anew.
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
    # A member of staff who is still there has parted with a role only.
    return (
        connection.count(
            f"CREATE TABLE {table('new_end', collection)} AS SELECT id FROM {result} "
            f"WHERE {_LEFT_SO} AND id NOT IN (SELECT id FROM {result} WHERE state NOT IN {LEFT})",
            [_spelled(moved)],
        )
        > 0
    )


def _departures(connection: Connection, name: str) -> list[tuple[Left, str]]:
    """How and when the records of a table have left: as many rows as runs that deleted."""
    return connection.execute(
        f"SELECT DISTINCT state, since FROM {name} WHERE state IN {LEFT} AND since IS NOT NULL"
    ).fetchall()


_LEFT_SO = "state || ' ' || since IN (SELECT unnest(?::VARCHAR[]))"


def _spelled(departures: list[tuple[Left, str]]) -> list[str]:
    """Departures as ``_LEFT_SO`` takes them."""
    return [f"{state} {since}" for state, since in departures]


def _has_ended(until: datetime | None, now: datetime) -> bool:
    return until is not None and until <= now


def _differs(before: Retention, after: Retention, left: Left, since: str) -> bool:
    moment = datetime.fromisoformat(since)
    return before.until(left, moment) != after.until(left, moment)
