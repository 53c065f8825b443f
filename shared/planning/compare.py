"""Compares what the roster should hold with what it holds: the changes, and their counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from shared.domain.roster.change import Action
from shared.domain.roster.collection import Collection
from shared.domain.run.counts import EntityCounts
from shared.planning.columns import (
    ROW_COLUMNS,
    SNAPSHOT_COLUMNS,
    definition,
    names,
    struct,
    table,
)
from shared.planning.duckdb_connection import Connection
from shared.planning.login_names import make_claims
from shared.planning.references import REFERENCES
from shared.planning.standing import LEFT, State

_CHANGE = {"id": "VARCHAR", "current": "BOOLEAN", "here": "BOOLEAN", "was_here": "BOOLEAN",
           "was_ended": "BOOLEAN", "action": "VARCHAR"}  # fmt: skip
LINES_AT_A_TIME, LINES_AT_ONCE = 2000, 50_000


def find_changes(
    connection: Connection,
    collection: Collection,
    *,
    differs: bool,
    everything: bool,
    dirty: bool,
    new_ends: bool,
) -> int:
    """Make ``change_…``: id and action of each record that must be written; returns their number.

    These are records that are new, different, leaving, dirty, or have a new expiry date. A user may
    have several rows; a change in one of them changes the user, who leaves with the last of them.

    :param differs: whether any record differs from the base.
    :param everything: whether all records must be written.
    :param dirty: whether there are dirty records.
    :param new_ends: whether there are new expiry dates.
    """
    if not (differs or everything or dirty or new_ends):
        connection.execute(f"CREATE TABLE {table('change', collection)} ({definition(_CHANGE)})")
        return 0
    compared = _compared_columns(collection)
    result, base = table("result", collection), table("base", collection)
    same_row = " AND b.sourced_id = r.sourced_id" if collection is Collection.USERS else ""
    rekeyed = "r.id IN (SELECT id FROM rekeyed)" if collection is Collection.USERS else "false"
    left = (
        f"UNION SELECT id FROM {base} b WHERE NOT EXISTS "
        f"(SELECT 1 FROM {result} r WHERE r.id = b.id{same_row})"
        if collection is Collection.USERS
        else ""
    )
    others = left
    if dirty:
        others += f" UNION SELECT id FROM dirty WHERE collection = '{collection.value}'"
    if new_ends:
        others += f" UNION SELECT id FROM {table('new_end', collection)}"
    if everything:
        others += f" UNION SELECT id FROM {result} WHERE state NOT IN {LEFT}"
    return connection.count(
        f"""
        CREATE TABLE {table("change", collection)} AS
        WITH touched AS (
            SELECT r.id FROM {result} r LEFT JOIN {base} b ON b.id = r.id{same_row}
            WHERE b.id IS NULL OR {_phase("b")} <> {_phase("r")} OR {_values(compared, "b")}
                  IS DISTINCT FROM {_values(compared, "r")}
            {others}
        ),
        before AS (
            SELECT id, bool_or(state NOT IN {LEFT}) AS here,
                   bool_or(state = '{State.ENDED}') AS ended, bool_or(NOT fresh) AS known
            FROM {base} GROUP BY id
        ),
        after AS (
            SELECT id, bool_or(state = '{State.CURRENT}') AS current,
                   bool_or(state NOT IN {LEFT}) AS here, bool_or(state = '{State.ENDED}') AS ended
            FROM {result} WHERE id IN (SELECT id FROM touched) GROUP BY id
        )
        SELECT r.id, r.current, r.here,
               coalesce(b.here, false) AS was_here, coalesce(b.ended, false) AS was_ended,
               CASE WHEN NOT r.here AND r.ended THEN '{Action.END}'
                    WHEN NOT r.here THEN '{Action.DELETE}'
                    WHEN b.known IS NOT TRUE THEN '{Action.CREATE}'
                    WHEN NOT b.here THEN '{Action.RESTORE}'
                    WHEN {rekeyed} THEN '{Action.REKEY}' ELSE '{Action.UPDATE}' END AS action
        FROM after r LEFT JOIN before b USING (id)
        """
    )


def _phase(prefix: str) -> str:
    """SQL for how a record stands: it is there, or how and when it left."""
    left = f"concat_ws(' ', {prefix}.state, {prefix}.since)"
    return f"CASE WHEN {prefix}.state IN {LEFT} THEN {left} ELSE '' END"


def _values(columns: dict[str, str], prefix: str) -> str:
    """SQL for the compared values of a row, without the roles' own sourcedIds."""
    if "roles" not in columns:
        return struct(columns, prefix)
    rest = {name: kind for name, kind in columns.items() if name != "roles"}
    roles = (
        f"list_transform({prefix}.roles, lambda r: {{'role': r.role, 'role_type': r.role_type, "
        "'org': r.org, 'begin_date': r.begin_date, 'end_date': r.end_date})"
    )
    return f"{{'values': {struct(rest, prefix)}, 'roles': {roles}}}"


def _compared_columns(collection: Collection) -> dict[str, str]:
    """The compared columns: a record's values and the ids it refers to, without sourcedIds.

    An enrollment's own sourcedId is not compared.
    """
    references = {reference.column for reference in REFERENCES.get(collection, ())} - {"roles"}
    if collection is Collection.ENROLLMENTS:
        references = {"sourced_id", "class", "user", "school"}
    return {n: k for n, k in ROW_COLUMNS[collection].items() if n not in references}


@dataclass(frozen=True)
class Comparison:
    """What becomes of a collection.

    ``counts``: its counts, as the run shows them.
    ``pending``: how many records seem to be gone and are still here.
    ``rows``: how many rows the snapshot has.
    """

    counts: EntityCounts
    pending: int
    rows: int


def count(
    connection: Connection, collection: Collection, changes: int, left_out: int
) -> Comparison:
    """Count what becomes of a collection's records; each that is in the roster counts once.

    ``waiting`` says what waits for a person and what was kept.

    :param changes: how many records are written.
    :param left_out: how many were left out by an exception.
    """
    change, result = table("change", collection), table("result", collection)
    waiting = f"(SELECT id FROM waiting WHERE entity = '{collection.entity}' AND id IS NOT NULL)"
    actions: dict[str, int] = {}
    if changes:
        actions = dict(
            connection.execute(
                f"SELECT action, count(*) FROM {change} WHERE (current AND id NOT IN {waiting}) "
                f"OR (action = '{Action.DELETE}' AND (was_here OR was_ended)) "
                f"OR (action = '{Action.END}' AND was_here) GROUP BY action"
            ).fetchall()
        )
    [(rows, here, pending)] = connection.execute(
        f"SELECT count(*), count(DISTINCT id) FILTER (state NOT IN {LEFT}), "
        f"count(DISTINCT id) FILTER (state = '{State.PENDING}') FROM {result}"
    ).fetchall()
    [(held, kept, held_new, kept_new)] = connection.execute(
        f"SELECT count(*) FILTER (NOT kept AND action <> '{Action.CREATE}'), "
        f"count(*) FILTER (kept AND action <> '{Action.CREATE}'), "
        f"count(*) FILTER (NOT kept AND action = '{Action.CREATE}'), "
        f"count(*) FILTER (kept AND action = '{Action.CREATE}') "
        f"FROM waiting WHERE entity = '{collection.entity}'"
    ).fetchall()
    rejected = connection.count(f"SELECT count(DISTINCT row) FROM {table('rejected', collection)}")
    left = actions.get(Action.DELETE, 0) + actions.get(Action.END, 0)
    counts = EntityCounts(
        created=actions.get(Action.CREATE, 0),
        updated=actions.get(Action.UPDATE, 0),
        deleted=actions.get(Action.DELETE, 0),
        restored=actions.get(Action.RESTORE, 0),
        ended=actions.get(Action.END, 0),
        rekeyed=actions.get(Action.REKEY, 0),
        unchanged=here - held - kept - (sum(actions.values()) - left),
        rejected=rejected,
        held=held,
        kept=kept,
        held_new=held_new,
        kept_new=kept_new,
        left_out=left_out,
    )
    return Comparison(counts, pending, rows)


def change_lines(connection: Connection, collection: Collection) -> Iterator[str]:
    """Yield the lines of the change file (``domain.change.Change`` as JSON), in the order of ids.

    Ids are hashes: their order spreads the writes evenly over the roster's partitions.
    """
    row = struct(dict(ROW_COLUMNS[collection]), "r")
    change, result = table("change", collection), table("result", collection)
    changes = connection.count(f"SELECT count(*) FROM {change}")
    if not changes:
        return
    # A user who is still there consists of the rows that are still there.
    there = f"(NOT c.here OR r.state NOT IN {LEFT})"
    leaves = f"c.action IN ('{Action.DELETE}', '{Action.END}')"
    if collection is Collection.USERS:
        # A user may have several rows. Grouping holds all of them in memory.
        make_claims(connection)
        query = (
            f"SELECT to_json({{'collection': '{collection}', 'id': c.id, "
            f"'action': any_value(c.action), 'rows': list({row} ORDER BY r.sourced_id), "
            f"'login': any_value(l.login), 'since': CASE WHEN any_value({leaves}) "
            f"THEN max(r.since) END}}) FROM {change} c JOIN {result} r ON r.id = c.id "
            f"LEFT JOIN login l ON l.id = c.id WHERE starts_with(c.id, $first) AND {there} "
            "GROUP BY c.id ORDER BY c.id"
        )
    else:
        query = (
            f"SELECT to_json({{'collection': '{collection}', 'id': c.id, 'action': c.action, "
            f"'rows': [{row}], 'login': NULL, "
            f"'since': CASE WHEN {leaves} THEN r.since END}}) "
            f"FROM {change} c JOIN {result} r ON r.id = c.id "
            "WHERE starts_with(c.id, $first) ORDER BY c.id"
        )
    # DuckDB holds a whole result in memory, so fetch it in parts: by the first digit of the ids.
    for first in "0123456789abcdef" if changes > LINES_AT_ONCE else [""]:
        rows = connection.cursor().execute(query, {"first": first})
        for chunk in iter(partial(rows.fetchmany, LINES_AT_A_TIME), []):
            for (line,) in chunk:
                yield line


def differs_from_base(connection: Connection, collection: Collection) -> bool:
    """Whether the snapshot of a collection must be written again."""
    columns = names(SNAPSHOT_COLUMNS[collection])
    after = f"SELECT {columns} FROM {table('result', collection)}"
    before = f"SELECT {columns} FROM {table('base', collection)} WHERE NOT fresh"
    return any(
        connection.count(f"SELECT EXISTS ({one} EXCEPT {other})")
        for one, other in ((after, before), (before, after))
    )
