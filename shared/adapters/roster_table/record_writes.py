"""How one record is written to the ``roster`` table: if it has none, or one of an older run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr

from shared.adapters.dynamodb.actions import Action, update
from shared.adapters.dynamodb.expressions import IfUnset
from shared.adapters.dynamodb.values import Item, attribute_value, marshal, seconds
from shared.adapters.roster_table.attributes import RecordItem
from shared.adapters.roster_table.keys import PK, SK, record_key, user_key
from shared.domain.ids import RunKey
from shared.domain.roster.change import Removal, RosterWrite

_LEFT = (RecordItem.DELETED_AT, RecordItem.ENDED_AT, RecordItem.EXPIRES_AT)
"""What only records carry that have left the roster."""


def batch_statement(
    table: str, key: RunKey, shards: int, write: RosterWrite, now: datetime
) -> dict[str, Any]:
    """The statement that writes one record, for a batch of them; it may be refused needlessly.

    A record that is said to be new is inserted, any other is changed.
    """
    at = now.isoformat()
    place = record_key(key.group_id, shards, write)
    written: Item = {RecordItem.SEQ: key.seq, RecordItem.UPDATED_AT: at}
    if write.removal is not None:
        sets = {**written, **_removed(write.removal)}
        return _changing(table, place, sets, _not_removed(write.removal), key.seq)
    written = {RecordItem.DOC: write.doc, **written}
    if not write.new:
        return _changing(table, place, written, _LEFT, key.seq)
    created: Item = {RecordItem.ID: write.id, RecordItem.CREATED_AT: at}
    item: Item = {**place, **written, **created}
    item |= user_key(key.group_id, write)
    pairs = ", ".join(f"'{name}': ?" for name in item)
    return {
        "Statement": f'INSERT INTO "{table}" VALUE {{{pairs}}}',
        "Parameters": list(marshal(item).values()),
    }


def _changing(
    table: str, place: Item, sets: Item, removes: Sequence[RecordItem], order: int
) -> dict[str, Any]:
    """Spell the statement that changes the record in ``place``, if its number is lower."""
    changes = [f"SET {name} = ?" for name in sets] + [f"REMOVE {name}" for name in removes]
    values = [*sets.values(), place[PK], place[SK], order]
    return {
        "Statement": f'UPDATE "{table}" {" ".join(changes)} '
        f"WHERE {PK} = ? AND {SK} = ? AND {RecordItem.SEQ} < ?",
        "Parameters": [attribute_value(value) for value in values],
    }


def record_update(
    table: str, key: RunKey, shards: int, write: RosterWrite, now: datetime, *, over: bool = False
) -> Action:
    """The conditional update of one record, for a call of its own or a transaction.

    :param over: whether the record replaces one that has expired and that DynamoDB has not removed
        yet: it is created now, and does not bear the content that was assigned to the old one.
    """
    if write.removal is not None:
        return _remove(table, key, shards, write, write.removal, now)
    at = now.isoformat()
    sets = {
        RecordItem.DOC: write.doc,
        RecordItem.SEQ: key.seq,
        RecordItem.ID: write.id,
        RecordItem.UPDATED_AT: at,
        RecordItem.CREATED_AT: at if over else IfUnset(at),
        **user_key(key.group_id, write),
    }
    seq, expires = Attr(RecordItem.SEQ), Attr(RecordItem.EXPIRES_AT)
    older = seq.lt(key.seq)
    alive = expires.not_exists() | expires.gte(seconds(now))
    return update(
        table,
        record_key(key.group_id, shards, write),
        sets,
        removes=_LEFT,
        condition=older & expires.lt(seconds(now)) if over else seq.not_exists() | (older & alive),
        tell_old=True,
    )


def _remove(
    table: str, key: RunKey, shards: int, write: RosterWrite, removal: Removal, now: datetime
) -> Action:
    """The update that takes a record from its readers; one that is not there stays so."""
    sets = {RecordItem.SEQ: key.seq, RecordItem.UPDATED_AT: now.isoformat()}
    return update(
        table,
        record_key(key.group_id, shards, write),
        sets | _removed(removal),
        removes=_not_removed(removal),
        condition=Attr(RecordItem.SEQ).lt(key.seq),
        tell_old=True,
    )


def _removed(removal: Removal) -> Item:
    """What a record that leaves carries: since when, and, if known, until when it is kept (TTL)."""
    since = RecordItem.DELETED_AT if removal.kind == "deleted" else RecordItem.ENDED_AT
    carried: Item = {since: removal.since.isoformat()}
    if removal.until is not None:
        carried[RecordItem.EXPIRES_AT] = seconds(removal.until)
    return carried


def _not_removed(removal: Removal) -> Sequence[RecordItem]:
    """What a record that leaves no longer carries."""
    carried = _removed(removal)
    return [name for name in _LEFT if name not in carried]
