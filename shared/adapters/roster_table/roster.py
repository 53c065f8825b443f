"""The roster table: conditional writes in batches, each judged alone."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from shared.adapters.dynamodb.actions import Action, delete, update
from shared.adapters.dynamodb.expressions import IfUnset
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import Item, attribute_value, marshal, seconds
from shared.adapters.dynamodb.writes import WriteRefusedError, transact, try_write, write_item
from shared.adapters.roster_table.attributes import Doc, LoginItem, RecordItem
from shared.adapters.roster_table.keys import PK, SK, login_key, record_key, user_key
from shared.domain.errors import TryLaterError
from shared.domain.ids import RunKey
from shared.domain.roster.change import Removal, RosterWrite
from shared.ports.roster import OVERTAKEN, Refusal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STATEMENTS_PER_CALL = 25
"""What BatchExecuteStatement takes (AWS: PartiQL batch operations)."""
LOGIN_TRIES = 3
"""How often a login name is asked for that others give back at the same moment."""

_NEVER = {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceeded"}


class DynamoRoster:
    """``Roster`` over DynamoDB.

    A record is written if the table has none or one of an older run: ``seq`` makes order and
    repetition harmless. Creates and updates go in PartiQL batches, since a batch costs one call
    where single writes cost 25; each statement succeeds or fails by itself. A statement that is
    refused may mean that the record is there (or is not) against expectation, so it is written
    again by a single conditional update, whose refusal then says: already applied, or overtaken.
    """

    def __init__(self, client: "DynamoDBClient", table: str, *, batched: bool = True) -> None:
        self._client = client
        self._table = table
        self._batched = batched

    def apply(
        self, key: RunKey, shards: int, writes: Sequence[RosterWrite], now: datetime
    ) -> Sequence[Refusal]:
        """Write records; see ``ports.Roster.apply``."""
        refused_writes: list[Refusal] = []
        plain = [write for write in writes if write.login is None]
        while plain:
            chunk, plain = plain[:STATEMENTS_PER_CALL], plain[STATEMENTS_PER_CALL:]
            again = self._batch(key, shards, chunk, now) if self._batched else chunk
            for write in again:
                refused_writes.extend(self._one(key, shards, write, now))
        for write in writes:
            if write.login is not None:
                refused_writes.extend(self._with_login(key, shards, write, now))
        return refused_writes

    def _batch(
        self, key: RunKey, shards: int, writes: Sequence[RosterWrite], now: datetime
    ) -> list[RosterWrite]:
        """Insert the records that are new; returns those that must be written one by one."""
        statements: Any = [self._statement(key, shards, write, now) for write in writes]
        answer = self._client.batch_execute_statement(Statements=statements)
        return [
            write
            for write, outcome in zip(writes, answer["Responses"], strict=True)
            if "Error" in outcome
        ]

    def _statement(
        self, key: RunKey, shards: int, write: RosterWrite, now: datetime
    ) -> dict[str, Any]:
        at = now.isoformat()
        place = record_key(key.group_id, shards, write)
        written: Item = {RecordItem.SEQ: key.seq, RecordItem.UPDATED_AT: at}
        if write.removal is not None:
            sets = {**written, **_removed(write.removal)}
            return self._changing(place, sets, _not_removed(write.removal), key.seq)
        written = {RecordItem.DOC: write.doc, **written}
        if not write.new:
            return self._changing(place, written, _LEFT, key.seq)
        created: Item = {RecordItem.ID: write.id, RecordItem.CREATED_AT: at}
        item: Item = {**place, **written, **created}
        item |= user_key(key.group_id, write)
        pairs = ", ".join(f"'{name}': ?" for name in item)
        return {
            "Statement": f'INSERT INTO "{self._table}" VALUE {{{pairs}}}',
            "Parameters": list(marshal(item).values()),
        }

    def _changing(
        self, place: Item, sets: Item, removes: Sequence[RecordItem], order: int
    ) -> dict[str, Any]:
        """Spell the statement that changes the record in ``place``, if its number is lower."""
        changes = [f"SET {name} = ?" for name in sets] + [f"REMOVE {name}" for name in removes]
        values = [*sets.values(), place[PK], place[SK], order]
        return {
            "Statement": f'UPDATE "{self._table}" {" ".join(changes)} '
            f"WHERE {PK} = ? AND {SK} = ? AND {RecordItem.SEQ} < ?",
            "Parameters": [attribute_value(value) for value in values],
        }

    def _update(
        self, key: RunKey, shards: int, write: RosterWrite, now: datetime, *, over: bool = False
    ) -> Action:
        """The conditional update of one record, for a call of its own or a transaction.

        :param over: whether the record replaces one that has expired, and that DynamoDB has not
            removed yet: it is created now, and what was assigned to the old one is not its own.
        """
        if write.removal is not None:
            return self._remove(key, shards, write, write.removal, now)
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
            self._table,
            record_key(key.group_id, shards, write),
            sets,
            removes=_LEFT,
            condition=older & expires.lt(seconds(now))
            if over
            else seq.not_exists() | (older & alive),
            tell_old=True,
        )

    def _remove(
        self, key: RunKey, shards: int, write: RosterWrite, removal: Removal, now: datetime
    ) -> Action:
        """The update that takes a record from its readers; one that is not there stays so."""
        sets = {RecordItem.SEQ: key.seq, RecordItem.UPDATED_AT: now.isoformat()}
        return update(
            self._table,
            record_key(key.group_id, shards, write),
            sets | _removed(removal),
            removes=_not_removed(removal),
            condition=Attr(RecordItem.SEQ).lt(key.seq),
            tell_old=True,
        )

    def _one(
        self, key: RunKey, shards: int, write: RosterWrite, now: datetime
    ) -> Iterator[Refusal]:
        """Write one record by itself; it replaces one that has expired and is there still."""
        action = self._update(key, shards, write, now)
        for _ in range(2):
            try:
                write_item(self._client, action)
            except WriteRefusedError as error:
                if _has_expired(error.old, key, now):
                    action = self._update(key, shards, write, now, over=True)
                    continue
                if _overtaken(error.old, key):
                    yield Refusal(write.collection, write.id, OVERTAKEN)
            except ClientError as error:
                yield _refusal(write, error)
            return

    def _with_login(
        self, key: RunKey, shards: int, write: RosterWrite, now: datetime
    ) -> Iterator[Refusal]:
        """Write a user together with its login name, which one user in the enterprise can have.

        Name and user change in one transaction: a worker that sleeps between two writes could
        otherwise take or give back a name in the middle of a later run.
        """
        login = write.login
        assert login is not None
        actions = [self._update(key, shards, write, now)]
        if login.take is not None:
            actions.append(self._take_name(key, write, login.take))
        for _ in range(LOGIN_TRIES):
            try:
                refused = transact(self._client, actions)
            except TryLaterError:
                yield Refusal(
                    write.collection, write.id, "TransactionCanceledException", passing=True
                )
                return
            except ClientError as error:
                yield _refusal(write, error)
                return
            if not refused:
                break
            old = refused.get(0)
            if old and old[RecordItem.SEQ] < key.seq:
                actions[0] = self._update(key, shards, write, now, over=True)
                continue
            if old is not None and old.get(RecordItem.SEQ) != key.seq:
                if _overtaken(old, key):
                    yield Refusal(write.collection, write.id, OVERTAKEN)
                return
            holder = None if login.take is None else self._holder(key, login.take)
            if login.take is None or holder == write.id:
                break  # applied already
            if old is None and holder is None:
                continue  # the name was given back just now
            yield from self._one(key, shards, _without_login_name(write), now)
            yield Refusal(write.collection, write.id, "login_name_taken")
            break
        else:
            yield Refusal(write.collection, write.id, "login_name_contested", passing=True)
            return
        for name in login.release:
            mine = Attr(LoginItem.USER_ID).eq(write.id) & Attr(LoginItem.SEQ).lt(key.seq)
            try_write(self._client, delete(self._table, login_key(key.enterprise, name), mine))

    def _take_name(self, key: RunKey, write: RosterWrite, name: str) -> Action:
        """The action by which a user takes a login name that is free, or its own already."""
        holder = Attr(LoginItem.USER_ID)
        return update(
            self._table,
            login_key(key.enterprise, name),
            {LoginItem.USER_ID: write.id, LoginItem.SEQ: key.seq},
            condition=holder.not_exists() | (holder.eq(write.id) & Attr(LoginItem.SEQ).lt(key.seq)),
        )

    def _holder(self, key: RunKey, login_name: str) -> str | None:
        """The user whose login name this is."""
        item = get(self._client, self._table, login_key(key.enterprise, login_name))
        return None if item is None else str(item[LoginItem.USER_ID])


_LEFT = (RecordItem.DELETED_AT, RecordItem.ENDED_AT, RecordItem.EXPIRES_AT)
"""What a record carries that has left, and one that is there does not."""


def _without_login_name(write: RosterWrite) -> RosterWrite:
    login_name = Doc.LOGIN_NAME.removeprefix(f"{RecordItem.DOC}.")
    doc = {name: value for name, value in write.doc.items() if name != login_name}
    return write.model_copy(update={"doc": doc})


def _removed(removal: Removal) -> Item:
    """What a record that leaves carries: since when, and, if known, until when it is kept (TTL)."""
    since = RecordItem.DELETED_AT if removal.kind == "deleted" else RecordItem.ENDED_AT
    carried: Item = {since: removal.since.isoformat()}
    if removal.until is not None:
        carried[RecordItem.EXPIRES_AT] = seconds(removal.until)
    return carried


def _not_removed(removal: Removal) -> Sequence[RecordItem]:
    """What a record that leaves does not carry any more."""
    carried = _removed(removal)
    return [name for name in _LEFT if name not in carried]


def _has_expired(old: Item, key: RunKey, now: datetime) -> bool:
    """Whether a write was refused by a record of an older run whose time is up."""
    if RecordItem.EXPIRES_AT not in old or old[RecordItem.SEQ] >= key.seq:
        return False
    return bool(old[RecordItem.EXPIRES_AT] < seconds(now))


def _overtaken(old: Item, key: RunKey) -> bool:
    """Whether a write was refused by a record that bears a higher number."""
    return RecordItem.SEQ in old and bool(old[RecordItem.SEQ] > key.seq)


def _refusal(write: RosterWrite, error: ClientError) -> Refusal:
    code = error.response["Error"]["Code"]
    return Refusal(write.collection, write.id, code, passing=code not in _NEVER)
