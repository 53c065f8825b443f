"""An SFTP group and its server, in memory, with faults at will."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.choices import SyncType
from shared.domain.group.connection import SftpConnection
from shared.domain.group.secrets import SecretName
from shared.domain.run.remote_files import Listing, RemoteFile
from shared.domain.run.run import Reason, Run, RunState
from shared.messages import ExtractLeg
from shared.ports.sources import FileServer
from shared.sync.back_off import BackOff
from shared.sync.fetch.fetch_bundle import FetchPorts, fetch_leg
from shared.sync.leg import Pace
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

    server: InMemoryServer = field(default_factory=InMemoryServer)
    path: str = "out"
    leg: timedelta = timedelta(minutes=4)
    quiet: timedelta = timedelta(minutes=2)
    connect: Callable[[], FileServer] | None = None
    """Another server than the one in memory."""

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

        def log_in(connection: SftpConnection, secrets: dict[SecretName, str]) -> FileServer:
            assert secrets == {SecretName.PASSWORD: "secret"}
            self.logins += 1
            return self.connect() if self.connect else self.server

        return FetchPorts(
            run=world.run_ports(),
            exceptions=world.exceptions,
            uploads=self.uploads,
            extract_queues=dict.fromkeys(SyncType, world.queue),
            secrets=PlainSecrets(),
            open_server=log_in,
            back_off=BackOff(world._wait, lambda: 0.5),
            quiet=self.quiet,
            pace=Pace(self.leg, beat=timedelta(hours=1)),
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
