"""The roster table: conditional writes in batches, each judged alone."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from shared.adapters.dynamodb.actions import Action, delete, update
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import Item, seconds
from shared.adapters.dynamodb.writes import WriteRefusedError, transact, try_write, write_item
from shared.adapters.roster_table.attributes import Doc, LoginItem, RecordItem
from shared.adapters.roster_table.keys import login_key
from shared.adapters.roster_table.record_writes import batch_statement, record_update
from shared.domain.errors import TryLaterError
from shared.domain.ids import RunKey
from shared.domain.roster.change import RosterWrite
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
    repetition harmless. Most records go in PartiQL batches: a batch is one call where single writes
    are 25, and each of its statements succeeds or fails by itself. A refused statement may only
    mean that the record is there, or is not, against expectation. So it is written once more by a
    conditional update of its own. If that is refused as well, the record is applied already, or a
    later run has overtaken it.
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
        statements: Any = [
            batch_statement(self._table, key, shards, write, now) for write in writes
        ]
        answer = self._client.batch_execute_statement(Statements=statements)
        return [
            write
            for write, outcome in zip(writes, answer["Responses"], strict=True)
            if "Error" in outcome
        ]

    def _one(
        self, key: RunKey, shards: int, write: RosterWrite, now: datetime
    ) -> Iterator[Refusal]:
        """Write one record by itself; it replaces one that has expired and is there still."""
        action = record_update(self._table, key, shards, write, now)
        for _ in range(2):
            try:
                write_item(self._client, action)
            except WriteRefusedError as error:
                if _has_expired(error.old, key, now):
                    action = record_update(self._table, key, shards, write, now, over=True)
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
        actions = [record_update(self._table, key, shards, write, now)]
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
                actions[0] = record_update(self._table, key, shards, write, now, over=True)
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


def _without_login_name(write: RosterWrite) -> RosterWrite:
    login_name = Doc.LOGIN_NAME.removeprefix(f"{RecordItem.DOC}.")
    doc = {name: value for name, value in write.doc.items() if name != login_name}
    return write.model_copy(update={"doc": doc})


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
