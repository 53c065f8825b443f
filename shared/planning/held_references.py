"""Lets what refers to a new record that waits wait with it."""

from collections.abc import Callable

from shared.domain.group.guard import HoldRule
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.proposals import hold_changes, waiting_new
from shared.planning.standing import DELIVERED, LEFT

_DELIVERED = f"r.origin IN {DELIVERED}"
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
            waits = _refers(result, column, waiting_new(target))
            hold_changes(
                connection,
                collection,
                f"SELECT r.sourced_id, '{HoldRule.WITH_HELD}' AS rule FROM {result} r "
                f"WHERE {_DELIVERED} AND {waits}",
            )
        drop_references(connection, collection, waiting_new)


def drop_references(
    connection: Connection, collection: Collection, ids: Callable[[Collection], str]
) -> None:
    """Drop the references that a collection's records can be without.

    :param ids: makes SQL for the ids, of a collection, that are not referred to any longer.
    """
    for column, target in _OPTIONAL.get(collection, ()):
        _drop(connection, table("result", collection), column, ids(target))


def _drop(connection: Connection, result: str, column: str, ids: str) -> None:
    if not column.endswith("s"):
        connection.execute(
            f"UPDATE {result} r SET {column} = NULL WHERE {_refers(result, column, ids)} "
            f"AND r.state NOT IN {LEFT}"
        )
        return
    connection.execute(
        f"UPDATE {result} r SET {column} = rest.ids FROM ("
        f"SELECT i.sourced_id, list(item ORDER BY place) FILTER (w.id IS NULL) AS ids "
        f"FROM ({_items(result, column)}) i LEFT JOIN {ids} w ON w.id = i.item "
        "GROUP BY i.sourced_id HAVING count(w.id) > 0) rest "
        f"WHERE r.sourced_id = rest.sourced_id AND r.state NOT IN {LEFT}"
    )


def _items(result: str, column: str) -> str:
    return (
        f"SELECT sourced_id, unnest({column}) AS item, generate_subscripts({column}, 1) AS place "
        f"FROM {result}"
    )


def _refers(result: str, column: str, ids: str) -> str:
    """SQL for whether a column of ``r`` has one of these ids."""
    if column.endswith("s"):
        items = _items(result, column)
        return f"r.sourced_id IN (SELECT sourced_id FROM ({items}) WHERE item IN {ids})"
    return f"r.{column} IN {ids}"
