"""The whole way of a run over in-memory stores, with a clock and queues that a test drives.

Messages wait until a test delivers them: once, twice, late, in any order, or never. A worker can be
killed at any of its writes.
"""

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import duckdb

from shared.domain.errors import TryLaterError
from shared.domain.group.choices import Authorization, OnboardingType, SyncType
from shared.domain.group.connection import ApiConnection
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.hold import Decision, HoldDecision
from shared.domain.group.secrets import SecretName
from shared.domain.ids import EnterpriseId, GroupId, RunKey, SourcedId
from shared.domain.roster.collection import Collection
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, Trigger
from shared.groups.delete_group import DeletePorts, delete_leg
from shared.messages import ApplyBatch, DeleteGroup, ExtractLeg, Message, PlanRun
from shared.ports.messaging import WorkQueue
from shared.sync.apply.apply_batch import apply_batch
from shared.sync.back_off import BackOff
from shared.sync.close.close_runs import ClosePorts, close_runs
from shared.sync.extract.extract_roster import ExtractPorts, extract_leg
from shared.sync.ingest.ingest_bundle import IngestPorts, ingest_leg
from shared.sync.leg import Pace
from shared.sync.plan.plan_run import PlanPorts, plan_run
from shared.sync.request.accept_drop import DropPorts, accept_drop
from shared.sync.request.carry_out_decision import carry_out_decision
from shared.sync.request.request_sync import RequestPorts, request_sync, restore_run, start_planning
from shared.sync.send_work import send_leg
from tests.fakes.control import InMemoryControl
from tests.fakes.control.deletions import InMemoryDeletions
from tests.fakes.control.state import GroupState
from tests.fakes.groups import InMemoryCustomers, InMemoryGroups
from tests.fakes.record_exceptions import InMemoryRecordExceptions
from tests.fakes.run_stores import RunStores
from tests.fakes.source import InMemorySource
from tests.fakes.world import (
    InMemoryAnnouncements,
    InMemoryHoldings,
    InMemoryObjects,
    InMemoryQueue,
    InMemoryRoster,
    PlainSecrets,
)

ENTERPRISE, GROUP = EnterpriseId("demo"), GroupId("group-1")


class KilledError(BaseException):
    """The worker dies here; nothing of it may catch this."""


def config(**changes: object) -> GroupConfig:
    """A group's configuration for tests."""
    secret = PlainSecrets().encrypt(GROUP, SecretName.SECRET_KEY, "secret")
    return GroupConfig(
        name="Springfield",
        onboarding_type=OnboardingType.ONEROSTER_1_2,
        sync_type=SyncType.API,
        client_partner_id=SourcedId("district"),
        connection=ApiConnection(
            url="https://sis.example",
            path="/ims/oneroster/rostering/v1p2",
            authorization=Authorization.OAUTH_2,
            consumer_key="key",
            page_size=2,
        ),
        secrets={SecretName.SECRET_KEY: secret},
        # Rosters of three people lose a third with one bad row.
        max_rejected_percent=100,
    ).model_copy(update=changes)


_SHOWN = ("id", "sourced_id", "state", "hold")


@lru_cache(maxsize=64)
def _read_snapshot(parquet: bytes) -> list[tuple[str, ...]]:
    """Read a snapshot's file; histories are looked at much more often than they change."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        Path(file.name).write_bytes(parquet)
        query = f"SELECT {', '.join(_SHOWN)} FROM read_parquet('{file.name}')"
        return duckdb.execute(query).fetchall()


def _fail(key: RunKey, error: Exception) -> None:
    raise error


@dataclass
class Simulation(RunStores):
    """One group, its source, and everything between.

    ``beside`` is another group of the enterprise: both share the stores.
    """

    source: InMemorySource = field(default_factory=InMemorySource)
    now: datetime = datetime(2026, 9, 1, 2, tzinfo=UTC)
    leg: timedelta = timedelta(minutes=4)
    group_config: GroupConfig = field(default_factory=config)
    group_id: GroupId = GROUP
    beside: "Simulation | None" = None

    def __post_init__(self) -> None:
        super().__init__()
        self._until_death: int | None = None
        self._workers = 0
        self.exceptions = InMemoryRecordExceptions()
        if self.beside is None:
            self.roster = InMemoryRoster(on_write=self._write)
            self.control = InMemoryControl(on_write=self._write, stamps=self.roster.stamps)
            self.objects = InMemoryObjects(on_write=self._write)
        else:
            self.roster, self.control = self.beside.roster, self.beside.control
            self.objects = self.beside.objects
        self.control.groups[ENTERPRISE, self.group_id] = GroupState(self.group_config)
        self.queue = InMemoryQueue(on_write=self._write)
        self.announcements = InMemoryAnnouncements(on_write=self._write)
        self.sent: list[Message] = []

    @property
    def group(self) -> GroupState:
        """The group's state."""
        return self.control.groups[ENTERPRISE, self.group_id]

    def request(self, mode: Mode = Mode.SYNC) -> Run:
        """Ask for a sync."""
        request = RunRequest(ENTERPRISE, self.group_id, mode, Trigger.REQUEST, "test")
        run = self.control.accept(request, self.now)
        self.queue.send(
            [ExtractLeg(enterprise=ENTERPRISE, group_id=self.group_id, seq=run.seq, leg=0)]
        )
        return run

    def deliver(
        self, message: Message, *, die_at: int | None = None, last_receive: bool = False
    ) -> bool:
        """Let a worker take a message; it dies at its write number ``die_at``. False if it died."""
        self._until_death = die_at
        self._workers += 1
        owner = f"worker-{self._workers}"
        try:
            match message:
                case ExtractLeg() if self._extractor(message) is SyncType.ZIP:
                    ingest_leg(message, self._ingest_ports(), owner)
                case ExtractLeg():
                    extract_leg(message, self._extract_ports(), owner)
                case PlanRun():
                    with tempfile.TemporaryDirectory() as directory:
                        plan_run(message, self._plan_ports(), owner, Path(directory))
                case DeleteGroup():
                    delete_leg(message, self._delete_ports(), owner)
                case ApplyBatch():
                    apply_batch(message, self.apply_ports(), last_receive=last_receive)
        except KilledError:
            return False
        finally:
            self._until_death = None
        return True

    def drop(self, bundle: bytes, name: str = "roster.zip") -> None:
        """Put a bundle into the group's place in the bucket, as an event tells of it."""
        key = f"drops/{self.group_id}/{name}"
        self.objects.objects[key] = bundle
        accept_drop(key, None, len(bundle), self._drop_ports())

    def delete(self) -> Run:
        """Ask for the group's deletion."""
        run = InMemoryDeletions(self.control).begin(ENTERPRISE, self.group_id, "test", self.now)
        send_leg(run, self.queue, self.control, self.now)
        return run

    def mark(self) -> None:
        """Mark the group's roster for deletion."""
        self.groups().mark(ENTERPRISE, self.group_id, self.now)

    def unmark(self) -> None:
        """Take the mark back."""
        self.groups().unmark(ENTERPRISE, self.group_id)

    @property
    def marked(self) -> bool:
        """Whether the group's roster is marked for deletion."""
        return self.groups().get(ENTERPRISE, self.group_id).marked_at is not None

    def ask(self, mode: Mode) -> Run:
        """A run that a person asks for, from the request to its end."""
        request = RunRequest(ENTERPRISE, self.group_id, mode, Trigger.REQUEST, "test")
        run = request_sync(request, self.request_ports(), self.now)
        self.settle()
        return self.control.runs[run.key]

    def request_ports(self) -> RequestPorts:
        """What requests for runs need."""
        queues = dict.fromkeys(SyncType, self.queue)
        return RequestPorts(self.groups(), self.control, queues, self.queue)

    def restore(self, seq: int) -> Run:
        """A run that goes back to run ``seq``, from the request to its end."""
        request = RunRequest(
            ENTERPRISE, self.group_id, Mode.RESTORE, Trigger.REQUEST, "test", restores=seq
        )
        run, _ = restore_run(request, self.request_ports(), self.now, keep_auto=True)
        self.settle()
        return self.control.runs[run.key]

    def take(self, index: int = 0) -> Message:
        """Take a waiting message out of the queue."""
        message = self.queue.messages.pop(index)
        self.sent.append(message)
        return message

    def drain(self) -> None:
        """Deliver everything that waits, and what follows from it."""
        while self.queue.messages:
            message = self.take()
            try:
                self.deliver(message)
            except TryLaterError:
                self.deliver(message, last_receive=True)

    def tick(self, step: timedelta) -> None:
        """Let time pass, then look after silent runs."""
        self.now += step
        ports = ClosePorts(
            run=self.run_ports(),
            drops=self.control,
            batches=self.control,
            queues=dict.fromkeys(WorkQueue, self.queue),
            watch=self.watch,
            report=_fail,
        )
        close_runs(ports)

    def settle(self) -> None:
        """Without further faults: wait until no run is open."""
        for _ in range(60):
            self.drain()
            if not any(run.open for run in self.control.runs.values()):
                return
            self.tick(timedelta(hours=2))
        message = "the run does not end"
        raise AssertionError(message)

    def plan(self, mode: Mode, *, restores: int | None = None, marked: bool = False) -> Run:
        """A run that fetches nothing, from the request to its end."""
        request = RunRequest(
            ENTERPRISE,
            self.group_id,
            mode,
            Trigger.REQUEST,
            "test",
            restores=restores,
            marked=marked,
        )
        run = start_planning(request, self.control, self.queue, self.now)
        self.settle()
        return self.control.runs[run.key]

    def decide(self, decision: Decision, digest: str | None = None) -> Run:
        """A decision on what waits, from the request to its end."""
        hold = self.group.hold
        said = digest or (hold.digest if hold else "")
        run = carry_out_decision(
            ENTERPRISE,
            self.group_id,
            HoldDecision(decision=decision, digest=said, reason="test"),
            "test",
            self.request_ports(),
            self.now,
        )
        self.settle()
        return self.control.runs[run.key]

    def sync(self, mode: Mode = Mode.SYNC) -> Run:
        """One run from request to end, without faults."""
        run = self.request(mode)
        self.settle()
        return self.control.runs[run.key]

    def held(self, collection: Collection) -> dict[str, str]:
        """What the current snapshot holds of what has not left: id to state."""
        rows = self.snapshot_rows(collection)
        return {row["id"]: row["state"] for row in rows if row["state"] not in ("deleted", "ended")}

    def snapshot_rows(self, collection: Collection) -> list[dict[str, str]]:
        """The rows of the current snapshot: id, sourcedId, state and hold."""
        base = self.group.base
        if base is None:
            return []
        rows = _read_snapshot(self.objects.objects[base.objects[collection]])
        return [dict(zip(_SHOWN, row, strict=True)) for row in rows]

    def docs(self, collection: Collection) -> dict[str, dict[str, object]]:
        """The roster's documents of a collection, by id."""
        found = self.roster.of(self.group_id, collection)
        return {key.rsplit("#", 1)[-1]: doc for key, doc in found.items()}

    def _write(self, name: str) -> None:
        if self._until_death is None:
            return
        if self._until_death == 0:
            raise KilledError
        self._until_death -= 1

    def _wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _extractor(self, message: ExtractLeg) -> SyncType:
        run = self.control.runs.get(message.key)
        return run.extractor if run else SyncType.API

    def groups(self) -> InMemoryGroups:
        """The group, and the one beside, as others than runs read them, if they are there."""
        control = self.control
        groups = InMemoryGroups(
            InMemoryCustomers(),
            deleting=control.deleting,
            marked=control.marked,
            gone=control.gone,
        )
        if (ENTERPRISE, self.group_id) in self.control.groups:
            groups.kept[ENTERPRISE, self.group_id] = Group(
                enterprise=ENTERPRISE,
                group_id=self.group_id,
                config=self.group.config,
                email="it@springfield.example",
                client_group_id="SPR",
                created_at=self.now,
                updated_at=self.now,
                active_run=self.group.active_run,
                hold=self.group.hold,
            )
        if self.beside is not None:
            groups.kept |= self.beside.groups().kept
        return groups

    def _drop_ports(self) -> DropPorts:
        return DropPorts(
            groups=self.groups(),
            runs=self.control,
            drops=self.control,
            objects=self.objects,
            extract_queues=dict.fromkeys(SyncType, self.queue),
            announcements=self.announcements,
            clock=self.clock,
        )

    def _ingest_ports(self) -> IngestPorts:
        return IngestPorts(
            run=self.run_ports(),
            exceptions=self.exceptions,
            ingest_queue=self.queue,
            plan_queue=self.queue,
            pace=Pace(self.leg),
        )

    def _extract_ports(self) -> ExtractPorts:
        return ExtractPorts(
            run=self.run_ports(),
            extract_queue=self.queue,
            plan_queue=self.queue,
            secrets=PlainSecrets(),
            open_source=lambda config, secret: self.source,
            back_off=BackOff(self._wait, lambda: 0.5),
            pace=Pace(self.leg),
        )

    def _plan_ports(self) -> PlanPorts:
        return PlanPorts(
            run=self.run_ports(),
            batches=self.control,
            exceptions=self.exceptions,
            holdings=InMemoryHoldings(self.roster),
            groups=self.groups(),
            extract_queue=self.queue,
            apply_queue=self.queue,
            pace=Pace(beat=timedelta(hours=1)),
            memory_limit="200MB",
            threads=1,
        )

    def _delete_ports(self) -> DeletePorts:
        return DeletePorts(
            run=self.run_ports(),
            groups=self.groups(),
            deletions=InMemoryDeletions(self.control),
            sweepers=(self.roster, self.objects, self.exceptions),
            delete_queue=self.queue,
            backup_days=35,
            pace=Pace(self.leg),
        )
