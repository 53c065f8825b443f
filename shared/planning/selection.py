"""Selects what of a hold a person has decided on, with everything that hangs on it."""

from shared.domain.group.guard import HoldRule
from shared.domain.group.hold import Selection
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.waiting import list_waiting


def select_decided(connection: Connection, decision: Selection) -> None:
    """Make ``decided``: entity and key of each record that a decision is about.

    Several selectors narrow each other; none of them means everything. What waits with a selected
    record (``with_held``) is decided with it: a school's classes and users, and their enrollments.
    What names no class or user any more is not found by it.
    """
    list_waiting(connection, "undecided", "base", "awaiting")
    conditions, given = ["kept = $kept"], {"kept": decision.of_kept}
    parameters: dict[str, object] = dict(given)
    if decision.schools is not None:
        conditions.append("school IN (SELECT unnest($schools::VARCHAR[]))")
        parameters["schools"] = list(decision.schools)
    if decision.rules is not None:
        conditions.append("rule IN (SELECT unnest($rules::VARCHAR[]))")
        parameters["rules"] = list(decision.rules)
    if decision.records is not None:
        conditions.append(
            "EXISTS (SELECT 1 FROM (SELECT unnest($records::VARCHAR[]) AS named) "
            "WHERE named IN (entity || '/' || sourced_id, entity || '/' || id))"
        )
        parameters["records"] = [record.named for record in decision.records]
    connection.execute(
        "CREATE TABLE decided AS SELECT entity, key, sourced_id FROM undecided "
        f"WHERE {' AND '.join(conditions)}",
        parameters,
    )
    if decision.whole:
        return
    orgs, classes, users = (c.entity for c in (_ORGS, _CLASSES, _USERS))
    hangs = f"kept = $kept AND (rule = '{HoldRule.WITH_HELD}' OR kept)"
    decided = f"SELECT sourced_id FROM decided WHERE entity = '{orgs}'"
    for entity in (classes, users):
        connection.execute(
            "INSERT INTO decided SELECT entity, key, sourced_id FROM undecided u "
            f"WHERE {hangs} AND entity = '{entity}' AND (school IN ({decided}) "
            f"OR (entity = '{users}' AND key IN (SELECT id FROM ("
            f"SELECT id, unnest(list_transform(roles, lambda each: each.org)) AS org "
            f"FROM base_users) WHERE org IN ({decided})))) "
            "AND (entity, key) NOT IN (SELECT (entity, key) FROM decided)",
            given,
        )
    member = " UNION ".join(
        f'SELECT coalesce(id, sourced_id) AS key, "class", "user" FROM {table(kind, _ENROLLMENTS)}'
        for kind in ("base", "awaiting")
    )
    connection.execute(
        "INSERT INTO decided SELECT u.entity, u.key, u.sourced_id FROM undecided u "
        f"JOIN ({member}) m ON m.key = u.key "
        f"WHERE {hangs} AND u.entity = '{_ENROLLMENTS.entity}' AND ("
        f"m.\"class\" IN (SELECT sourced_id FROM decided WHERE entity = '{classes}') OR "
        f"m.\"user\" IN (SELECT sourced_id FROM decided WHERE entity = '{users}')) "
        "AND (u.entity, u.key) NOT IN (SELECT (entity, key) FROM decided)",
        given,
    )


def decided_of(collection: Collection) -> str:
    """SQL for the keys of a collection's records that a person has decided on."""
    return f"(SELECT key FROM decided WHERE entity = '{collection.entity}')"


_ORGS, _CLASSES, _USERS, _ENROLLMENTS = (
    Collection.ORGS,
    Collection.CLASSES,
    Collection.USERS,
    Collection.ENROLLMENTS,
)
