"""Pulls a roster from a REST source into staged objects, leg by leg.

A leg ends when its time is over; the next goes on from the cursor kept on the run. Only objects
that the cursor lists count, so that a page read again by another leg adds nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from shared.domain import object_keys
from shared.domain.errors import GiveUpError, SourceBusyError, StoppedError
from shared.domain.group.connection import ApiConnection
from shared.domain.group.group import GroupConfig
from shared.domain.group.secrets import SecretName
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.oneroster_json import staged_row
from shared.domain.roster.staged_rows import Absent, PlanCursor, StagedCollection, StagedRoster
from shared.domain.run.results import NextLeg
from shared.domain.run.run import Run, RunState
from shared.messages import ExtractLeg
from shared.ports.bucket import Objects
from shared.ports.groups import Secrets
from shared.ports.messaging import Announcements, Queue
from shared.ports.runs import Legs, RunLog, Runs
from shared.ports.sources import Page, Source
from shared.sync.close.finish_run import fail
from shared.sync.extract.confirm_absences import Asking, confirm
from shared.sync.extract.paging import AT_ONCE, Place, read_on
from shared.sync.refuse_newer import refuse_newer
from shared.sync.request.send_work import at_leg, send_extract_leg, send_plan
from shared.sync.staging import StagedWriter

DEFAULT_PAGE_SIZE = 1000
TRIES, TRIES_BEFORE_FIRST_ANSWER = 8, 3
BACK_OFF_SECONDS, BACK_OFF_CAP_SECONDS = 1.0, 30.0
PATIENCE = 40
"""How many failures in all a run bears, over all its legs."""
MAX_DELAY_SECONDS = 900


@dataclass(frozen=True)
class ExtractPorts:
    """What extraction needs of the world; ``chance`` gives numbers from 0 to 1."""

    runs: Runs
    legs: Legs
    objects: Objects
    extract_queue: Queue
    plan_queue: Queue
    secrets: Secrets
    announcements: Announcements
    run_log: RunLog
    open_source: Callable[[GroupConfig, str], Source]
    clock: Callable[[], datetime]
    wait: Callable[[float], None]
    chance: Callable[[], float]
    leg: timedelta = timedelta(minutes=4)
    beat: timedelta = timedelta(seconds=20)


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Cursor(BaseModel):
    """Where an extraction stands: what is done, and the collection that is being read.

    Once a plan has found records ``absent``, these are asked for: ``staged`` is the roster that was
    delivered, ``present`` where the ids are that are there after all, by collection done.
    """

    done: dict[Collection, StagedCollection] = {}
    reading: Collection | None = None
    place: Place | None = None
    objects: tuple[str, ...] = ()
    rows: int = 0
    failures: int = 0
    reached: bool = False
    staged: StagedRoster | None = None
    absent: dict[Collection, Absent] = {}
    present: dict[Collection, tuple[str, ...]] | None = None


class _LegOverError(Exception):
    def __init__(self, delay_seconds: float = 0) -> None:
        super().__init__()
        self.delay_seconds = delay_seconds


def extract_leg(message: ExtractLeg, ports: ExtractPorts, owner: str) -> None:
    """Do one leg of the extraction that ``message`` speaks of, if it can be claimed."""
    states = frozenset({RunState.ACCEPTED, RunState.EXTRACTING})
    run = ports.legs.claim(message.key, states, message.leg, owner, ports.clock())
    if run is None:
        return
    try:
        refuse_newer(run, Cursor)
        _Leg(run, ports, owner).work()
    except GiveUpError as error:
        fail(run, error.reason, owner, ports.legs, ports.runs, ports)
    except StoppedError:
        return


@dataclass
class _Leg:
    run: Run
    ports: ExtractPorts
    owner: str
    cursor: Cursor = field(init=False)

    def __post_init__(self) -> None:
        self.cursor = Cursor.model_validate(self.run.cursor or {})
        self._ends_at = self.ports.clock() + self.ports.leg
        self._beat_at = self.ports.clock() + self.ports.beat

    def work(self) -> None:
        source = self._open_source()
        try:
            if self.cursor.staged is not None:
                self._confirm(source)
            for collection in Collection if self.cursor.staged is None else ():
                if collection not in self.cursor.done:
                    self._read(source, collection)
        except _LegOverError as over:
            self._flush()
            self._hand_on(min(int(over.delay_seconds), MAX_DELAY_SECONDS))
            return
        finally:
            learned = source.learned()
            if learned and learned.items() - self.run.config.learned.items():
                self.ports.legs.learn(self.run.key, self.run.config.learned | learned)
        cursor = PlanCursor(
            staged=self.cursor.staged or StagedRoster(collections=self.cursor.done),
            present=self.cursor.present,
        )
        now = self.ports.clock()
        leg = self.ports.legs.hand_on(
            self.run.key,
            self.owner,
            now,
            NextLeg(
                RunState.PLANNING,
                cursor=cursor.model_dump(mode="json"),
                progress={"stage": "planning"},
            ),
        )
        run = at_leg(self.run, RunState.PLANNING, leg)
        send_plan(run, self.ports.plan_queue, self.ports.runs, now)

    def _open_source(self) -> Source:
        ciphertext = self.run.config.secrets[SecretName.SECRET_KEY]
        secret = self.ports.secrets.decrypt(self.run.group_id, SecretName.SECRET_KEY, ciphertext)
        return self.ports.open_source(self.run.config, secret)

    def _read(self, source: Source, collection: Collection) -> None:
        """Read one collection to its end."""
        cursor = self.cursor
        connection = self.run.config.connection
        assert isinstance(connection, ApiConnection)
        if cursor.reading is not collection:
            limit = connection.page_size or DEFAULT_PAGE_SIZE
            cursor.reading, cursor.place = collection, Place(limit=limit)
            cursor.objects, cursor.rows = (), 0
        assert cursor.place is not None
        run = self.run
        self._objects_before = cursor.objects
        prefix = object_keys.staged_prefix(run.key, collection, run.leg, self.owner)
        self._writer = StagedWriter(self.ports.objects, prefix)

        def fetch(offsets: Sequence[int], limit: int, in_order: bool) -> Sequence[Page]:
            self._look_up()
            return self._fetch(source, collection, offsets, limit, in_order)

        for place, entities in read_on(collection, cursor.place, fetch):
            for entity in entities:
                self._writer.add(staged_row(collection, entity, self.run.config.stored_fields))
            cursor.rows += len(entities)
            cursor.place = place
        self._flush()
        status = CollectionStatus.COMPLETE if cursor.place.in_order else CollectionStatus.UNPROVEN
        cursor.done[collection] = StagedCollection(
            collection=collection, status=status, objects=cursor.objects, rows=cursor.rows
        )
        cursor.reading, cursor.place = None, None

    def _confirm(self, source: Source) -> None:
        """Ask for each absent record, collection by collection."""
        cursor = self.cursor
        present = cursor.present or {}
        for collection, absent in cursor.absent.items():
            if collection in present:
                continue
            cursor.reading, cursor.rows, cursor.objects = collection, 0, ()
            self._objects_before = ()
            prefix = object_keys.present_prefix(self.run.key, collection, self.run.leg, self.owner)
            self._writer = StagedWriter(self.ports.objects, prefix)
            asking = Asking(
                have=lambda kind, ids: self._have(source, kind, ids),
                all_ids=lambda kind: self._all_ids(source, kind),
                found=self._found,
            )
            confirm(collection, absent, self.ports.objects, asking)
            self._flush()
            present = present | {collection: cursor.objects}
            cursor.present = present
        cursor.present = present

    def _found(self, ids: Sequence[str]) -> None:
        for sourced_id in ids:
            self._writer.add({"sourced_id": sourced_id})

    def _have(self, source: Source, collection: Collection, ids: Sequence[str]) -> Sequence[str]:
        self._look_up()
        there = self._gather(ids, lambda sourced_id: source.has(collection, sourced_id))
        self.cursor.rows += len(ids)
        return [sourced_id for sourced_id in ids if there[sourced_id]]

    def _all_ids(self, source: Source, collection: Collection) -> Iterator[Sequence[str]]:
        """Read a collection once more, for its ids; a leg that ends begins it anew."""
        connection = self.run.config.connection
        assert isinstance(connection, ApiConnection)

        def fetch(offsets: Sequence[int], limit: int, in_order: bool) -> Sequence[Page]:
            self._look_up()
            return self._fetch(source, collection, offsets, limit, in_order)

        place = Place(limit=connection.page_size or DEFAULT_PAGE_SIZE)
        for _, entities in read_on(collection, place, fetch):
            self.cursor.rows += len(entities)
            rows = [staged_row(collection, entity, ()) for entity in entities]
            yield [row["sourced_id"].strip() for row in rows if row.get("sourced_id")]

    def _look_up(self) -> None:
        """Between pages: is the leg over, is a heartbeat due?"""
        now = self.ports.clock()
        if now >= self._ends_at:
            raise _LegOverError
        if now >= self._beat_at:
            self._beat_at = now + self.ports.beat
            self.ports.legs.beat(self.run.key, self.owner, now, self._progress())

    def _progress(self) -> dict[str, Any]:
        rows = {name.entity: done.rows for name, done in self.cursor.done.items()}
        if self.cursor.reading is not None:
            rows[self.cursor.reading.entity] = self.cursor.rows
        return {"stage": "fetching", "fetched": rows}

    def _fetch(
        self,
        source: Source,
        collection: Collection,
        offsets: Sequence[int],
        limit: int,
        in_order: bool,
    ) -> Sequence[Page]:
        """Read pages side by side."""
        pages = self._gather(
            offsets,
            lambda offset: source.page(collection, offset=offset, limit=limit, in_order=in_order),
        )
        return [pages[offset] for offset in offsets]

    def _gather(self, keys: Sequence[_Key], read: Callable[[_Key], _Value]) -> dict[_Key, _Value]:
        """Ask for several things at once; what fails in passing is tried again together."""
        found: dict[_Key, _Value] = {}
        tries = 0
        while True:
            missing = [key for key in keys if key not in found]
            busy = self._try(missing, read, found)
            self.cursor.reached = self.cursor.reached or bool(found)
            if busy is None:
                return found
            tries = tries + 1 if len(missing) == len(keys) - len(found) else 1
            self.cursor.failures += 1
            bound = TRIES if self.cursor.reached else TRIES_BEFORE_FIRST_ANSWER
            if tries >= bound or self.cursor.failures > PATIENCE + self._answered():
                raise GiveUpError(busy.reason)
            self._back_off(tries, busy)

    def _answered(self) -> int:
        """A large roster may meet more failures: one more for each thousand rows."""
        return (sum(done.rows for done in self.cursor.done.values()) + self.cursor.rows) // 1000

    def _try(
        self, keys: Sequence[_Key], read: Callable[[_Key], _Value], found: dict[_Key, _Value]
    ) -> SourceBusyError | None:
        """Ask for ``keys`` into ``found``; returns the last passing fault."""

        def attempt(key: _Key) -> _Value | SourceBusyError:
            try:
                return read(key)
            except SourceBusyError as error:
                return error

        if len(keys) == 1:
            outcomes = [attempt(keys[0])]
        else:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                outcomes = list(pool.map(attempt, keys))
        busy = None
        for key, outcome in zip(keys, outcomes, strict=True):
            if isinstance(outcome, SourceBusyError):
                busy = outcome
            else:
                found[key] = outcome
        return busy

    def _back_off(self, tries: int, busy: SourceBusyError) -> None:
        """Wait as the source asks, or longer each time (full jitter); in the next leg if long."""
        cap = min(BACK_OFF_CAP_SECONDS, BACK_OFF_SECONDS * 2**tries)
        seconds = busy.after_seconds or cap * self.ports.chance()
        now = self.ports.clock()
        if now + timedelta(seconds=seconds) >= self._ends_at:
            raise _LegOverError(seconds)
        if now + timedelta(seconds=seconds) >= self._beat_at:
            self._beat_at = now + self.ports.beat
            self.ports.legs.beat(self.run.key, self.owner, now, self._progress())
        self.ports.wait(seconds)

    def _flush(self) -> None:
        """Write what is gathered, and list the objects at the cursor."""
        self._writer.flush()
        self.cursor.objects = self._objects_before + self._writer.keys

    def _hand_on(self, delay_seconds: int) -> None:
        now = self.ports.clock()
        leg = self.ports.legs.hand_on(
            self.run.key,
            self.owner,
            now,
            NextLeg(
                RunState.EXTRACTING,
                cursor=self.cursor.model_dump(mode="json"),
                progress=self._progress(),
                delay_seconds=delay_seconds,
            ),
        )
        run = at_leg(self.run, RunState.EXTRACTING, leg)
        queues = {run.extractor: self.ports.extract_queue}
        send_extract_leg(run, queues, self.ports.runs, now, delay_seconds)
