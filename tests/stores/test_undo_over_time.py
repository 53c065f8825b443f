"""Undo holds for 30 days from when a roster was replaced, however old it was by then.

The stages of a run over the adapters of AWS (moto), a clock that the test drives, and every
midnight what S3's lifecycle does by the rules of the processed template.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.s3 import models as moto_s3

from shared.adapters.data_bucket.objects import S3Objects
from shared.adapters.roster_table.roster import DynamoRoster
from shared.domain.roster.collection import Collection
from shared.domain.run.counts import EntityCounts
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, RunState, Trigger
from shared.messages import ApplyBatch, ExtractLeg, PlanRun
from shared.sync.apply.apply_batch import ApplyPorts, apply_batch
from shared.sync.back_off import BackOff
from shared.sync.extract.extract_roster import ExtractPorts, extract_leg
from shared.sync.leg import Pace
from shared.sync.plan.plan_run import PlanPorts, plan_run
from shared.sync.request.request_sync import start_planning
from shared.sync.run_ports import RunPorts
from tests.fakes.bucket_lifecycle import Lifecycle
from tests.fakes.groups import InMemoryCustomers, InMemoryGroups
from tests.fakes.record_exceptions import InMemoryRecordExceptions
from tests.fakes.roster_table import NAME as ROSTER
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.fakes.source import InMemorySource, class_, enrollment, org, user
from tests.fakes.world import InMemoryAnnouncements, InMemoryQueue, InMemoryRunLog, PlainSecrets
from tests.stores.control_stores import NOW, Control, control_of
from tests.template.processed import Template

ORGS, _, _, CLASSES, USERS, ENROLLMENTS = Collection
BUCKET = "data"
DAY = timedelta(days=1)
UNDO_DAYS = 30
SNAPSHOTS = f"snapshots/{GROUP}/{{}}/"


@dataclass
class Account:
    """One group in an account: its stores, its source, and time."""

    control: Control
    dynamodb: Any
    s3: Any
    lifecycle: Lifecycle
    scratch: Path
    source: InMemorySource = field(default_factory=InMemorySource)
    queue: InMemoryQueue = field(default_factory=InMemoryQueue)
    bus: InMemoryAnnouncements = field(default_factory=InMemoryAnnouncements)
    now: datetime = NOW
    diary: list[str] = field(default_factory=list)
    _workers: int = 0

    @property
    def day(self) -> int:
        """How many days have passed since the first."""
        return (self.now - NOW).days

    def say(self, what: str) -> None:
        self.diary.append(f"day {self.day:>3}  {what}")

    def pass_days(self, days: int) -> None:
        """Let midnights pass, at each of which the bucket's lifecycle does what is due."""
        for _ in range(days):
            midnight = (self.now + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
            self.now += DAY
            hour, self.now = self.now, midnight
            for what in self.lifecycle.midnight(midnight):
                # Staged pages and reports come with every run; what can be gone back to, not.
                if what.startswith(("snapshots/", "holds/")):
                    self.say(f"S3: {what}")
            self.now = hour

    def sync(self, mode: Mode = Mode.UPDATE, *, restores: int | None = None) -> Run:
        """A run from its request to its end."""
        request = RunRequest(ENTERPRISE, GROUP, mode, Trigger.REQUEST, "ann", restores=restores)
        if restores is not None:
            run = start_planning(request, self.control.runs, self.queue, self.now)
        else:
            run = self.control.runs.accept(request, self.now)
            self.queue.send([ExtractLeg(enterprise=ENTERPRISE, group_id=GROUP, seq=run.seq, leg=0)])
        self.work()
        return self.control.get(run.key)

    def work(self) -> None:
        """Deliver what waits in the queue, until nothing does."""
        while self.queue.messages:
            self.deliver(self.queue.messages.pop(0))

    def deliver(self, message: Any) -> None:
        """Let a worker take one message."""
        self._workers += 1
        owner = f"worker-{self._workers}"
        objects = S3Objects(self.s3, BUCKET)
        run = RunPorts(
            runs=self.control.runs,
            legs=self.control.runs,
            objects=objects,
            announcements=self.bus,
            run_log=InMemoryRunLog(),
            clock=lambda: self.now,
        )
        match message:
            case ExtractLeg():
                ports = ExtractPorts(
                    run=run,
                    extract_queue=self.queue,
                    plan_queue=self.queue,
                    secrets=PlainSecrets(),
                    open_source=lambda config, secret: self.source,
                    back_off=BackOff(lambda seconds: None, lambda: 0.5),
                )
                extract_leg(message, ports, owner)
            case PlanRun():
                planning = PlanPorts(
                    run=run,
                    batches=self.control.batches,
                    exceptions=InMemoryRecordExceptions(),
                    holdings=self.control.holdings,
                    groups=InMemoryGroups(InMemoryCustomers()),
                    extract_queue=self.queue,
                    apply_queue=self.queue,
                    pace=Pace(beat=timedelta(hours=1)),
                    memory_limit="200MB",
                    threads=1,
                )
                directory = self.scratch / owner
                directory.mkdir()
                plan_run(message, planning, owner, directory)
            case ApplyBatch():
                roster = DynamoRoster(self.dynamodb, ROSTER, batched=False)
                applying = ApplyPorts(run, self.control.batches, roster)
                apply_batch(message, applying, last_receive=False)

    def nights(self, number: int) -> None:
        """A Biweekly group's nights: each fourteenth has an update of the clock's."""
        for night in range(1, number + 1):
            self.pass_days(1)
            if night % 14 == 0:
                self.tell(self.sync())

    def tell(self, run: Run) -> None:
        """Write down how a run ended."""
        users = run.counts.get("users", EntityCounts())
        did = f"{users.created} users created, {users.restored} restored, {users.deleted} deleted"
        why = f" ({run.reason.code})" if run.reason else ""
        self.say(f"run {run.seq}, {run.mode}: {run.state}{why}; {did}")

    def there(self) -> int:
        """How many records of users the roster's table shows."""
        items = self.dynamodb.scan(TableName=ROSTER)["Items"]
        users = [each for each in items if each["pk"]["S"].startswith(f"{GROUP}#U#")]
        return sum("deletedAt" not in each for each in users)

    def kept(self, folder: str) -> list[str]:
        """The keys under a folder of which any version is left."""
        answer = self.s3.list_object_versions(Bucket=BUCKET, Prefix=f"{folder}/")
        return sorted({each["Key"] for each in answer.get("Versions", ())})


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """A school of twelve pupils, loaded on day 0."""
    with control_of("dynamo") as control:
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        enabled: Any = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=enabled)
        rules = Template()["DataBucket"]["LifecycleConfiguration"]["Rules"]
        made = Account(control, control.client, s3, Lifecycle(s3, BUCKET, rules), tmp_path)
        monkeypatch.setattr(moto_s3, "utcnow", lambda: made.now.replace(tzinfo=None))
        made.source.put(ORGS, org("district"), org("school", parent="district"))
        made.source.put(CLASSES, class_("room", "school"))
        for number in range(12):
            made.source.put(USERS, user(f"u{number:02}", "school"))
            made.source.put(ENROLLMENTS, enrollment(f"e{number:02}", "room", f"u{number:02}"))
        first = made.sync()
        assert first.state is RunState.SUCCEEDED
        made.tell(first)
        yield made


def _leave(account: Account, number: str) -> None:
    del account.source.collections[USERS][f"u{number}"]
    del account.source.collections[ENROLLMENTS][f"e{number}"]


def test_undo_after_45_quiet_nights(account: Account) -> None:
    account.nights(45)
    account.say("a pupil is deleted at the source by mistake")
    _leave(account, "03")
    account.pass_days(1)
    mistake = account.sync()
    account.tell(mistake)
    assert account.there() == 11
    replaced = [key for key in account.kept("snapshots") if key.startswith(SNAPSHOTS.format(1))]
    assert replaced, "what is there to go back to"

    # It is noticed on the last day, and the group's updates have gone on.
    account.nights(UNDO_DAYS)
    undone = account.sync(Mode.RESTORE, restores=mistake.seq - 1)
    account.tell(undone)
    # And no longer than the page on retention says.
    account.pass_days(2)
    account.say(f"{account.there()} users are there")
    print("\n".join(["", *account.diary]))  # noqa: T201  # pytest -s shows it
    assert (undone.state, undone.reason) == (RunState.SUCCEEDED, None)
    assert undone.counts["users"].restored == 1
    assert account.there() == 12
    left = [key for key in account.kept("snapshots") if key.startswith(SNAPSHOTS.format(1))]
    assert set(left) < set(replaced)
    assert not any(key.endswith("/users.parquet") for key in left)
    # A quiet year does not take away what the group stands on.
    account.now += 360 * DAY
    account.pass_days(3)
    assert account.sync().state is RunState.SUCCEEDED


def test_what_was_planned_is_committed_however_long_its_batches_wait(account: Account) -> None:
    account.source.put(USERS, user("late", "school"))
    request = RunRequest(ENTERPRISE, GROUP, Mode.SYNC, Trigger.REQUEST, "ann")
    run = account.control.runs.accept(request, account.now)
    account.queue.send([ExtractLeg(enterprise=ENTERPRISE, group_id=GROUP, seq=run.seq, leg=0)])
    while not isinstance(account.queue.messages[0], ApplyBatch):
        account.deliver(account.queue.messages.pop(0))
    account.pass_days(12)
    account.work()
    assert account.control.get(run.key).state is RunState.SUCCEEDED
    account.pass_days(12)
    again = account.sync()
    assert (again.state, again.counts["users"].unchanged) == (RunState.SUCCEEDED, 13)
