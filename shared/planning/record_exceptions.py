"""Obeys a group's exceptions: what is left out is never in the result, what is kept stays in it.

A record that is named by its sourcedId is any record that bears it: its rows are found by the hash
of theirs. One that is named by its id is that record, whatever its sourcedId is
(docs/decisions/0030).
"""

from collections.abc import Sequence

from shared.domain.roster.collection import Collection
from shared.domain.roster.record_exception import Effect, NamedBy, RecordException
from shared.planning.columns import JUDGED_COLUMNS, ROW_COLUMNS, names, stripped, table
from shared.planning.duckdb_connection import Connection
from shared.planning.held_references import drop_references
from shared.planning.record_ids import record_id_sql
from shared.planning.standing import DELIVERED, LEFT, Origin, State, Why

_SHAPE = "effect VARCHAR, collection VARCHAR, named_by VARCHAR, digest VARCHAR"


class ObeyedExceptions:
    """The exceptions that a plan obeys, step by step.

    ``left_out``: how many records of the delivery, or of a restored roster, were left out.
    """

    def __init__(
        self, connection: Connection, group_id: str, exceptions: Sequence[RecordException]
    ) -> None:
        self.left_out: dict[Collection, int] = dict.fromkeys(Collection, 0)
        self._connection, self._group_id = connection, group_id
        self._any = bool(exceptions)
        self._leaves_out = {
            each.collection for each in exceptions if each.effect is Effect.LEAVE_OUT
        }
        if self._leaves_out & {Collection.CLASSES, Collection.USERS}:
            self._leaves_out.add(Collection.ENROLLMENTS)
        connection.execute(f"CREATE TABLE excepted ({_SHAPE})")
        # The records that are left out or kept, and the sourcedIds whose rows are left out.
        connection.execute("CREATE TABLE left_ids (collection VARCHAR, id VARCHAR)")
        connection.execute("CREATE TABLE left_keys (collection VARCHAR, key VARCHAR)")
        connection.execute("CREATE TABLE kept_ids (collection VARCHAR, id VARCHAR)")
        if exceptions:
            columns = [
                [str(each.effect) for each in exceptions],
                [str(each.collection) for each in exceptions],
                [str(each.named_by) for each in exceptions],
                [each.digest for each in exceptions],
            ]
            lists = ", ".join("unnest(?::VARCHAR[])" for _ in columns)
            connection.execute(f"INSERT INTO excepted SELECT {lists}", columns)

    def find_records(self) -> None:
        """Find the records of the base that the exceptions name; once all of it is loaded."""
        if not self._any:
            return
        for effect, found in ((Effect.LEAVE_OUT, "left_ids"), (Effect.KEEP, "kept_ids")):
            self._connection.execute(
                f"INSERT INTO {found} SELECT collection, digest FROM excepted "
                f"WHERE effect = '{effect}' AND named_by = '{NamedBy.ID}'"
            )
            for collection in Collection:
                self._find_named(found, effect, collection, table("base", collection))
        # An enrollment stays only with its user and its class.
        for target, column in ((Collection.USERS, "user_id"), (Collection.CLASSES, "class_id")):
            self._connection.execute(
                f"INSERT INTO kept_ids SELECT '{target}', {column} FROM base_enrollments "
                f"WHERE state NOT IN {LEFT} AND id IN {_ids('kept_ids', Collection.ENROLLMENTS)} "
                f"AND id NOT IN {ids_left_out(Collection.ENROLLMENTS)}"
            )

    def leave_out_rows(self, collection: Collection) -> None:
        """Take the rows of records that are left out from what was delivered and what waits.

        What cannot be without them goes with them: an enrollment with its user or class.
        """
        if collection not in self._leaves_out:
            return
        connection = self._connection
        staged, awaiting = table("staged", collection), table("awaiting", collection)
        base, out = table("base", collection), ids_left_out(collection)
        by_name = self._digests(collection, Effect.LEAVE_OUT, NamedBy.SOURCED_ID)
        own = record_id_sql("$group_id", f"'{collection.entity}'", "key")
        if collection is Collection.ENROLLMENTS:
            gone = " OR ".join(
                f"coalesce({stripped(column)} IN {_keys(target)}, false)"
                for column, target in (
                    ('"class"', Collection.CLASSES),
                    ('"user"', Collection.USERS),
                )
            )
        else:
            connection.execute(
                f"""
                INSERT INTO left_keys
                SELECT '{collection}', key FROM (
                    SELECT {stripped("sourced_id")} AS key FROM {staged}
                    UNION SELECT sourced_id FROM {base} UNION SELECT sourced_id FROM {awaiting}
                ) WHERE {own} IN {by_name}
                     OR key IN (SELECT sourced_id FROM {base} WHERE id IN {out})
                     OR ({own} IN {out} AND {own} NOT IN (SELECT id FROM {base}))
                """,
                {"group_id": self._group_id},
            )
            gone = f"coalesce({stripped('sourced_id')} IN {_keys(collection)}, false)"
        self.left_out[collection] += connection.count(
            f"SELECT count(DISTINCT {stripped('sourced_id')}) FROM {staged} WHERE {gone}"
        )
        connection.execute(f"DELETE FROM {staged} WHERE {gone}")
        connection.execute(f"DELETE FROM {awaiting} WHERE {gone} OR coalesce(id IN {out}, false)")

    def leave_out_candidates(self, collection: Collection, since: str) -> None:
        """Let records that are left out leave before anything is matched with them.

        :param since: when the run's records leave.
        """
        if collection in self._leaves_out:
            self._connection.execute(
                f"UPDATE {table('candidate', collection)} SET {_GONE} "
                f"WHERE id IN {ids_left_out(collection)} AND state <> '{State.DELETED}'",
                [since],
            )

    def leave_out_result(self, since: str, *, restoring: bool) -> None:
        """See that no record that is left out is in the result, however it came there.

        Of a record that the base knows, the base's row stays as that of a deleted record.

        :param since: when the run's records leave.
        :param restoring: whether the result was made from a past roster.
        """
        for collection in Collection:
            if collection in self._leaves_out:
                self._leave_out_records(collection, since, restoring=restoring)
            if self._leaves_out:
                drop_references(self._connection, collection, ids_left_out)

    def keep_records(self) -> int:
        """Let missing records that are kept stay as they are; returns how many.

        Whoever has come under another sourcedId, and waits for a decision on that, waits on.
        """
        kept = 0
        for collection in Collection if self._any else ():
            result, proposed = table("result", collection), table("proposed", collection)
            own = f"{_ids('kept_ids', collection)} AND id NOT IN {ids_left_out(collection)}"
            here = (
                f"state = '{State.PENDING}' AND id IN {own} "
                f"AND id NOT IN (SELECT id FROM {proposed} WHERE id IS NOT NULL)"
            )
            kept += self._connection.count(f"SELECT count(DISTINCT id) FROM {result} WHERE {here}")
            self._connection.execute(
                f"UPDATE {result} SET state = '{State.CURRENT}', why = NULL, hold = NULL "
                f"WHERE {here}"
            )
        return kept

    def _leave_out_records(self, collection: Collection, since: str, *, restoring: bool) -> None:
        result, base = table("result", collection), table("base", collection)
        self._find_named("left_ids", Effect.LEAVE_OUT, collection, result)
        out = f"{{0}}.id IN {ids_left_out(collection)}"
        if collection is Collection.ENROLLMENTS:
            out += f" OR {{0}}.user_id IN {ids_left_out(Collection.USERS)}"
            out += f" OR {{0}}.class_id IN {ids_left_out(Collection.CLASSES)}"
        came = f"state = '{State.CURRENT}'" if restoring else f"origin IN {DELIVERED}"
        self.left_out[collection] += self._connection.count(
            f"SELECT count(DISTINCT id) FROM {result} r WHERE {came} AND ({out.format('r')})"
        )
        self._connection.execute(f"DELETE FROM {result} r WHERE {out.format('r')}")
        columns = JUDGED_COLUMNS | ROW_COLUMNS[collection]
        values = names({n: kind for n, kind in columns.items() if n not in _JUDGED}, "b")
        gone = f"b.state = '{State.DELETED}'"
        self._connection.execute(
            f"INSERT INTO {result} BY NAME SELECT {values}, '{State.DELETED}' AS state, "
            f"CASE WHEN {gone} THEN b.why ELSE '{Why.LEFT_OUT}' END AS why, "
            f"CASE WHEN {gone} THEN b.since ELSE ? END AS since, '{Origin.UNSEEN}' AS origin "
            f"FROM {base} b WHERE {out.format('b')}",
            [since],
        )

    def _find_named(self, found: str, effect: Effect, collection: Collection, rows: str) -> None:
        """Add the records of a table whose sourcedIds an exception names."""
        named = self._digests(collection, effect, NamedBy.SOURCED_ID)
        if not self._connection.count(f"SELECT count(*) FROM {named}"):
            return
        own = record_id_sql("$group_id", f"'{collection.entity}'", "sourced_id")
        self._connection.execute(
            f"INSERT INTO {found} SELECT DISTINCT '{collection}', id FROM {rows} "
            f"WHERE {own} IN {named} AND id NOT IN {_ids(found, collection)}",
            {"group_id": self._group_id},
        )

    @staticmethod
    def _digests(collection: Collection, effect: Effect, named_by: NamedBy) -> str:
        return (
            f"(SELECT digest FROM excepted WHERE collection = '{collection}' "
            f"AND effect = '{effect}' AND named_by = '{named_by}')"
        )


def _ids(found: str, collection: Collection) -> str:
    return f"(SELECT id FROM {found} WHERE collection = '{collection}')"


def _keys(collection: Collection) -> str:
    return f"(SELECT key FROM left_keys WHERE collection = '{collection}')"


def ids_left_out(collection: Collection) -> str:
    """SQL for the ids of the records that are left out."""
    return _ids("left_ids", collection)


def is_left_out(item: str, target: Collection) -> str:
    """SQL for whether a sourcedId is that of a record that is left out: nobody is told so."""
    return f"coalesce({item} IN {_keys(target)}, false)"


_JUDGED = ("state", "why", "since", "hold", "proposed")
_GONE = (
    f"state = '{State.DELETED}', why = '{Why.LEFT_OUT}', since = ?, hold = NULL, proposed = NULL"
)
