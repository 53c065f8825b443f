"""Many groups at once, over queues that behave as SQS does, with a clock that a test drives.

Requests, extraction, batches, commits and the look after silent runs are the real use cases over
in-memory stores. Of planning only the comparison is left out, which takes longer than all the rest:
a plan here has the same few changes for every group, and is handed over as ``plan_run`` does it.
"""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate

from shared.domain import object_keys
from shared.domain.errors import TryLaterError
from shared.domain.group.choices import SyncType
from shared.domain.group.secrets import SecretName
from shared.domain.ids import GroupId, RunKey
from shared.domain.roster.collection import Collection
from shared.domain.run.requests import RunRequest
from shared.domain.run.results import PlanResult
from shared.domain.run.run import Mode, Plan, Run, RunState, Snapshot, Trigger
from shared.domain.timers import QueueTimes, Times
from shared.messages import ApplyBatch, ExtractLeg, PlanRun, RunMessage
from shared.ports.messaging import WorkQueue
from shared.sync import change_file
from shared.sync.apply.apply_batch import apply_batch
from shared.sync.back_off import BackOff
from shared.sync.close.close_runs import ClosePorts, close_runs
from shared.sync.extract.extract_roster import ExtractPorts, extract_leg
from shared.sync.request.request_sync import start_fetching
from shared.sync.send_work import send_batches
from tests.fakes.control import InMemoryControl
from tests.fakes.control.state import GroupState
from tests.fakes.run_stores import RunStores
from tests.fakes.simulation import ENTERPRISE, KilledError, Simulation, config
from tests.fakes.source import InMemorySource, org, session
from tests.fakes.sqs import InMemorySqs, Received
from tests.fakes.world import (
    InMemoryAnnouncements,
    InMemoryObjects,
    InMemoryRoster,
    PlainSecrets,
)

QUEUES = {
    WorkQueue.EXTRACT_API: "ExtractApiQueue",
    WorkQueue.PLAN: "PlanQueue",
    WorkQueue.UPSERT: "UpsertQueue",
}
"""The queues of runs that are fetched over REST, by their names in the template."""
START = datetime(2026, 9, 1, 2, tzinfo=UTC)


class ObjectsByGroup(InMemoryObjects):
    """Finds what lies under ``kind/group/`` without a look at all the others."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[str, list[str]] = {}

    def put(self, key: str, body: bytes, tags: dict[str, str] | None = None) -> None:
        if key not in self.objects:
            self._places.setdefault(_place(key), []).append(key)
        super().put(key, body, tags)

    def list(self, prefix: str) -> Iterator[str]:
        return iter([key for key in self._places.get(_place(prefix), ()) if key.startswith(prefix)])


def _place(key: str) -> str:
    kind, group, _ = key.split("/", 2)
    return f"{kind}/{group}"


@dataclass
class Work:
    """A message that a worker is busy with."""

    queue: WorkQueue
    received: Received
    owner: str
    ends_at: datetime
    beat_at: datetime


@dataclass
class Fleet(RunStores):
    """``groups`` groups that sync at once, with a template's times and caps.

    ``seconds`` is how long work takes, by queue; ``stopped`` are the queues that nobody serves.
    ``kills`` and ``dies_early`` say of a message whether its worker dies: with its work half done,
    or before it has claimed anything.
    """

    groups: int
    times: Times
    caps: dict[str, int]
    seconds: dict[WorkQueue, int] = field(default_factory=dict)
    stopped: set[WorkQueue] = field(default_factory=set)
    kills: Callable[[RunMessage], bool] = lambda message: False
    dies_early: Callable[[RunMessage], bool] = lambda message: False
    step: timedelta = timedelta(seconds=20)

    def __post_init__(self) -> None:
        super().__init__()
        self.now = START
        self._lease = timedelta(seconds=self.times.lease)
        self.control = InMemoryControl(
            self._lease,
            timedelta(seconds=self.times.resend_after),
            on_write=self._write,
        )
        self.objects = ObjectsByGroup()
        self.roster = InMemoryRoster()
        self.announcements = InMemoryAnnouncements()
        by_name = {queue.name: queue for queue in self.times.queues}
        self.queues = {
            queue: InMemorySqs(by_name.get(name, _unused(queue)), lambda: self.now)
            for queue in WorkQueue
            for name in [QUEUES.get(queue, "")]
        }
        self.busy: list[Work] = []
        self.reported: list[tuple[RunKey, Exception]] = []
        self.done: Counter[str] = Counter()
        self.most_looks = 0
        self.most_writes = 0
        self.writes: Counter[str] = Counter()
        self._ticked = self.now
        self._dying = False
        self._workers = 0
        self._group_ids = [GroupId(f"group-{number}") for number in range(self.groups)]
        for group_id in self._group_ids:
            secret = PlainSecrets().encrypt(group_id, SecretName.SECRET_KEY, "secret")
            settings = config(secrets={SecretName.SECRET_KEY: secret})
            self.control.groups[ENTERPRISE, group_id] = GroupState(settings)
        self._source, self._batches = _district()

    # What a test does

    def ask(self, spread: timedelta = timedelta()) -> None:
        """Ask for a sync of every group; runs begin spread over this time."""
        queues = {SyncType.API: self.queues[WorkQueue.EXTRACT_API]}
        for number, group_id in enumerate(self._group_ids):
            delay = int(spread.total_seconds()) * number // self.groups
            request = RunRequest(
                ENTERPRISE, group_id, Mode.SYNC, Trigger.REQUEST, "test", delay_seconds=delay
            )
            start_fetching(request, self.control, queues, self.now)

    def go_on(self, span: timedelta, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass: workers work, and each minute silent runs are looked after."""
        end = self.now + span
        while self.now < end and not until():
            self._work()
            if self.now - self._ticked >= timedelta(minutes=1):
                self.tick()
            self.now += self.step

    def finish(self, within: timedelta) -> None:
        """Go on until no run is open and all ends are announced, or time is up."""
        self.go_on(within, lambda: not self.open_runs)

    @property
    def open_runs(self) -> int:
        """How many runs are open."""
        return sum(group.active_run is not None for group in self.control.groups.values())

    def ends(self) -> Counter[str]:
        """How runs ended, by state, or by the reason's code where they failed."""
        return Counter(
            run.reason.code if run.reason else run.state.value for run in self.control.runs.values()
        )

    def copies(self) -> int:
        """How often the message came that was sent most often."""
        return max((max(q.sent.values(), default=0) for q in self.queues.values()), default=0)

    def messages(self) -> int:
        """How many messages were sent in all."""
        return sum(q.sent.total() for q in self.queues.values())

    def parked(self) -> int:
        """How many messages lie in dead-letter queues."""
        return sum(len(q.dead) for q in self.queues.values())

    # What goes on

    def tick(self) -> None:
        """Look after silent runs."""
        self._ticked = self.now
        before = self.writes.total()
        done = close_runs(
            ClosePorts(
                run=self.run_ports(),
                drops=self.control,
                batches=self.control,
                queues=self.queues,
                watch=self.watch,
                report=self._report,
                resend_after=timedelta(seconds=self.times.resend_after),
                lost_after=timedelta(seconds=self.times.lost_after),
            )
        )
        self.done.update(done)
        self.most_looks = max(self.most_looks, sum(done.values()))
        self.most_writes = max(self.most_writes, self.writes.total() - before)

    def _report(self, key: RunKey, error: Exception) -> None:
        self.reported.append((key, error))
        if not isinstance(error, ConnectionError):
            raise error

    def _work(self) -> None:
        going, self.busy = self.busy, []
        for work in going:
            if work.ends_at <= self.now:
                self._end(work)
                continue
            if work.beat_at <= self.now:
                self._beat(work)
            self.busy.append(work)
        busy = Counter(work.queue for work in self.busy)
        for queue in QUEUES:
            if queue not in self.stopped:
                for received in self.queues[queue].receive(self._cap(queue) - busy[queue]):
                    self._begin(queue, received)

    def _cap(self, queue: WorkQueue) -> int:
        # Five batches come in one invocation, which applies one after another.
        return self.caps[QUEUES[queue]]

    def _begin(self, queue: WorkQueue, received: Received) -> None:
        self._workers += 1
        owner = f"worker-{self._workers}"
        message = received.message
        assert isinstance(message, RunMessage)
        if self.dies_early(message):
            return
        if not isinstance(message, ApplyBatch) and not self._claim(message, owner):
            self.queues[queue].delete(received)
            return
        takes = timedelta(seconds=self.seconds.get(queue, 1))
        beat_at = self.now + self._lease / 3
        self.busy.append(Work(queue, received, owner, self.now + takes, beat_at))

    def _claim(self, message: RunMessage, owner: str) -> Run | None:
        state = RunState.PLANNING if isinstance(message, PlanRun) else RunState.EXTRACTING
        assert isinstance(message, PlanRun | ExtractLeg)
        return self.control.claim(message.key, state, message.leg, owner, self.now)

    def _beat(self, work: Work) -> None:
        work.beat_at = self.now + self._lease / 3
        message = work.received.message
        assert isinstance(message, RunMessage)
        run = self.control.runs[message.key]
        if run.owner == work.owner:
            self.control.beat(run.key, work.owner, self.now, {})

    def _end(self, work: Work) -> None:
        message = work.received.message
        assert isinstance(message, RunMessage)
        self._dying = self.kills(message)
        try:
            match message:
                case ExtractLeg():
                    extract_leg(message, self._extract_ports(), work.owner)
                case PlanRun():
                    self._plan(message, work.owner)
                case ApplyBatch():
                    last = work.received.receives >= self.queues[work.queue].times.receives
                    apply_batch(message, self.apply_ports(), last_receive=last)
        except (KilledError, TryLaterError, ConnectionError):
            return  # the message comes again
        finally:
            self._dying = False
        self.queues[work.queue].delete(work.received)

    def _plan(self, message: PlanRun, owner: str) -> None:
        run = self.control.claim(message.key, RunState.PLANNING, message.leg, owner, self.now)
        if run is None:
            return
        plan = Plan(
            changes_key=object_keys.changes_key(run.key, owner),
            attempt=owner,
            batches=len(self._batches),
            shards=1,
            snapshot=Snapshot(seq=run.seq, shape_version=1, settings="s", objects={}),
        )
        self.objects.put(plan.changes_key, b"".join(self._batches), object_keys.CURRENT)
        ends = list(accumulate(len(batch) for batch in self._batches))
        self.objects.put(
            object_keys.index_key(plan.changes_key), json.dumps(ends).encode(), object_keys.CURRENT
        )
        self.control.open(run.key, plan, self.now)
        self.control.planned(run.key, owner, self.now, PlanResult({}, (), plan))
        applying = run.model_copy(update={"state": RunState.APPLYING, "plan": plan})
        upserts = self.queues[WorkQueue.UPSERT]
        send_batches(applying, range(plan.batches), upserts, self.run_ports())

    def _write(self, name: str) -> None:
        self.writes[name] += 1
        if self._dying and name not in ("claim", "take"):
            raise KilledError

    def _extract_ports(self) -> ExtractPorts:
        return ExtractPorts(
            run=self.run_ports(),
            extract_queue=self.queues[WorkQueue.EXTRACT_API],
            plan_queue=self.queues[WorkQueue.PLAN],
            secrets=PlainSecrets(),
            open_source=lambda config, secret: self._source,
            back_off=BackOff(lambda seconds: None, lambda: 0.5),
        )


def _unused(queue: WorkQueue) -> QueueTimes:
    return QueueTimes(queue.value, 60, 60, 360, 5, 604_800, 1_209_600)


@cache
def _district() -> tuple[InMemorySource, list[bytes]]:
    """A source that is quickly read, and the changes that a real plan of it makes, as batches."""
    world = Simulation()
    world.source.put(Collection.ORGS, org("district"), org("school", parent="district"))
    world.source.put(Collection.ACADEMIC_SESSIONS, session("term"))
    world.sync()
    [key] = [
        k
        for k in world.objects.objects
        if k.startswith(object_keys.Folder.CHANGES.prefix) and not k.endswith(".index")
    ]
    lines = gzip.decompress(world.objects.objects[key]).decode().splitlines()
    return world.source, [batch for line in lines for batch in change_file.packed_batches([line])]
