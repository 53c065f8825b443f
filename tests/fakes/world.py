"""In-memory twins of roster, bucket, queues, secrets and bus."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from shared.adapters.roster_table.keys import record_key
from shared.domain import timers
from shared.domain.errors import MissingObjectError
from shared.domain.events import DropRefused, Event, RunFinished
from shared.domain.group.retention import Left
from shared.domain.group.secrets import SecretName
from shared.domain.ids import EnterpriseId, GroupId, RecordId, RunKey
from shared.domain.object_keys import CANDIDATE, SUPERSEDED
from shared.domain.roster.change import RosterWrite
from shared.domain.roster.collection import Collection
from shared.domain.roster.login_name import LoginHolder
from shared.domain.roster.stamp import Stamp
from shared.domain.roster.table_record import TableRecord
from shared.domain.run.bundle import BundleObject
from shared.domain.run.deletion_certificate import Store, tally_name
from shared.domain.run.run import Run
from shared.messages import Message
from shared.ports.deletion import SweptPage
from shared.ports.messaging import WorkQueue
from shared.ports.roster import OVERTAKEN, Refusal


@dataclass
class Record:
    """A record of the roster table."""

    collection: Collection
    doc: dict[str, Any]
    seq: int
    removal: Left | None = None
    left_at: datetime | None = None
    expires_at: datetime | None = None


class InMemoryRoster:
    """``Roster`` in memory; ``writes`` counts the items written."""

    def __init__(self, on_write: Callable[[str], None] = lambda name: None) -> None:
        self.records: dict[tuple[str, str], Record] = {}
        self.logins: dict[tuple[EnterpriseId, str], tuple[RecordId, int]] = {}
        self.login_groups: dict[RecordId, GroupId] = {}
        self.stamps: dict[GroupId, Stamp] = {}
        self.writes = 0
        self.on_write = on_write
        self.fails: Callable[[RosterWrite], str | None] = lambda write: None

    def apply(
        self, key: RunKey, shards: int, writes: Sequence[RosterWrite], now: datetime
    ) -> Sequence[Refusal]:
        refusals = []
        for write in writes:
            self.on_write("roster")
            if passing := self.fails(write):
                refusals.append(Refusal(write.collection, write.id, passing, passing=True))
            elif self._overtaken(key, shards, write):
                refusals.append(Refusal(write.collection, write.id, OVERTAKEN))
            elif write.login is None:
                self._put(key, shards, write, write.doc, now)
            else:
                refusals.extend(self._with_login(key, shards, write, now))
        return refusals

    store = Store.ROSTER

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[SweptPage]:
        """``GroupSweeper``: the records of a group, and the login names of its users."""
        yield SweptPage({}, "an empty partition")
        for at in sorted(at for at in self.records if at[0].startswith(f"{group_id}#")):
            position = "|".join(at)
            record = self.records[at]
            name = (enterprise, str(record.doc.get("loginName", "")).casefold())
            tally = {tally_name(Store.ROSTER, record.collection.entity): 1}
            if "loginName" in record.doc:
                tally[tally_name(Store.ROSTER, "loginNames")] = 1
            yield SweptPage({} if position == counted else tally, position)
            self.on_write("sweep")
            if self.logins.get(name, ("", 0))[0] == at[1]:
                del self.logins[name]
            self.on_write("sweep")
            del self.records[at]
        if group_id in self.stamps:
            yield SweptPage(
                {} if counted == "stamp" else {tally_name(Store.ROSTER, "stamps"): 1}, "stamp"
            )
            del self.stamps[group_id]

    def records_of(
        self, group_id: GroupId, shards: int | None, now: datetime
    ) -> Iterator[TableRecord]:
        """Every record of a group that has not expired."""
        for (pk, sk), record in list(self.records.items()):
            if not pk.startswith(f"{group_id}#") or (
                record.expires_at is not None and record.expires_at < now
            ):
                continue
            yield TableRecord(
                collection=record.collection,
                id=RecordId(sk.rsplit("#", 1)[-1]),
                doc=record.doc,
                order=record.seq,
                left=record.removal,
                since=record.left_at,
            )

    def of(self, group_id: GroupId, collection: Collection) -> dict[str, dict[str, Any]]:
        """The documents of a group, by sort key."""
        return {
            sk: record.doc
            for (pk, sk), record in self.records.items()
            if pk.startswith(f"{group_id}#")
            and record.collection is collection
            and record.removal != "deleted"
        }

    def _overtaken(self, key: RunKey, shards: int, write: RosterWrite) -> bool:
        place = record_key(key.group_id, shards, write)
        held = self.records.get((place["pk"], place["sk"]))
        return held is not None and held.seq > key.seq

    def _put(
        self, key: RunKey, shards: int, write: RosterWrite, doc: dict[str, Any], now: datetime
    ) -> None:
        place = record_key(key.group_id, shards, write)
        at = (place["pk"], place["sk"])
        if at in self.records and self.records[at].seq >= key.seq:
            return
        if write.removal is not None and at not in self.records:
            return
        self.writes += 1
        if write.removal is not None:
            self.records[at] = Record(
                write.collection,
                self.records[at].doc,
                key.seq,
                write.removal.kind,
                write.removal.since,
                write.removal.until,
            )
            return
        self.records[at] = Record(write.collection, doc, key.seq)

    def _with_login(
        self, key: RunKey, shards: int, write: RosterWrite, now: datetime
    ) -> list[Refusal]:
        place = record_key(key.group_id, shards, write)
        held = self.records.get((place["pk"], place["sk"]))
        login = write.login
        assert login is not None
        refusals, doc = [], write.doc
        if login.take is not None:
            name = (key.enterprise, login.take.casefold())
            applied = held is not None and held.seq == key.seq
            owner, _ = self.logins.get(name, (None if applied else write.id, 0))
            if owner in login.inherits and not applied and self.logins[name][1] < key.seq:
                owner = write.id
            if owner != write.id:
                doc = {k: v for k, v in doc.items() if k != "loginName"}
                refusals.append(Refusal(write.collection, write.id, "login_name_taken"))
            elif not applied:
                self.logins[name] = (write.id, key.seq)
                self.login_groups[write.id] = key.group_id
        self._put(key, shards, write, doc, now)
        for released in login.release:
            name = (key.enterprise, released.casefold())
            held_by, since = self.logins.get(name, ("", 0))
            if held_by == write.id and since < key.seq:
                del self.logins[name]
        return refusals


class InMemoryHoldings:
    """``RosterHoldings`` over a roster in memory."""

    def __init__(self, roster: InMemoryRoster) -> None:
        self._roster = roster

    def stamp(self, group_id: GroupId) -> Stamp | None:
        return self._roster.stamps.get(group_id)

    def login_holders(
        self, enterprise: EnterpriseId, names: Sequence[str]
    ) -> Mapping[str, LoginHolder]:
        assert len(names) == len(set(names))
        logins, groups = self._roster.logins, self._roster.login_groups
        found = {
            name: logins[enterprise, name][0] for name in names if (enterprise, name) in logins
        }
        return {name: LoginHolder(user, groups.get(user)) for name, user in found.items()}

    def records(
        self, group_id: GroupId, shards: int | None, now: datetime
    ) -> Iterator[TableRecord]:
        yield from self._roster.records_of(group_id, shards, now)


class InMemoryObjects:
    """``Objects`` in memory, tags included."""

    def __init__(self, on_write: Callable[[str], None] = lambda name: None) -> None:
        self.objects: dict[str, bytes] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.on_write = on_write

    def put(self, key: str, body: bytes, tags: dict[str, str] | None = None) -> None:
        self.on_write("object")
        self.objects[key] = body
        self.tags[key] = tags or {}

    def has(self, key: str) -> bool:
        return key in self.objects

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        if key not in self.objects:
            raise MissingObjectError(key)
        end = None if length is None else start + length
        return self.objects[key][start:end]

    def open(self, place: BundleObject) -> BinaryIO:
        return io.BytesIO(self.get(place.key))

    def upload(self, key: str, path: Path, tags: dict[str, str] | None = None) -> None:
        self.put(key, path.read_bytes(), tags)

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self.get(key))

    def download_past(self, key: str, path: Path) -> None:
        self.download(key, path)

    def list(self, prefix: str) -> Iterator[str]:
        return iter([key for key in self.objects if key.startswith(prefix)])

    def tag(self, keys: Iterable[str], tags: dict[str, str], *, required: bool = False) -> None:
        for key in keys:
            self.on_write("tag")
            if key in self.objects:
                self.tags[key] = tags
            elif required:
                raise MissingObjectError(key)

    store = Store.BUCKET

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[SweptPage]:
        """``GroupSweeper``: the objects of a group."""
        for key in sorted(key for key in self.objects if key.split("/")[1] == group_id):
            tally = {tally_name(Store.BUCKET, key.split("/")[0]): 1}
            yield SweptPage({} if key == counted else tally, key)
            self.on_write("sweep")
            del self.objects[key]
            self.tags.pop(key, None)

    def expire(self) -> None:
        """Drop what the bucket's lifecycle would drop in the end."""
        for key, tags in list(self.tags.items()):
            if tags in (CANDIDATE, SUPERSEDED):
                del self.objects[key], self.tags[key]


@dataclass
class InMemoryQueue:
    """``Queue`` in memory: messages wait in ``messages`` until a test takes them."""

    messages: list[Message] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    on_write: Callable[[str], None] = lambda name: None

    def send(self, messages: Iterable[Message], *, delay_seconds: int = 0) -> None:
        for message in messages:
            self.on_write("send")
            self.messages.append(message)
            self.delays.append(delay_seconds)

    def empty(self) -> bool:
        return not self.messages


@dataclass
class InMemoryQueueWatch:
    """``QueueWatch`` in memory."""

    seen: dict[WorkQueue, datetime] = field(default_factory=dict)

    def emptied(self) -> Mapping[WorkQueue, datetime]:
        return dict(self.seen)

    def saw_empty(self, queues: Iterable[WorkQueue], now: datetime) -> None:
        self.seen |= dict.fromkeys(queues, now)


@dataclass
class InMemoryExportRequests:
    """``ExportRequests`` in memory."""

    asked: dict[tuple[GroupId, int], datetime] = field(default_factory=dict)

    def first(self, group_id: GroupId, seq: int, now: datetime) -> bool:
        before = self.asked.get((group_id, seq))
        if before is not None and now - before < timers.EXPORT_AGAIN:
            return False
        self.asked[group_id, seq] = now
        return True


class PlainSecrets:
    """``Secrets`` that only note which group a ciphertext is bound to."""

    def encrypt(self, group_id: GroupId, name: SecretName, secret: str) -> str:
        return f"{group_id}|{name}|{secret[::-1]}"

    def decrypt(self, group_id: GroupId, name: SecretName, ciphertext: str) -> str:
        bound, bound_name, text = ciphertext.split("|", 2)
        assert (bound, bound_name) == (group_id, name)
        return text[::-1]


@dataclass
class InMemoryRunLog:
    """``RunLog`` in memory."""

    runs: list[Run] = field(default_factory=list)

    def ended(self, run: Run) -> None:
        self.runs.append(run)


@dataclass
class InMemoryAnnouncements:
    """``Announcements`` in memory."""

    published: list[Event] = field(default_factory=list)
    on_write: Callable[[str], None] = lambda name: None

    def publish(self, *events: Event) -> None:
        self.on_write("announce")
        self.published += events

    @property
    def finished(self) -> list[str]:
        """The runs whose end was published, by id."""
        return [event.run_id for event in self.published if isinstance(event, RunFinished)]

    @property
    def refused(self) -> list[str]:
        """Why drops were refused."""
        return [e.reason for e in self.published if isinstance(e, DropRefused)]
