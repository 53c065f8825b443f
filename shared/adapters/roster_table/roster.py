"""Applies a batch of changes to the roster table."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.roster_table.login_names import write_with_login_name
from shared.adapters.roster_table.record_writes import RecordWrites
from shared.domain.ids import RunKey
from shared.domain.roster.change import RosterWrite
from shared.ports.roster import Refusal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STATEMENTS_PER_CALL = 25
"""The limit of BatchExecuteStatement (AWS: PartiQL batch operations)."""


class DynamoRoster:
    """``Roster`` over DynamoDB.

    A record is written if the table has none, or one of an older run: because of ``seq``, order and
    repetition do no harm. Creates and updates go in PartiQL batches, because a batch costs one call
    where single writes cost 25; each statement succeeds or fails by itself. A statement may be
    refused because the record exists, or does not, against expectation. So it is repeated as a
    single conditional update; if that is refused too, the change was already applied or overtaken.
    """

    def __init__(self, client: "DynamoDBClient", table: str, *, batched: bool = True) -> None:
        self._client = client
        self._table = table
        self._batched = batched

    def apply(
        self, key: RunKey, shards: int, writes: Sequence[RosterWrite], now: datetime
    ) -> Sequence[Refusal]:
        """Write records; see ``ports.Roster.apply``."""
        records = RecordWrites(self._client, self._table, key, shards, now)
        refused_writes: list[Refusal] = []
        plain = [write for write in writes if write.login is None]
        while plain:
            chunk, plain = plain[:STATEMENTS_PER_CALL], plain[STATEMENTS_PER_CALL:]
            for write in records.write_batch(chunk) if self._batched else chunk:
                refused_writes.extend(records.write_one(write))
        for write in writes:
            if write.login is not None:
                refused_writes.extend(write_with_login_name(records, write, write.login))
        return refused_writes
