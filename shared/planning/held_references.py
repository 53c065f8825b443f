"""Lets what refers to a new record that waits wait with it."""

from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_changes, waiting_new
from shared.planning.standing import Origin

_DELIVERED = f"r.origin IN ('{Origin.PARSED}', '{Origin.SAME}')"
_NEEDED = {
    Collection.CLASSES: (("school_id", Collection.ORGS),),
    Collection.USERS: (("org_ids", Collection.ORGS),),
    Collection.ENROLLMENTS: (("class_id", Collection.CLASSES), ("user_id", Collection.USERS)),
}
"""What a record cannot be without: a class its school, a user the orgs of its roles."""
_OPTIONAL = {
    Collection.ORGS: (("parent_id", Collection.ORGS),),
    Collection.ACADEMIC_SESSIONS: (("parent_id", Collection.ACADEMIC_SESSIONS),),
    Collection.COURSES: (
        ("org_id", Collection.ORGS),
        ("school_year_id", Collection.ACADEMIC_SESSIONS),
    ),
    Collection.CLASSES: (
        ("course_id", Collection.COURSES),
        ("term_ids", Collection.ACADEMIC_SESSIONS),
    ),
    Collection.USERS: (("primary_org_id", Collection.ORGS), ("agent_ids", Collection.USERS)),
}
"""What a record can be without until it is there; the decision's run resolves it."""


def hold_what_refers(connection: Connection) -> None:
    """Hold the delivered records that need one that waits, in the order of references.

    A class waits with its school, a user with the org of a role, an enrollment with its class or
    user. Any other reference to a record that waits is left out until it is there.
    """
    if not any(
        connection.count(f"SELECT count(*) FROM {table('proposed', collection)}")
        for collection in Collection
    ):
        return
    for collection in Collection:
        result = table("result", collection)
        for column, target in _NEEDED.get(collection, ()):
            waits = _refers(result, column, target)
            hold_changes(
                connection,
                collection,
                f"SELECT r.sourced_id, '{HoldRule.WITH_HELD}' AS rule FROM {result} r "
                f"WHERE {_DELIVERED} AND {waits}",
            )
        for column, target in _OPTIONAL.get(collection, ()):
            _leave_out(connection, result, column, target)


def _leave_out(connection: Connection, result: str, column: str, target: Collection) -> None:
    if not column.endswith("s"):
        connection.execute(
            f"UPDATE {result} r SET {column} = NULL WHERE {_refers(result, column, target)}"
        )
        return
    connection.execute(
        f"UPDATE {result} r SET {column} = rest.ids FROM ("
        f"SELECT i.sourced_id, coalesce(list(item ORDER BY place) FILTER (w.id IS NULL), []) ids "
        f"FROM ({_items(result, column)}) i LEFT JOIN {waiting_new(target)} w ON w.id = i.item "
        "GROUP BY i.sourced_id HAVING count(w.id) > 0) rest "
        "WHERE r.sourced_id = rest.sourced_id"
    )


def _items(result: str, column: str) -> str:
    return (
        f"SELECT sourced_id, unnest({column}) AS item, generate_subscripts({column}, 1) AS place "
        f"FROM {result}"
    )


def _refers(result: str, column: str, target: Collection) -> str:
    """SQL for whether a column of ``r`` has the id of a new record that waits."""
    waiting = waiting_new(target)
    if column.endswith("s"):
        items = _items(result, column)
        return f"r.sourced_id IN (SELECT sourced_id FROM ({items}) WHERE item IN {waiting})"
    return f"r.{column} IN {waiting}"
