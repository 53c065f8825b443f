"""Changes of earlier runs that may or may not have reached the roster."""

from pathlib import Path

from shared.domain.errors import GiveUpError
from shared.domain.roster.change import Action
from shared.domain.roster.collection import Collection
from shared.domain.run.newer_version import newer_version
from shared.planning.columns import ROW_COLUMNS, table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import State


def load_dirty(connection: Connection, file: Path | None) -> frozenset[Collection]:
    """Make ``dirty``: records that earlier runs planned to write and may or may not have written.

    Returns the collections that have any.

    :raises GiveUpError: a newer version planned something that is unknown here.
    """
    connection.execute(
        "CREATE TABLE dirty (position BIGINT, collection VARCHAR, id VARCHAR, action VARCHAR, "
        "rows JSON, "
        "login STRUCT(take VARCHAR, release VARCHAR[]))"
    )
    if file is not None:
        connection.execute(
            "INSERT INTO dirty SELECT row_number() OVER (), collection, id, action, rows, login "
            f"FROM read_json('{file}', format = 'newline_delimited', columns = {{"
            "'collection': 'VARCHAR', 'id': 'VARCHAR', 'action': 'VARCHAR', 'rows': 'JSON', "
            "'login': 'STRUCT(take VARCHAR, release VARCHAR[])'}, maximum_object_size = 67108864)"
        )
    found = connection.execute("SELECT DISTINCT collection, action FROM dirty").fetchall()
    if any(name not in set(Collection) or action not in set(Action) for name, action in found):
        raise GiveUpError(newer_version("What an earlier run of this group has begun to write"))
    return frozenset(Collection(name) for name, _ in found)


def merge_dirty(connection: Connection, collection: Collection, since: str) -> None:
    """Make dirty records of the base uncertain: they lose their fingerprint.

    A record that only a dirty change knows is added to the base: it may be in the roster, and must
    not be forgotten if the source no longer has it. If it was separated from a record with several
    sourcedIds, it takes its sourcedId over. A record whose last change was to leave has left,
    ``since`` this run, unless it is delivered again: a decided deletion is carried out.
    """
    base = table("base", collection)
    shape = ", ".join(f'"{n}":"{k}"' for n, k in ROW_COLUMNS[collection].items())
    connection.execute(
        f"""
        INSERT INTO {base} BY NAME
        SELECT id, '{State.CURRENT}' AS state, true AS fresh, unnest(record)
        FROM (
            SELECT id, unnest(from_json(rows, '[{{{shape}}}]')) AS record
            FROM dirty
            WHERE collection = ? AND id NOT IN (SELECT id FROM {base})
            QUALIFY position = max(position) OVER (PARTITION BY id)
        )
        """,
        [collection.value],
    )
    if collection is not Collection.ENROLLMENTS:
        connection.execute(
            f"DELETE FROM {base} WHERE NOT fresh "
            "AND id IN (SELECT id FROM dirty WHERE collection = ?) "
            f"AND sourced_id IN (SELECT sourced_id FROM {base} WHERE fresh)",
            [collection.value],
        )
    connection.execute(
        f"UPDATE {base} SET fingerprint = NULL "
        "WHERE id IN (SELECT id FROM dirty WHERE collection = ?)",
        [collection.value],
    )
    connection.execute(
        f"""
        UPDATE {base} SET state = d.state, since = ?, hold = NULL
        FROM (SELECT id, CASE action WHEN '{Action.DELETE}' THEN '{State.DELETED}'
                                     ELSE '{State.ENDED}' END AS state
              FROM (SELECT * FROM dirty WHERE collection = ?
                    QUALIFY position = max(position) OVER (PARTITION BY id))
              WHERE action IN ('{Action.DELETE}', '{Action.END}')) d
        WHERE {base}.id = d.id AND {base}.state <> d.state
        """,
        [since, collection.value],
    )
    connection.execute(
        f"""
        UPDATE {base} SET state = '{State.CURRENT}', since = NULL
        FROM (SELECT * FROM dirty WHERE collection = ?
              QUALIFY position = max(position) OVER (PARTITION BY id)) d
        WHERE {base}.id = d.id AND d.action NOT IN ('{Action.DELETE}', '{Action.END}')
          AND {base}.state IN ('{State.DELETED}', '{State.ENDED}')
        """,
        [collection.value],
    )
