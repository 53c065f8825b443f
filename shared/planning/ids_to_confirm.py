"""The records that a REST source must be asked for once more before they count as gone."""

from pathlib import Path

from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection
from shared.planning.standing import LEFT, Answer, State, Why


def write_ids_to_confirm(
    connection: Connection, collection: Collection, directory: Path
) -> Path | None:
    """Write the sourcedIds of records that are missing for the first time, one a line.

    Returns the file; None if there are none.
    """
    path = directory / f"absent-{collection.name.lower()}.txt"
    base, result = table("base", collection), table("result", collection)
    [(rows,)] = connection.execute(
        f"""
            COPY (SELECT DISTINCT b.sourced_id FROM {result} r JOIN {base} b
                  ON b.id = r.id AND b.sourced_id = r.sourced_id
                  WHERE r.why = '{Why.GONE}' AND (r.state = '{State.PENDING}' OR r.state IN {LEFT})
                    AND b.state NOT IN {LEFT} AND r.hold IS DISTINCT FROM '{Answer.KEPT}'
                  ORDER BY b.sourced_id)
            TO '{path}' (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\x1f')
            """
    ).fetchall()
    return path if rows else None
