"""Lists what waits for a person, and what a person has kept: deletions, changes and new records."""

from shared.domain.roster.change import Action
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT, Answer, State

_COLUMNS = (
    "entity VARCHAR, key VARCHAR, id VARCHAR, sourced_id VARCHAR, school VARCHAR, class VARCHAR, "
    "rule VARCHAR, why VARCHAR, action VARCHAR, kept BOOLEAN"
)
_CLASS = {Collection.CLASSES: "r.sourced_id", Collection.ENROLLMENTS: 'r."class"'}


def list_waiting(connection: Connection, name: str, rows: str, proposals: str) -> None:
    """Make the table ``name``: each record once that waits or was kept, without personal data.

    ``key`` names a record even if it has no id yet. ``action`` is what approving does: ``delete``,
    ``update`` or ``create``. ``kept`` tells what a person has rejected.

    :param rows: the kind of tables with the roster: ``base`` or ``result``.
    :param proposals: the kind of tables with what was proposed: ``awaiting`` or ``proposed``.
    """
    connection.execute(f"CREATE OR REPLACE TABLE {name} ({_COLUMNS})")
    for collection in Collection:
        roster, proposed = table(rows, collection), table(proposals, collection)
        own = f"{_CLASS.get(collection, 'NULL')} AS class"
        here = f"SELECT id FROM {roster} WHERE state NOT IN {LEFT}"
        connection.execute(
            f"""
            INSERT INTO {name}
            SELECT '{collection.entity}', key, any_value(id), min(sourced_id), min(school),
                   min(class), min(rule) FILTER (NOT kept), min(why), min(action), bool_and(kept)
            FROM (
                SELECT r.id AS key, r.id, r.sourced_id, {school_sql(collection, rows)} AS school,
                       {own}, nullif(r.hold, '{Answer.KEPT}') AS rule, r.why,
                       CASE WHEN r.state = '{State.PENDING}' THEN '{Action.DELETE}'
                            ELSE '{Action.UPDATE}' END AS action,
                       r.hold = '{Answer.KEPT}' AS kept
                FROM {roster} r
                WHERE r.hold IS NOT NULL AND r.hold <> '{Answer.ALLOWED}' AND r.state NOT IN {LEFT}
                UNION ALL
                SELECT coalesce(r.id, r.sourced_id), r.id, r.sourced_id,
                       {_proposed_school(collection, rows, proposals)}, {own}, r.rule, NULL,
                       CASE WHEN r.id IN ({here}) THEN '{Action.UPDATE}' ELSE '{Action.CREATE}' END,
                       r.answer IS NOT NULL
                FROM {proposed} r
            ) GROUP BY key
            """
        )


def school_sql(collection: Collection, rows: str) -> str:
    """SQL for the sourcedId of the school of a roster's row ``r``."""
    return {
        Collection.ORGS: "r.sourced_id",
        Collection.ACADEMIC_SESSIONS: "NULL",
        Collection.COURSES: "r.org",
        Collection.CLASSES: "r.school",
        Collection.USERS: "r.roles[1].org",
        Collection.ENROLLMENTS: f"(SELECT o.sourced_id FROM {table(rows, Collection.ORGS)} o "
        "WHERE o.id = r.school_id)",
    }[collection]


def _proposed_school(collection: Collection, rows: str, proposals: str) -> str:
    if collection is not Collection.ENROLLMENTS:
        return school_sql(collection, rows)
    classes = (
        f"(SELECT sourced_id, school FROM {table(rows, Collection.CLASSES)} "
        f"UNION SELECT sourced_id, school FROM {table(proposals, Collection.CLASSES)})"
    )
    return f'(SELECT min(c.school) FROM {classes} c WHERE c.sourced_id = r."class")'
