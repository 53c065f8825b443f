"""The records that a REST source must be asked for once more before they count as gone."""

from dataclasses import dataclass
from pathlib import Path

from shared.domain.roster.collection import Collection
from shared.domain.roster.records import MAX_SOURCED_ID
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT, Answer, Origin, State, Why

KNOWN_OF_A_KIND = 3
"""How many delivered records are asked for, for each kind of sourcedId among the absent ones."""
MOST_KINDS = 10
"""With more kinds of sourcedIds than this, asking for single records is not worth it."""


@dataclass(frozen=True)
class AbsentIds:
    """What a plan misses of one collection.

    ``file``: the sourcedIds, one on each line.
    ``records``: how many there are.
    ``known``: sourcedIds that were delivered, of every kind among the absent ones; empty if there
        is a kind of which none was delivered, or if a sourcedId names several memberships.
    """

    file: Path
    records: int
    known: tuple[str, ...]


def write_ids_to_confirm(
    connection: Connection, collection: Collection, directory: Path
) -> AbsentIds | None:
    """Write the sourcedIds of records that are missing for the first time; None without any.

    A membership whose sourcedId was delivered as another membership is gone without a question.
    """
    path = directory / f"absent-{collection.name.lower()}.txt"
    base, result = table("base", collection), table("result", collection)
    enrollments = collection is Collection.ENROLLMENTS
    asked = "b.id NOT IN (SELECT id FROM replaced)" if enrollments else "true"
    rows = connection.count(
        f"""
        CREATE OR REPLACE TEMP TABLE absent AS
        SELECT DISTINCT b.sourced_id, {_kind("b.sourced_id")} AS kind
        FROM {result} r JOIN {base} b ON b.id = r.id AND b.sourced_id = r.sourced_id
        WHERE r.why = '{Why.GONE}' AND (r.state = '{State.PENDING}' OR r.state IN {LEFT})
          AND b.state NOT IN {LEFT} AND r.hold IS DISTINCT FROM '{Answer.KEPT}' AND {asked}
        """
    )
    if not rows:
        return None
    connection.execute(
        f"COPY (SELECT sourced_id FROM absent ORDER BY sourced_id) "
        f"TO '{path}' (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\x1f')"
    )
    # One answer for a sourcedId that several memberships bear says nothing of the others.
    shared = enrollments and connection.count(
        f"SELECT count(*) FROM (SELECT sourced_id FROM {base} WHERE state NOT IN {LEFT} "
        "AND sourced_id IN (SELECT sourced_id FROM absent) "
        "GROUP BY sourced_id HAVING count(*) > 1)"
    )
    return AbsentIds(path, rows, () if shared else _known(connection, collection))


def _known(connection: Connection, collection: Collection) -> tuple[str, ...]:
    """Delivered sourcedIds with all the awkward characters of each kind of absent ones."""
    kinds = [kind for (kind,) in connection.execute("SELECT DISTINCT kind FROM absent").fetchall()]
    if len(kinds) > MOST_KINDS:
        return ()
    known: list[str] = []
    for kind in kinds:
        # In an order that has nothing to do with the source's.
        found = connection.execute(
            f"SELECT DISTINCT sourced_id, md5(sourced_id) AS place "
            f"FROM {table('result', collection)} "
            f"WHERE state = '{State.CURRENT}' AND origin IN ('{Origin.SAME}', '{Origin.PARSED}') "
            f"AND list_has_all({_kind('sourced_id')}, $kind::VARCHAR[]) "
            f"ORDER BY place LIMIT {KNOWN_OF_A_KIND}",
            {"kind": kind},
        ).fetchall()
        if not found:
            return ()
        known += [sourced_id for sourced_id, _ in found]
    return tuple(dict.fromkeys(known))


def _kind(sourced_id: str) -> str:
    """SQL for what may be awkward about a sourcedId in an address: its characters, but plain ones.

    All characters outside ASCII are alike. ``.`` and ``..`` are steps of a path, and an
    enrollment's sourcedId of the greatest length may have been cut.
    """
    awkward = f"regexp_replace({sourced_id}, '[A-Za-z0-9_-]', '', 'g')"
    alike = f"regexp_replace({awkward}, '[^ -~]', 'é', 'g')"
    return (
        f"list_sort(list_distinct(list_filter(string_split({alike}, ''), lambda c: c <> '') "
        f"|| CASE WHEN {sourced_id} IN ('.', '..') THEN ['step'] ELSE [] END "
        f"|| CASE WHEN length({sourced_id}) >= {MAX_SOURCED_ID} THEN ['long'] ELSE [] END))"
    )
