"""Writes records to the ``roster`` table: each only if it has none, or one of an older run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from shared.adapters.dynamodb.actions import Action, update
from shared.adapters.dynamodb.expressions import IfUnset
from shared.adapters.dynamodb.values import Item, attribute_value, marshal, seconds
from shared.adapters.dynamodb.writes import WriteRefusedError, write_item
from shared.adapters.roster_table.attributes import RecordItem
from shared.adapters.roster_table.keys import PK, SK, record_key, user_key
from shared.domain.ids import RunKey
from shared.domain.roster.change import Removal, RosterWrite
from shared.ports.roster import OVERTAKEN, Refusal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NEVER = {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceeded"}
_LEFT = (RecordItem.DELETED_AT, RecordItem.ENDED_AT, RecordItem.EXPIRES_AT)
"""The attributes that only a record that has left carries."""


@dataclass(frozen=True)
class RecordWrites:
    """The writes of one run.

    ``client``, ``table``: the roster table.
    ``key``: the run; its ``seq`` is the number that the writes carry.
    ``shards``: over how many partitions the group's records of a type are spread.
    ``now``: when the writes happen (aware UTC).
    """

    client: "DynamoDBClient"
    table: str
    key: RunKey
    shards: int
    now: datetime

    def write_batch(self, writes: Sequence[RosterWrite]) -> list[RosterWrite]:
        """Write records in one call; returns those that must be written one by one."""
        statements: Any = [self._statement(write) for write in writes]
        answer = self.client.batch_execute_statement(Statements=statements)
        return [
            write
            for write, outcome in zip(writes, answer["Responses"], strict=True)
            if "Error" in outcome
        ]

    def write_one(self, write: RosterWrite) -> Iterator[Refusal]:
        """Write one record; it replaces one that has expired but was not removed yet."""
        action = self.update(write)
        for _ in range(2):
            try:
                write_item(self.client, action)
            except WriteRefusedError as error:
                if _has_expired(error.old, self.key, self.now):
                    action = self.update(write, over=True)
                    continue
                if overtaken(error.old, self.key):
                    yield Refusal(write.collection, write.id, OVERTAKEN)
            except ClientError as error:
                yield refusal(write, error)
            return

    def update(self, write: RosterWrite, *, over: bool = False) -> Action:
        """The conditional update of one record, for a separate call or a transaction.

        :param over: whether the record replaces one that has expired and that DynamoDB has not
            removed yet. It then counts as created now, and does not have the old one's content.
        """
        if write.removal is not None:
            return self._remove(write, write.removal)
        at = self.now.isoformat()
        sets = {
            RecordItem.DOC: write.doc,
            RecordItem.SEQ: self.key.seq,
            RecordItem.ID: write.id,
            RecordItem.UPDATED_AT: at,
            RecordItem.CREATED_AT: at if over else IfUnset(at),
            **user_key(self.key.group_id, write),
        }
        seq, expires = Attr(RecordItem.SEQ), Attr(RecordItem.EXPIRES_AT)
        older = seq.lt(self.key.seq)
        alive = expires.not_exists() | expires.gte(seconds(self.now))
        return update(
            self.table,
            record_key(self.key.group_id, self.shards, write),
            sets,
            removes=_LEFT,
            condition=older & expires.lt(seconds(self.now))
            if over
            else seq.not_exists() | (older & alive),
            tell_old=True,
        )

    def _remove(self, write: RosterWrite, removal: Removal) -> Action:
        """The update by which a record leaves; a missing record stays missing."""
        sets = {RecordItem.SEQ: self.key.seq, RecordItem.UPDATED_AT: self.now.isoformat()}
        return update(
            self.table,
            record_key(self.key.group_id, self.shards, write),
            sets | _removed(removal),
            removes=_not_removed(removal),
            condition=Attr(RecordItem.SEQ).lt(self.key.seq),
            tell_old=True,
        )

    def _statement(self, write: RosterWrite) -> dict[str, Any]:
        at = self.now.isoformat()
        place = record_key(self.key.group_id, self.shards, write)
        written: Item = {RecordItem.SEQ: self.key.seq, RecordItem.UPDATED_AT: at}
        if write.removal is not None:
            sets = {**written, **_removed(write.removal)}
            return self._changing(place, sets, _not_removed(write.removal))
        written = {RecordItem.DOC: write.doc, **written}
        if not write.new:
            return self._changing(place, written, _LEFT)
        created: Item = {RecordItem.ID: write.id, RecordItem.CREATED_AT: at}
        item: Item = {**place, **written, **created}
        item |= user_key(self.key.group_id, write)
        pairs = ", ".join(f"'{name}': ?" for name in item)
        return {
            "Statement": f'INSERT INTO "{self.table}" VALUE {{{pairs}}}',
            "Parameters": list(marshal(item).values()),
        }

    def _changing(self, place: Item, sets: Item, removes: Sequence[RecordItem]) -> dict[str, Any]:
        """The statement that changes the record in ``place`` if its number is lower."""
        changes = [f"SET {name} = ?" for name in sets] + [f"REMOVE {name}" for name in removes]
        values = [*sets.values(), place[PK], place[SK], self.key.seq]
        return {
            "Statement": f'UPDATE "{self.table}" {" ".join(changes)} '
            f"WHERE {PK} = ? AND {SK} = ? AND {RecordItem.SEQ} < ?",
            "Parameters": [attribute_value(value) for value in values],
        }


def overtaken(old: Item, key: RunKey) -> bool:
    """Whether a write was refused because the record carries a higher number."""
    return RecordItem.SEQ in old and bool(old[RecordItem.SEQ] > key.seq)


def refusal(write: RosterWrite, error: ClientError) -> Refusal:
    """The refusal for an error of DynamoDB; it passes unless the record itself is the cause."""
    code = error.response["Error"]["Code"]
    return Refusal(write.collection, write.id, code, passing=code not in _NEVER)


def _has_expired(old: Item, key: RunKey, now: datetime) -> bool:
    """Whether a write was refused because of an older run's record that has expired."""
    if RecordItem.EXPIRES_AT not in old or old[RecordItem.SEQ] >= key.seq:
        return False
    return bool(old[RecordItem.EXPIRES_AT] < seconds(now))


def _removed(removal: Removal) -> Item:
    """The attributes of a record that leaves: since when, and, if known, until when (TTL)."""
    since = RecordItem.DELETED_AT if removal.kind == "deleted" else RecordItem.ENDED_AT
    carried: Item = {since: removal.since.isoformat()}
    if removal.until is not None:
        carried[RecordItem.EXPIRES_AT] = seconds(removal.until)
    return carried


def _not_removed(removal: Removal) -> Sequence[RecordItem]:
    """The attributes that a record that leaves must lose."""
    carried = _removed(removal)
    return [name for name in _LEFT if name not in carried]
