"""Pulls a roster from a REST source into staged objects, leg by leg.

Each leg begins at the cursor that the leg before it left on the run. Only objects that the cursor
lists count, so a page that two legs read adds nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from shared.domain import object_keys
from shared.domain.group.group import GroupConfig
from shared.domain.group.secrets import SecretName
from shared.domain.roster.collection import Collection, CollectionStatus
from shared.domain.roster.oneroster_json import staged_row
from shared.domain.roster.staged_rows import Absent, PlanCursor, StagedCollection, StagedRoster
from shared.domain.run.results import NextLeg
from shared.domain.run.run import Run, RunState
from shared.messages import ExtractLeg
from shared.ports.groups import Secrets
from shared.ports.messaging import Queue
from shared.ports.sources import Source
from shared.sync.back_off import BackOff
from shared.sync.extract.confirm_absences import UnaskedError, find_present
from shared.sync.extract.cursor import Cursor
from shared.sync.extract.paging import read_on
from shared.sync.extract.patient_source import PatientSource
from shared.sync.leg import USUAL_PACE, Leg, LegOverError, Pace, claim_leg
from shared.sync.run_ports import RunPorts
from shared.sync.staging import StagedWriter


@dataclass(frozen=True)
class ExtractPorts:
    """What extraction needs of the world.

    ``run``: what every stage needs.
    ``extract_queue``: where the next leg waits.
    ``plan_queue``: where the plan waits.
    ``secrets``: decrypts the secret of the connection.
    ``open_source``: speaks to a source with that secret.
    ``back_off``: makes the pauses after failures.
    ``pace``: how long a leg lasts.
    """

    run: RunPorts
    extract_queue: Queue
    plan_queue: Queue
    secrets: Secrets
    open_source: Callable[[GroupConfig, str], Source]
    back_off: BackOff
    pace: Pace = USUAL_PACE


def extract_leg(message: ExtractLeg, ports: ExtractPorts, owner: str) -> None:
    """Do one leg of a run's extraction, if it can be claimed.

    :param owner: names this invocation.
    """
    leg = claim_leg(message, RunState.EXTRACTING, owner, ports.run, ports.pace)
    if leg is not None:
        leg.do(lambda: _extract(leg, ports))


def _extract(leg: Leg, ports: ExtractPorts) -> None:
    cursor = leg.cursor(Cursor)
    source = _open_source(leg.run, ports)
    extraction = _Extraction(leg, cursor, PatientSource(source, leg, cursor, ports.back_off))
    try:
        if cursor.staged is None:
            extraction.read_roster()
        else:
            extraction.confirm_absences()
    except LegOverError as over:
        extraction.flush()
        here = cursor.model_dump(mode="json")
        step = NextLeg(RunState.EXTRACTING, here, cursor.progress, over.delay_seconds)
        leg.hand_on(step, ports.extract_queue)
        return
    finally:
        _remember_learned(leg, source)
    staged = cursor.staged or StagedRoster(collections=cursor.done)
    asked = PlanCursor(
        staged=staged,
        present=cursor.present,
        unasked=cursor.unasked,
        exceptions=cursor.exceptions,
    )
    leg.hand_on_to_plan(asked, ports.plan_queue)


def _open_source(run: Run, ports: ExtractPorts) -> Source:
    ciphertext = run.config.secrets[SecretName.SECRET_KEY]
    secret = ports.secrets.decrypt(run.group_id, SecretName.SECRET_KEY, ciphertext)
    return ports.open_source(run.config, secret)


def _remember_learned(leg: Leg, source: Source) -> None:
    """Keep with the group what is new of what was found out about its source."""
    known, learned = leg.run.config.learned, source.learned()
    if learned.items() - known.items():
        leg.ports.legs.learn(leg.run.key, known | learned)


@dataclass
class _Extraction:
    """Reads from the source into staged objects, and moves the cursor on."""

    leg: Leg
    cursor: Cursor
    source: PatientSource
    _writer: StagedWriter | None = field(init=False, default=None)
    _staged_before: tuple[str, ...] = field(init=False, default=())

    def read_roster(self) -> None:
        """Read every collection that is not done."""
        for collection in Collection:
            if collection not in self.cursor.done:
                self._read(collection)

    def confirm_absences(self) -> None:
        """Look for the absent records of every collection that is not done."""
        self.cursor.present = self.cursor.present or {}
        for collection, absent in self.cursor.absent.items():
            if collection not in self.cursor.present:
                self._confirm(collection, absent)

    def flush(self) -> None:
        """Write the rows gathered so far, and list their objects at the cursor."""
        if self._writer is not None:
            self._writer.flush()
            self.cursor.objects = self._staged_before + self._writer.keys

    def _read(self, collection: Collection) -> None:
        """Read one collection to its end."""
        cursor, run = self.cursor, self.leg.run
        if cursor.reading is not collection or cursor.place is None:
            cursor.reading, cursor.place = collection, self.source.first_place()
            cursor.objects, cursor.rows = (), 0
        writer = self._stage_as(
            object_keys.staged_prefix(run.key, collection, run.leg, self.leg.owner)
        )
        in_order = cursor.place.in_order
        pages = partial(self.source.pages, collection)
        for place, entities in read_on(collection, cursor.place, pages):
            for entity in entities:
                writer.add(staged_row(collection, entity, run.config.stored_fields))
            cursor.rows += len(entities)
            cursor.place, in_order = place, place.in_order
        self.flush()
        cursor.done[collection] = StagedCollection(
            collection=collection,
            status=CollectionStatus.COMPLETE if in_order else CollectionStatus.UNPROVEN,
            objects=cursor.objects,
            rows=cursor.rows,
        )
        cursor.reading, cursor.place = None, None

    def _confirm(self, collection: Collection, absent: Absent) -> None:
        """Stage what the source has after all of one collection."""
        cursor, run = self.cursor, self.leg.run
        if cursor.reading is not collection:
            cursor.reading, cursor.place = collection, None
            cursor.objects, cursor.rows, cursor.asked = (), 0, 0
            # Each collection may fail as often as a whole roster: it costs only its own absences.
            cursor.failures = 0
        writer = self._stage_as(
            object_keys.present_prefix(run.key, collection, run.leg, self.leg.owner)
        )
        objects = self.leg.ports.objects
        try:
            for rows in find_present(collection, absent, cursor, objects, self.source):
                for row in rows:
                    writer.add(row)
        except UnaskedError as error:
            cursor.unasked = cursor.unasked | {collection: error.why}
        self.flush()
        cursor.present = (cursor.present or {}) | {collection: cursor.objects}

    def _stage_as(self, prefix: str) -> StagedWriter:
        self._writer = StagedWriter(self.leg.ports.objects, prefix)
        self._staged_before = self.cursor.objects
        return self._writer
