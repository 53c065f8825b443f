"""Finds absent records that other rows of the same delivery name: contradicted is not gone.

A user whose enrollment was delivered, a class that enrollments name or an org that users name is
there, whatever its own list lacks. Many of them show that the list is not complete. Explicit
deletions (``tobedeleted``) are no absences, and are believed.
"""

from dataclasses import dataclass

from shared.domain.roster.collection import Collection
from shared.planning.columns import stripped, table
from shared.planning.duckdb_connection import Connection
from shared.planning.record_exceptions import ids_left_out
from shared.planning.standing import LEFT, State, Why
from shared.planning.statuses import says_gone

MANY, MANY_PERCENT = 3, 5
"""From how many contradicted records on, and above what share of the known ones, a collection is
not complete. Half of the absent ones is enough, too."""

_NAMED_BY: dict[Collection, tuple[tuple[Collection, str], ...]] = {
    Collection.ORGS: (
        (Collection.COURSES, "org"),
        (Collection.CLASSES, "school"),
        (Collection.USERS, "unnest(list_transform(roles, lambda r: r.org))"),
    ),
    Collection.ACADEMIC_SESSIONS: (
        (Collection.COURSES, "school_year"),
        (Collection.CLASSES, "unnest(terms)"),
    ),
    Collection.COURSES: ((Collection.CLASSES, "course"),),
    Collection.CLASSES: ((Collection.ENROLLMENTS, '"class"'),),
    Collection.USERS: ((Collection.ENROLLMENTS, '"user"'),),
}
"""Which rows name the records of a collection, and in which column."""


@dataclass(frozen=True)
class Contradicted:
    """The contradicted records of a collection.

    ``records``: how many there are.
    ``absent``: how many records are absent, these among them.
    ``many``: whether they show that the collection is not complete.
    """

    records: int
    absent: int
    many: bool


def find_contradicted(
    connection: Connection, collection: Collection, *, proven: bool
) -> Contradicted | None:
    """Report the contradicted records, and add them to ``present_…``; None if there are none.

    :param proven: whether an absence counts; otherwise only what was seen gone earlier does.
    """
    if collection not in _NAMED_BY:
        return None
    absent, staged = table("contradicted", collection), table("staged", collection)
    gone = f"b.state = '{State.PENDING}' AND b.why = '{Why.GONE}'"
    missing = connection.count(
        f"""
        CREATE TEMP TABLE {absent} AS
        SELECT b.sourced_id FROM {table("base", collection)} b
        WHERE b.state NOT IN {LEFT} AND b.sourced_id IS NOT NULL
          AND b.why IS DISTINCT FROM '{Why.TO_BE_DELETED}' AND ({"true" if proven else gone})
          AND b.sourced_id NOT IN (
              SELECT {stripped("sourced_id")} FROM {staged} WHERE sourced_id IS NOT NULL)
          AND b.id NOT IN {ids_left_out(collection)}
        """
    )
    if not missing:
        return None
    # A list is unnested first, and its values are compared as any other.
    naming = " UNION ALL ".join(
        f"SELECT '{by}' AS naming, {stripped('key')} AS key FROM ("
        f"SELECT {column} AS key FROM {table('staged', by)} "
        f"WHERE broken IS NULL AND NOT coalesce({says_gone(by)}, false))"
        for by, column in _NAMED_BY[collection]
    )
    named = connection.count(
        f"""
        CREATE TEMP TABLE {table("naming", collection)} AS
        SELECT sourced_id, string_agg(naming || ': ' || rows, ', ' ORDER BY naming) AS found
        FROM (SELECT a.sourced_id, n.naming, count(*) AS rows
              FROM {absent} a JOIN ({naming}) n ON n.key = a.sourced_id GROUP BY ALL)
        GROUP BY sourced_id
        """
    )
    if not named:
        return None
    connection.execute(
        f"INSERT INTO {table('present', collection)} BY NAME "
        f"SELECT sourced_id FROM {table('naming', collection)}"
    )
    connection.execute(
        f"INSERT INTO findings BY NAME SELECT '{collection}' AS collection, 'warning' AS severity, "
        "'contradicted' AS code, 'kept as before' AS consequence, sourced_id, "
        f"'sourcedId' AS field, found FROM {table('naming', collection)}"
    )
    known = connection.count(
        f"SELECT count(*) FROM {table('base', collection)} WHERE state NOT IN {LEFT}"
    )
    many = named >= MANY and (100 * named > MANY_PERCENT * known or 2 * named >= missing)
    return Contradicted(named, missing, many)
