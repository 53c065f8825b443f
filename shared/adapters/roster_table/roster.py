"""The roster table: conditional writes in batches, each judged alone."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.dynamodb import Item, marshal, refusals, refused, unmarshal
from shared.adapters.roster_table.keys import login_key, record_key, user_key
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
        answer = self._client.batch_execute_statement(
            Statements=[self._statement(key, shards, write, now) for write in writes]  # type: ignore[misc]
        )
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
        if write.removal is not None:
            removed = {"seq": key.seq, "updatedAt": at} | _removed(write.removal)
            sets = " ".join(f"SET {name} = ?" for name in removed)
            sets += "".join(f" REMOVE {name}" for name in _not_removed(write.removal))
            return {
                "Statement": f'UPDATE "{self._table}" {sets} WHERE pk = ? AND sk = ? AND seq < ?',
                "Parameters": list(marshal(removed | place | {"older": key.seq}).values()),
            }
        values: dict[str, Any] = {"doc": write.doc, "seq": key.seq, "updatedAt": at}
        if not write.new:
            sets = " ".join(f"SET {name} = ?" for name in values)
            return {
                "Statement": f'UPDATE "{self._table}" {sets} REMOVE deletedAt '
                "REMOVE endedAt REMOVE expiresAt WHERE pk = ? AND sk = ? AND seq < ?",
                "Parameters": list(marshal(values | place | {"older": key.seq}).values()),
            }
        item = place | values | {"id": write.id, "createdAt": at} | user_key(key.group_id, write)
        pairs = ", ".join(f"'{name}': ?" for name in item)
        return {
            "Statement": f'INSERT INTO "{self._table}" VALUE {{{pairs}}}',
            "Parameters": list(marshal(item).values()),
        }

    def _update(
        self, key: RunKey, shards: int, write: RosterWrite, now: datetime, *, anew: bool = False
    ) -> Item:
        """Spell the conditional update of one record, for a call of its own or a transaction.

        Over a record that has expired, and that DynamoDB has not removed yet, one begins ``anew``:
        it was created now, and what was assigned to the old one is not its own.
        """
        if write.removal is not None:
            return self._remove(key, shards, write, write.removal, now)
        values = {
            ":doc": write.doc,
            ":seq": key.seq,
            ":id": write.id,
            ":now": now.isoformat(),
            ":seconds": int(now.timestamp()),
        }
        created = ":now" if anew else "if_not_exists(createdAt, :now)"
        sets = f"SET doc = :doc, seq = :seq, id = :id, updatedAt = :now, createdAt = {created}"
        for name, value in user_key(key.group_id, write).items():
            sets += f", {name} = :{name}"
            values[f":{name}"] = value
        return {
            "TableName": self._table,
            "Key": marshal(record_key(key.group_id, shards, write)),
            "UpdateExpression": f"{sets} REMOVE deletedAt, endedAt, expiresAt",
            "ConditionExpression": "seq < :seq AND expiresAt < :seconds"
            if anew
            else "attribute_not_exists(seq) OR "
            "(seq < :seq AND (attribute_not_exists(expiresAt) OR expiresAt >= :seconds))",
            "ExpressionAttributeValues": marshal(values),
        }

    def _remove(
        self, key: RunKey, shards: int, write: RosterWrite, removal: Removal, now: datetime
    ) -> Item:
        """Spell the update that takes a record from its readers; one that is not there stays so."""
        values = {"seq": key.seq, "updatedAt": now.isoformat()} | _removed(removal)
        sets = ", ".join(f"{name} = :{name}" for name in values)
        other = ", ".join(_not_removed(removal))
        return {
            "TableName": self._table,
            "Key": marshal(record_key(key.group_id, shards, write)),
            "UpdateExpression": f"SET {sets} REMOVE {other}",
            "ConditionExpression": "seq < :seq",
            "ExpressionAttributeValues": marshal({f":{n}": v for n, v in values.items()}),
        }

    def _one(
        self, key: RunKey, shards: int, write: RosterWrite, now: datetime
    ) -> Iterator[Refusal]:
        """Write one record by itself; one that has expired, and is there still, begins anew."""
        update = self._update(key, shards, write, now)
        for _ in range(2):
            try:
                self._client.update_item(**update, ReturnValuesOnConditionCheckFailure="ALL_OLD")
            except ClientError as error:
                old: Item | None = error.response.get("Item")  # type: ignore[assignment]
                if not refused(error):
                    yield _refusal(write, error)
                elif _has_expired(old, key, now):
                    update = self._update(key, shards, write, now, anew=True)
                    continue
                elif _overtaken(unmarshal(old or {}), key):
                    yield Refusal(write.collection, write.id, OVERTAKEN)
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
        owner = {":id": write.id, ":seq": key.seq}
        mine = "attribute_not_exists(userId) OR (userId = :id AND seq < :seq)"
        user = self._update(key, shards, write, now)
        user["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        actions: list[Item] = [{"Update": user}]
        if login.take is not None:
            actions.append(
                {
                    "Update": {
                        "TableName": self._table,
                        "Key": marshal(login_key(key.enterprise, login.take)),
                        "UpdateExpression": "SET userId = :id, seq = :seq",
                        "ConditionExpression": mine,
                        "ExpressionAttributeValues": marshal(owner),
                    }
                }
            )
        for _ in range(LOGIN_TRIES):
            try:
                self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]
                break
            except ClientError as error:
                old = refusals(error)
                if old is None:
                    yield _refusal(write, error)
                    return
            written = old[0]
            if written and written["seq"] < key.seq:
                user = self._update(key, shards, write, now, anew=True)
                user["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
                actions[0] = {"Update": user}
                continue
            if written is not None and written.get("seq") != key.seq:
                if _overtaken(written, key):
                    yield Refusal(write.collection, write.id, OVERTAKEN)
                return
            holder = None if login.take is None else self._holder(key, login.take)
            if login.take is None or holder == write.id:
                break  # applied already
            if written is None and holder is None:
                continue  # the name was given back just now
            without = {name: value for name, value in write.doc.items() if name != "loginName"}
            yield from self._one(key, shards, write.model_copy(update={"doc": without}), now)
            yield Refusal(write.collection, write.id, "login_name_taken")
            break
        else:
            yield Refusal(write.collection, write.id, "login_name_contested", passing=True)
            return
        for name in login.release:
            self._release(key, write, name)

    def _holder(self, key: RunKey, login_name: str) -> str | None:
        """The user whose login name this is."""
        answer = self._client.get_item(
            TableName=self._table,
            Key=marshal(login_key(key.enterprise, login_name)),
            ConsistentRead=True,
        )
        return answer["Item"]["userId"]["S"] if "Item" in answer else None

    def _release(self, key: RunKey, write: RosterWrite, name: str) -> None:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=marshal(login_key(key.enterprise, name)),
                ConditionExpression="userId = :id AND seq < :seq",
                ExpressionAttributeValues=marshal({":id": write.id, ":seq": key.seq}),
            )
        except ClientError as error:
            if not refused(error):
                raise


def _removed(removal: Removal) -> dict[str, Any]:
    """What a record that leaves carries: since when, and, if known, until when it is kept (TTL)."""
    carried: dict[str, Any] = {f"{removal.kind}At": removal.since.isoformat()}
    if removal.until is not None:
        carried["expiresAt"] = int(removal.until.timestamp())
    return carried


def _not_removed(removal: Removal) -> list[str]:
    """What a record that leaves does not carry any more."""
    other = "endedAt" if removal.kind == "deleted" else "deletedAt"
    return [other] if removal.until is not None else [other, "expiresAt"]


def _has_expired(old: Item | None, key: RunKey, now: datetime) -> bool:
    """Whether a write was refused by a record of an older run whose time is up."""
    found = unmarshal(old or {})
    if "expiresAt" not in found or found["seq"] >= key.seq:
        return False
    return bool(found["expiresAt"] < int(now.timestamp()))


def _overtaken(old: Item, key: RunKey) -> bool:
    """Whether a write was refused by a record that bears a higher number."""
    return bool("seq" in old and old["seq"] > key.seq)


def _refusal(write: RosterWrite, error: ClientError) -> Refusal:
    code = error.response["Error"]["Code"]
    return Refusal(write.collection, write.id, code, passing=code not in _NEVER)
