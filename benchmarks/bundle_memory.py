"""Measures how much memory and time a large bundle needs in ingest_zip and in plan_sync.

    python -m benchmarks.bundle_memory [millions of rows]

Each stage runs in a separate process, with a folder as the bucket. So the figures are the stage's
own: peak resident memory of its process, and seconds. Each stage must stay within 1,024 MB.
"""

import argparse
import csv
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from local.entry import run_command
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.requests import Drop
from shared.domain.run.run import Mode, Run, RunState
from shared.messages import ExtractLeg, PlanRun
from shared.planning.working_tables import MEMORY_LIMIT
from shared.sync.ingest.ingest_bundle import IngestPorts, ingest_leg
from shared.sync.leg import Pace
from shared.sync.plan.plan_run import PlanPorts, plan_run
from shared.sync.run_ports import RunPorts
from tests.fakes.control import InMemoryControl
from tests.fakes.control.state import GroupState
from tests.fakes.groups import InMemoryCustomers, InMemoryGroups
from tests.fakes.record_exceptions import InMemoryRecordExceptions
from tests.fakes.simulation import ENTERPRISE, GROUP, config
from tests.fakes.world import (
    InMemoryAnnouncements,
    InMemoryHoldings,
    InMemoryQueue,
    InMemoryRoster,
    InMemoryRunLog,
)

MOST_MEGABYTES = 1024
USERS_PER_MILLION = 160_000
KEY = "roster.zip"


class FolderObjects:
    """``Objects`` in a folder, so that they take no memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, body: bytes, tags: dict[str, str] | None = None) -> None:
        """Store a small object."""
        self.path(key).write_bytes(body)

    def has(self, key: str) -> bool:
        """Whether the object exists."""
        return self.path(key).exists()

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object or a range of it."""
        with self.path(key).open("rb") as file:
            file.seek(start)
            return file.read(-1 if length is None else length)

    def open(self, place: BundleObject) -> BinaryIO:
        """Open an object for reading by ranges."""
        return self.path(place.key).open("rb")

    def upload(self, key: str, path: Path, tags: dict[str, str] | None = None) -> None:
        """Store a file."""
        self.path(key).write_bytes(b"")
        with path.open("rb") as source, self.path(key).open("wb") as target:
            while block := source.read(1 << 20):
                target.write(block)

    def download(self, key: str, path: Path) -> None:
        """Fetch an object into a file."""
        with self.path(key).open("rb") as source, path.open("wb") as target:
            while block := source.read(1 << 20):
                target.write(block)

    def download_past(self, key: str, path: Path) -> None:
        """Fetch an object into a file."""
        self.download(key, path)

    def list(self, prefix: str) -> Iterator[str]:
        """List nothing: this benchmark releases no objects."""
        return iter(())

    def tag(self, keys: Iterable[str], tags: dict[str, str], *, required: bool = False) -> None:
        """Ignore tags."""

    def path(self, key: str) -> Path:
        """The path of an object."""
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def main() -> int:
    """Make the bundle, run the stages, print what they needed."""
    parser = argparse.ArgumentParser(description="Measure the stages over a large bundle.")
    parser.add_argument("millions", type=float, nargs="?", default=2.0, help="millions of rows")
    parser.add_argument("--stage", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage:
        _stage(given.stage[0], Path(given.stage[1]))
        return 0
    return _measure(given.millions)


def _measure(millions: float) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KEY
        rows = write_bundle(path, millions)
        megabytes = path.stat().st_size / 1e6
        print(f"\nA bundle of {rows:,} rows, {megabytes:.0f} MB zipped\n")
        print(f"  {'stage':<12}{'peak memory':>14}{'seconds':>10}")
        good = True
        for stage in ("ingest", "plan", "plan again"):
            command = [sys.executable, "-m", "benchmarks.bundle_memory", "--stage", stage, folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            peak, seconds = json.loads(done.stdout.splitlines()[-1])
            good = good and peak <= MOST_MEGABYTES
            print(f"  {stage:<12}{peak:>11,.0f} MB{seconds:>10.1f}", flush=True)
    print(f"\n  {'within' if good else 'MORE THAN'} {MOST_MEGABYTES:,} MB each\n")
    return 0 if good else 1


def write_bundle(path: Path, millions: float) -> int:
    """Write a 1.1 bundle: one school, classes of 30, users, and enrollments for the rest."""
    users = int(USERS_PER_MILLION * millions)
    classes = users // 30
    memberships = int(millions * 1e6) - users - classes - 4
    files: dict[str, tuple[str, Iterable[list[object]]]] = {
        "orgs.csv": ("name,type,identifier,parentSourcedId", [
            ["district", "", "", "District", "district", "", ""],
            ["school", "", "", "School", "school", "", "district"],
        ]),
        "academicSessions.csv": ("title,type,startDate,endDate,parentSourcedId,schoolYear", [
            ["year", "", "", "Year", "schoolYear", "2026-08-17", "2027-06-12", "", "2027"],
        ]),
        "courses.csv": (
            "schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
            [["course", "", "", "year", "Course", "C-1", "", "district", "", ""]],
        ),
        "classes.csv": (
            "title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
            "termSourcedIds,subjects,subjectCodes,periods",
            ([f"c-{n:07}", "", "", f"Class {n}", "", "course", "", "scheduled", "", "school",
              "year", "", "", ""] for n in range(classes)),
        ),
        "users.csv": (
            "enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
            "identifier,email,sms,phone,agentSourcedIds,grades,password",
            ([f"u-{n:07}", "", "", "true", "school", "student", f"user{n}", "", f"Given{n}",
              f"Family{n % 5000}", "", f"id-{n}", f"user{n}@school.example", "", "", "", "9", ""]
             for n in range(users)),
        ),
        "enrollments.csv": (
            "classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
            ([f"e-{n:08}", "", "", f"c-{(n * 7 + n // users) % classes:07}", "school",
              f"u-{n % users:07}", "student", "", "2026-08-17", "2027-06-12"]
             for n in range(memberships)),
        ),
    }  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        names = [("manifest.version", "1.0"), ("oneroster.version", "1.1")]
        names += [(f"file.{name.removesuffix('.csv')}", "bulk") for name in files]
        manifest = "propertyName,value\r\n" + "".join(f"{n},{v}\r\n" for n, v in names)
        archive.writestr("manifest.csv", manifest)
        for name, (header, rows) in files.items():
            with archive.open(name, "w") as raw, io.TextIOWrapper(raw, newline="") as text:
                text.write(f"sourcedId,status,dateLastModified,{header}\r\n")
                csv.writer(text).writerows(rows)
    return users + classes + memberships + 4


def _stage(name: str, folder: Path) -> None:
    control = InMemoryControl()
    group = GroupState(config(max_rejected_percent=0, client_partner_id="district"))
    control.groups[ENTERPRISE, GROUP] = group
    objects, kept = FolderObjects(folder), folder / "run.json"
    if name == "ingest":
        size = objects.path(KEY).stat().st_size
        place = BundleObject(name="roster.zip", key=KEY, size=size)
        drop = Drop(ENTERPRISE, GROUP, Mode.SYNC, Bundle(objects=(place,)))
        control.take(drop, _now())
        run = control.begin(ENTERPRISE, GROUP, _now())
        assert run is not None
        begun = run
        took = _measured(lambda: _ingest(begun, control, objects))
        kept.write_text(control.runs[run.key].model_dump_json())
    else:
        run = Run.model_validate_json(kept.read_text())
        control.runs[run.key], group.active_run = run, run.seq
        if name == "plan again":
            group.base = Run.model_validate_json(
                (folder / "planned.json").read_text()
            ).plan.snapshot  # type: ignore[union-attr]  # it was planned
        took = _measured(lambda: _plan(run, control, objects, folder))
        done = control.runs[run.key]
        assert done.state in (RunState.APPLYING, RunState.SUCCEEDED), done.reason
        if name == "plan":
            (folder / "planned.json").write_text(done.model_dump_json())
    print(json.dumps(took))


def _run_ports(control: InMemoryControl, objects: FolderObjects) -> RunPorts:
    return RunPorts(
        runs=control,
        legs=control,
        objects=objects,
        announcements=InMemoryAnnouncements(),
        run_log=InMemoryRunLog(),
        clock=_now,
    )


def _ingest(run: Run, control: InMemoryControl, objects: FolderObjects) -> None:
    ports = IngestPorts(
        run=_run_ports(control, objects),
        exceptions=InMemoryRecordExceptions(),
        ingest_queue=InMemoryQueue(),
        plan_queue=InMemoryQueue(),
        pace=Pace(timedelta(hours=1)),
    )
    message = ExtractLeg(enterprise=ENTERPRISE, group_id=GROUP, seq=run.seq, leg=run.leg)
    ingest_leg(message, ports, "benchmark")
    assert control.runs[run.key].state is RunState.PLANNING, control.runs[run.key].reason


def _plan(run: Run, control: InMemoryControl, objects: FolderObjects, folder: Path) -> None:
    ports = PlanPorts(
        run=_run_ports(control, objects),
        batches=control,
        exceptions=InMemoryRecordExceptions(),
        holdings=InMemoryHoldings(InMemoryRoster()),
        groups=InMemoryGroups(InMemoryCustomers()),
        extract_queue=_Forgetful(),
        apply_queue=_Forgetful(),
        memory_limit=MEMORY_LIMIT,
    )
    message = PlanRun(enterprise=ENTERPRISE, group_id=GROUP, seq=run.seq, leg=run.leg)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        plan_run(message, ports, "benchmark", Path(scratch))


class _Forgetful(InMemoryQueue):
    """A queue that keeps no messages, because they would count as the planner's memory."""

    def send(self, messages: Iterable[object], *, delay_seconds: int = 0) -> None:
        for _ in messages:
            pass


def _measured(work: Callable[[], None]) -> tuple[float, float]:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, seconds


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    run_command(main)
