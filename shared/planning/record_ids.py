"""Gives new records their ids.

An id is ``domain.ids.record_id`` over group, entity and sourcedId, computed here in SQL for whole
collections; a test keeps both equal.
"""

from shared.domain.ids import RECORD_ID_LENGTH
from shared.domain.roster.collection import Collection
from shared.planning.columns import table
from shared.planning.duckdb_connection import Connection


def record_id_sql(*parts: str) -> str:
    """``record_id`` as SQL over these expressions, the group's id first."""
    return f"left(sha256(concat_ws(chr(31), {', '.join(parts)})), {RECORD_ID_LENGTH})"


def assign_ids(connection: Connection, collection: Collection, group_id: str, seq: int) -> None:
    """Fill in the ids that are still missing.

    If a sourcedId's id already belongs to another record (one that was re-keyed), the new record's
    id is derived from the run's number as well.
    """
    candidate = table("candidate", collection)
    own = record_id_sql("$group_id", "$entity", "sourced_id")
    known = {"group_id": group_id, "entity": collection.entity}
    connection.execute(
        f"UPDATE {candidate} SET id = {own} WHERE id IS NULL "
        f"AND {own} NOT IN (SELECT id FROM {table('base', collection)})",
        known,
    )
    again = record_id_sql("$group_id", "$entity", "sourced_id", "$seq")
    connection.execute(
        f"UPDATE {candidate} SET id = {again} WHERE id IS NULL", known | {"seq": str(seq)}
    )
