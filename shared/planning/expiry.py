"""Records that have left, and how long the roster's table keeps them.

The table lets go of them by itself, by the moment that was written with each. The plan knows the
same moments: they follow from when a record left and from the group's retention.
"""

from datetime import datetime

from shared.domain.collection import Collection
from shared.domain.retention import Left, Retention
from shared.planning.candidates import LEFT
from shared.planning.columns import table
from shared.planning.connection import Connection


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
    return bool(_rows_of(connection, base, expired, "DELETE FROM {table} WHERE {condition}"))


def find_new_ends(
    connection: Connection, collection: Collection, before: Retention | None, after: Retention
) -> bool:
    """Make ``new_end_…``: the ids of records that have left and are now kept for another time.

    Without a ``before`` nobody knows what was written with them: each is given its end anew.
    Returns whether there are any; without, no table is made.
    """
    result = table("result", collection)
    moved = [
        (state, since)
        for state, since in (_departures(connection, result) if before != after else [])
        if before is None or _differs(before, after, state, since)
    ]
    if not moved:
        return False
    name = table("new_end", collection)
    connection.execute(f"CREATE TABLE {name} (id VARCHAR)")
    _rows_of(
        connection,
        result,
        moved,
        f"INSERT INTO {name} SELECT id FROM {{table}} WHERE {{condition}} "
        # A member of staff who is still there has parted with a role only.
        f"AND id NOT IN (SELECT id FROM {result} WHERE state NOT IN {LEFT})",
    )
    return True


def _departures(connection: Connection, name: str) -> list[tuple[Left, str]]:
    """How and when the records of a table have left: as many rows as runs that deleted."""
    return connection.execute(
        f"SELECT DISTINCT state, since FROM {name} WHERE state IN {LEFT} AND since IS NOT NULL"
    ).fetchall()


def _rows_of(
    connection: Connection, name: str, departures: list[tuple[Left, str]], statement: str
) -> int:
    """Carry a statement out on the rows that left in these ways; returns how many there were."""
    if not departures:
        return 0
    keys = [f"{state} {since}" for state, since in departures]
    condition = "state || ' ' || since IN (SELECT unnest(?::VARCHAR[]))"
    [(rows,)] = connection.execute(
        statement.format(table=name, condition=condition), [keys]
    ).fetchall()
    return int(rows)


def _has_ended(until: datetime | None, now: datetime) -> bool:
    return until is not None and until <= now


def _differs(before: Retention, after: Retention, left: Left, since: str) -> bool:
    moment = datetime.fromisoformat(since)
    return before.until(left, moment) != after.until(left, moment)
