"""Opens a bundle where it lies and stages its rows, leg by leg.

A leg ends when its time is over; the next reads the file that was being read from its start, and
passes over the rows that are staged already: inflating is quick, and nothing else can be resumed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from pydantic import BaseModel

from shared.bundles import file_reasons
from shared.bundles.csv_records import find_delimiter, header_cells, read_records
from shared.bundles.date_order import DateOrder, settle
from shared.bundles.encoding import read_lines
from shared.bundles.header import read_header
from shared.bundles.manifest import Manifest
from shared.bundles.open_bundle import OpenBundle, open_bundle, read_contents
from shared.bundles.repairs import FileFindings
from shared.bundles.rows import RowReader
from shared.domain import object_keys
from shared.domain.errors import GiveUpError, MissingObjectError, StoppedError
from shared.domain.group.choices import StoredField
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.csv_columns import FILES
from shared.domain.roster.findings import FileFinding
from shared.domain.roster.staged_rows import PlanCursor, StagedCollection, StagedPart, StagedRoster
from shared.domain.run.bundle import Bundle
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import Reason, Run, RunState
from shared.messages import ExtractLeg
from shared.ports.bucket import Objects
from shared.ports.messaging import Announcements, Queue
from shared.ports.runs import Legs, RunLog, Runs
from shared.sync.close.finish_run import announce, fail
from shared.sync.ingest.known_bundle import close_repeated, later_bundle, repeated
from shared.sync.refuse_newer import refuse_newer
from shared.sync.request.request_sync import MARKED
from shared.sync.request.send_work import at_leg, send_extract_leg, send_plan
from shared.sync.staging import StagedWriter

ROWS_BETWEEN_LOOKS = 5000
ROLES = "roles"
_PARTS = (*(collection.value.casefold() for collection in Collection), ROLES)


@dataclass(frozen=True)
class IngestPorts:
    """What reading a bundle needs of the world."""

    runs: Runs
    legs: Legs
    objects: Objects
    ingest_queue: Queue
    plan_queue: Queue
    announcements: Announcements
    run_log: RunLog
    clock: Callable[[], datetime]
    leg: timedelta = timedelta(minutes=4)
    beat: timedelta = timedelta(seconds=20)


class _Reading(BaseModel):
    """How far the file that is being read has been staged."""

    stem: str
    records: int = 0
    objects: tuple[str, ...] = ()
    rows: int = 0
    status_filled: int = 0
    orders: dict[str, DateOrder] = {}
    findings: tuple[FileFinding, ...] = ()


class Cursor(BaseModel):
    """Where reading a bundle stands."""

    done: dict[str, StagedPart] = {}
    reading: _Reading | None = None
    findings: tuple[FileFinding, ...] = ()


class _LegOverError(Exception):
    pass


def ingest_leg(message: ExtractLeg, ports: IngestPorts, owner: str) -> None:
    """Do one leg of reading the bundle of the run that ``message`` speaks of."""
    states = frozenset({RunState.ACCEPTED, RunState.EXTRACTING})
    run = ports.legs.claim(message.key, states, message.leg, owner, ports.clock())
    if run is None:
        return
    try:
        refuse_newer(run, Cursor)
        if run.marked:
            raise GiveUpError(MARKED)
        _Leg(run, ports, owner).work()
    except GiveUpError as error:
        fail(run, error.reason, owner, ports.legs, ports.runs, ports)
    except StoppedError:
        return


@dataclass
class _Leg:
    run: Run
    ports: IngestPorts
    owner: str
    cursor: Cursor = field(init=False)

    def __post_init__(self) -> None:
        self.cursor = Cursor.model_validate(self.run.cursor or {})
        self._ends_at = self.ports.clock() + self.ports.leg
        self._beat_at = self.ports.clock() + self.ports.beat

    def work(self) -> None:
        assert self.run.bundle is not None
        try:
            opened = open_bundle(self.run.bundle, self.ports.objects.open)
            bundle = self.run.bundle.model_copy(
                update={"digest": opened.digest, "newest": opened.newest}
            )
            contents = read_contents(opened)
            if self.run.cursor is None:
                if self._needless(bundle):
                    return
                self.cursor.findings = contents.findings
            for stem in _PARTS:
                if stem in opened.entries and stem not in self.cursor.done:
                    self._stage_file(opened, contents.manifest, stem)
        except MissingObjectError as error:
            raise GiveUpError(_bundle_expired()) from error
        except _LegOverError:
            self._hand_on(self.run.bundle)
            return
        if not self.cursor.done:
            raise GiveUpError(file_reasons.nothing_to_read())
        self._hand_over(bundle)

    def _needless(self, bundle: Bundle) -> bool:
        """End a run whose bundle is the last one again, or older than it."""
        now, runs, legs = self.ports.clock(), self.ports.runs, self.ports.legs
        if known := repeated(self.run, bundle, runs):
            close_repeated(self.run, known, bundle, self.owner, legs, now)
        elif not bundle.accept_older and (later := later_bundle(self.run, bundle, runs)):
            legs.close(
                self.run.key, now, RunEnd(RunState.HELD, _older(later), bundle=bundle), self.owner
            )
        else:
            return False
        announce(self.run.key, runs, legs, self.ports)
        return True

    def _stage_file(self, opened: OpenBundle, manifest: Manifest, stem: str) -> None:
        """Stage one file to its end, or to the end of the leg."""
        file, status = opened.entries[stem].name, manifest.status(stem)
        if status is CollectionStatus.ABSENT:
            return
        if self.cursor.reading is None or self.cursor.reading.stem != stem:
            self.cursor.reading = _Reading(stem=stem)
        reading = self.cursor.reading
        seen = reading.records
        # What a pause has read again is not counted again.
        findings = FileFindings(file) if seen else FileFindings(file, reading.findings)
        with opened.open(stem) as stream:
            lines = read_lines(stream, file, findings)
            first = next(lines, "")
            delimiter = find_delimiter(first)
            if delimiter != ",":
                findings.note("delimiter", found="tab" if delimiter == "\t" else delimiter)
            stored = self.run.config.stored_fields
            header = read_header(
                stem,
                file,
                header_cells(first, delimiter),
                findings,
                metadata_stored=stem == "users" and StoredField.METADATA in stored,
            )
            records = read_records(lines, delimiter)
            for _ in islice(records, seen):
                pass
            if seen:
                findings = FileFindings(file, reading.findings)
            rows = RowReader(
                stem,
                header,
                stored,
                findings,
                bulk=status is CollectionStatus.COMPLETE,
                orders=reading.orders,
                status_filled=reading.status_filled,
            )
            writer = self._writer(stem)
            before = reading.objects

            def pause() -> None:
                """Say how far the file is staged; what is gathered is written first."""
                writer.flush()
                reading.objects = before + writer.keys
                reading.status_filled = rows.status_filled
                reading.findings = findings.all()

            for record in records:
                row = rows.row(record)
                if row is not None:
                    writer.add(row)
                    reading.rows += 1
                reading.records += 1
                if reading.records % ROWS_BETWEEN_LOOKS == 0 and self._leg_is_over():
                    pause()
                    raise _LegOverError
            orders = settle(rows.orders, findings)
            pause()
        staged = FILES[stem].staged
        self.cursor.done[stem] = StagedPart(
            status=status,
            objects=reading.objects,
            rows=reading.rows,
            status_filled=reading.status_filled,
            file=file,
            date_orders={staged[name]: order for name, order in orders.items()},
        )
        self.cursor.findings += reading.findings
        self.cursor.reading = None

    def _writer(self, stem: str) -> StagedWriter:
        run = self.run
        prefix = object_keys.staged_prefix(run.key, stem, run.leg, self.owner)
        return StagedWriter(self.ports.objects, prefix)

    def _leg_is_over(self) -> bool:
        now = self.ports.clock()
        if now >= self._beat_at:
            self._beat_at = now + self.ports.beat
            self.ports.legs.beat(self.run.key, self.owner, now, self._progress())
        return now >= self._ends_at

    def _progress(self) -> dict[str, Any]:
        rows = {stem: part.rows for stem, part in self.cursor.done.items()}
        if self.cursor.reading is not None:
            rows[self.cursor.reading.stem] = self.cursor.reading.rows
        return {"stage": "fetching", "fetched": rows}

    def _hand_on(self, bundle: Bundle) -> None:
        now = self.ports.clock()
        leg = self.ports.legs.hand_on(
            self.run.key,
            self.owner,
            now,
            NextLeg(
                RunState.EXTRACTING,
                cursor=self.cursor.model_dump(mode="json"),
                progress=self._progress(),
                bundle=bundle,
            ),
        )
        run = at_leg(self.run, RunState.EXTRACTING, leg).model_copy(update={"bundle": bundle})
        queues = {run.extractor: self.ports.ingest_queue}
        send_extract_leg(run, queues, self.ports.runs, now)

    def _hand_over(self, bundle: Bundle) -> None:
        done = self.cursor.done
        roster = StagedRoster(
            collections={
                collection: StagedCollection(
                    collection=collection, **done[collection.value.casefold()].model_dump()
                )
                for collection in Collection
                if collection.value.casefold() in done
            },
            roles=done.get(ROLES),
            findings=self.cursor.findings,
        )
        now = self.ports.clock()
        leg = self.ports.legs.hand_on(
            self.run.key,
            self.owner,
            now,
            NextLeg(
                RunState.PLANNING,
                cursor=PlanCursor(staged=roster).model_dump(mode="json"),
                progress={"stage": "planning"},
                bundle=bundle,
            ),
        )
        run = at_leg(self.run, RunState.PLANNING, leg)
        send_plan(run, self.ports.plan_queue, self.ports.runs, now)


def _older(later: Run) -> Reason:
    return Reason(
        code="bundle_older",
        message=f"The bundle is older than that of run {later.key.run_id}. Nothing was changed. If "
        "it is meant, bring it again with acceptOlder.",
    )


def _bundle_expired() -> Reason:
    return Reason(
        code="bundle_expired",
        message="The bundle of this run is no longer kept. Bring it again.",
    )
