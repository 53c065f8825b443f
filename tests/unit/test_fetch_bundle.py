"""Fetching over SFTP: what is cut off goes on, what changed begins anew, what is the same is left.

The server is in memory here, with faults at will; tests/e2e/test_sftp.py has a real one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shared.domain.group import SecretName, SftpConnection, SyncType
from shared.domain.remote import Listing, RemoteFile, newest
from shared.domain.run import Reason, Run, RunState
from shared.errors import GiveUpError, SourceBusyError
from shared.messages import ExtractLeg
from shared.sync import fetch_bundle
from shared.sync.fetch_bundle import FetchPorts, fetch_leg
from tests.fakes.simulation import GROUP, Simulation, config
from tests.fakes.world import InMemoryObjects, PlainSecrets

MB = 1024 * 1024
BUSY = Reason(code="sftp_unreachable", message="It does not answer.")


@dataclass
class InMemoryServer:
    """Files by path; ``cut_at`` bytes the connection breaks, ``times`` times."""

    files: dict[str, bytes] = field(default_factory=dict)
    modified: dict[str, int] = field(default_factory=dict)
    cut_at: int | None = None
    times: int = 0
    served: int = 0
    looks: int = 0
    opened: int = 0

    def look(self, path: str) -> Listing:
        self.looks += 1
        if path in self.files:
            return Listing(self._file(path))
        below = [name for name in self.files if name.startswith(f"{path}/")]
        if not below:
            raise GiveUpError(Reason(code="sftp_path_not_found", message="There is nothing."))
        entries: dict[str, RemoteFile] = {}
        for name in below:
            first, _, rest = name.removeprefix(f"{path}/").partition("/")
            whole = f"{path}/{first}"
            entries[first] = (
                RemoteFile(path=whole, name=first, folder=True) if rest else self._file(whole)
            )
        return Listing(RemoteFile(path=path, name=path, folder=True), tuple(entries.values()))

    @contextmanager
    def open(self, file: RemoteFile) -> Iterator["_Reader"]:
        self.opened += 1
        yield _Reader(self, file.path)

    def close(self) -> None:
        pass

    def _file(self, path: str) -> RemoteFile:
        return RemoteFile(
            path=path,
            name=path.rpartition("/")[2],
            size=len(self.files[path]),
            modified=self.modified.get(path, 1),
        )


@dataclass
class _Reader:
    server: InMemoryServer
    path: str

    def read(self, start: int, length: int) -> bytes:
        server = self.server
        if server.cut_at is not None and server.times and start + length > server.cut_at:
            server.times -= 1
            raise SourceBusyError(BUSY)
        server.served += length
        return server.files[self.path][start : start + length]


@dataclass
class InMemoryUploads:
    """``Uploads`` in memory."""

    objects: InMemoryObjects
    open: dict[str, dict[int, bytes]] = field(default_factory=dict)
    begun: int = 0

    def begin(self, key: str) -> str:
        self.begun += 1
        self.open[f"upload-{self.begun}"] = {}
        return f"upload-{self.begun}"

    def part(self, key: str, upload_id: str, number: int, body: bytes) -> str:
        self.open[upload_id][number] = body
        return f"{upload_id}-{number}"

    def complete(self, key: str, upload_id: str, tags: Sequence[str]) -> str | None:
        parts = self.open.pop(upload_id)
        assert [f"{upload_id}-{n}" for n in sorted(parts)] == list(tags)
        self.objects.objects[key] = b"".join(parts[n] for n in sorted(parts))
        return None

    def abort(self, key: str, upload_id: str) -> None:
        self.open.pop(upload_id, None)


@dataclass
class Fetching:
    """One SFTP group with its server."""

    server: InMemoryServer
    path: str = "out"
    leg: timedelta = timedelta(minutes=4)

    def __post_init__(self) -> None:
        secret = PlainSecrets().encrypt(GROUP, SecretName.PASSWORD, "secret")
        self.world = Simulation(
            group_config=config(
                sync_type=SyncType.SFTP,
                connection=SftpConnection(host="files.example", path=self.path, username="us"),
                secrets={SecretName.PASSWORD: secret},
            )
        )
        self.uploads = InMemoryUploads(self.world.objects)
        self.logins = 0

    def ports(self) -> FetchPorts:
        world = self.world

        def log_in(connection: SftpConnection, secrets: dict[SecretName, str]) -> InMemoryServer:
            assert secrets == {SecretName.PASSWORD: "secret"}
            self.logins += 1
            return self.server

        return FetchPorts(
            runs=world.control,
            legs=world.control,
            objects=world.objects,
            uploads=self.uploads,
            extract_queues=dict.fromkeys(SyncType, world.queue),
            secrets=PlainSecrets(),
            announcements=world.announcements,
            open_server=log_in,
            clock=world._clock,
            wait=world._wait,
            chance=lambda: 0.5,
            leg=self.leg,
            beat_seconds=3600,
        )

    def fetch(self) -> Run:
        """One run, until its bundle is in the bucket or it has ended."""
        run = self.world.request()
        for _ in range(50):
            message = self.world.take()
            assert isinstance(message, ExtractLeg)
            fetch_leg(message, self.ports(), "worker")
            run = self.world.control.runs[run.key]
            if not run.open or run.extractor is SyncType.ZIP:
                self.world.queue.messages.clear()
                return run
        raise AssertionError("it does not end")

    def fetched(self, run: Run) -> dict[str, bytes]:
        assert run.bundle is not None
        return {o.name: self.world.objects.objects[o.key] for o in run.bundle.objects}

    def end(self, run: Run) -> None:
        """Let a run end as if its bundle had been loaded."""
        control = self.world.control
        control.runs[run.key] = control.runs[run.key].model_copy(
            update={"state": RunState.SUCCEEDED}
        )
        self.world.group.active_run = None


def test_a_copy_cut_off_at_40_percent_goes_on_where_it_stopped() -> None:
    whole = bytes(range(256)) * (40 * MB // 256)
    fetching = Fetching(InMemoryServer({"out/r.zip": whole}, cut_at=16 * MB, times=1))
    run = fetching.fetch()
    assert fetching.fetched(run) == {"r.zip": whole}
    assert fetching.logins == 2
    assert fetching.uploads.begun == 1
    assert fetching.server.served == len(whole), "nothing was fetched twice"


def test_a_server_that_keeps_breaking_ends_the_run_and_the_next_one_succeeds() -> None:
    server = InMemoryServer({"out/r.zip": bytes(3 * MB)}, cut_at=MB, times=10_000)
    fetching = Fetching(server)
    run = fetching.fetch()
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "sftp_unreachable")
    assert fetching.uploads.open == {}, "the parts are given up"
    server.times = 0
    assert fetching.fetched(fetching.fetch()) == {"r.zip": bytes(3 * MB)}


def test_a_copy_longer_than_a_leg_goes_on_in_the_next() -> None:
    whole = bytes(range(256)) * (33 * MB // 256)
    fetching = Fetching(InMemoryServer({"out/r.zip": whole}), leg=timedelta(0))
    # Every leg is over at its first look, and still brings the copy on.
    fetching_part = fetch_bundle.LEAST_PART_BYTES
    try:
        fetch_bundle.LEAST_PART_BYTES = 1
        run = fetching.fetch()
    finally:
        fetch_bundle.LEAST_PART_BYTES = fetching_part
    assert fetching.fetched(run) == {"r.zip": whole}
    assert fetching.server.served == len(whole)
    assert run.leg > 30


def test_a_file_that_changes_while_it_is_copied_is_copied_anew() -> None:
    server = InMemoryServer({"out/r.zip": bytes(4 * MB)}, cut_at=2 * MB, times=1)
    fetching = Fetching(server)
    ports = fetching.ports()

    def change(seconds: float) -> None:
        server.files["out/r.zip"], server.modified["out/r.zip"] = b"new" * MB, 2

    run = fetching.world.request()
    message = fetching.world.take()
    assert isinstance(message, ExtractLeg)
    fetch_leg(message, FetchPorts(**{**ports.__dict__, "wait": change}), "worker")
    assert fetching.fetched(fetching.world.control.runs[run.key]) == {"r.zip": b"new" * MB}
    assert fetching.uploads.open == {}


def test_an_unchanged_bundle_costs_no_more_than_the_look() -> None:
    fetching = Fetching(InMemoryServer({"out/r.zip": bytes(MB)}))
    first = fetching.fetch()
    fetching.end(first)
    before = fetching.server.looks
    run = fetching.fetch()
    assert run.state is RunState.SUCCEEDED
    assert [notice.code for notice in run.notices] == ["bundle_unchanged"]
    assert (fetching.server.opened, fetching.server.looks - before) == (1, 1)
    # Said of the run before alone: one that failed leaves nothing to lean on.
    fetching.server.modified["out/r.zip"] = 9
    assert fetching.fetched(fetching.fetch()) == {"r.zip": bytes(MB)}


def test_loose_files_are_copied_side_by_side() -> None:
    files = {"out/orgs.csv": b"a", "out/users.csv": b"", "out/readme.txt": b"x"}
    run = Fetching(InMemoryServer(files)).fetch()
    assert run.bundle is not None
    assert run.bundle.loose
    assert [each.name for each in run.bundle.objects] == ["orgs.csv", "users.csv"]


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ({"a-2026-09-01.zip": 9, "a-2026-09-02.zip": 1}, "a-2026-09-02.zip"),
        ({"20260901_2300.zip": 1, "20260901_0100.zip": 2}, "20260901_2300.zip"),
        ({"roster.zip": 1, "a-2026-09-02.zip": 2}, "a-2026-09-02.zip"),
        ({"b.zip": 3, "a.zip": 3}, "b.zip"),
        ({"school-12345678.zip": 5, "x.zip": 6}, "x.zip"),
    ],
)
def test_the_newest_is_told_by_the_dates_in_names_or_by_times(
    files: dict[str, int], chosen: str
) -> None:
    found = newest([RemoteFile(path=n, name=n, modified=at) for n, at in files.items()])
    assert found is not None
    assert found.name == chosen


def test_a_folder_named_by_its_day_is_a_bundle() -> None:
    files = {"out/2026-09-01/orgs.csv": b"old", "out/2026-09-02/orgs.csv": b"new"}
    fetching = Fetching(InMemoryServer(files))
    assert fetching.fetched(fetching.fetch()) == {"orgs.csv": b"new"}


@pytest.mark.parametrize("files", [{"out/x.txt": b"x"}, {"out": b"a,b"}])
def test_what_is_no_bundle_is_said_so(files: dict[str, bytes]) -> None:
    run = Fetching(InMemoryServer(files)).fetch()
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "sftp_no_bundle")
