"""Fetches a bundle from an SFTP server into the bucket, leg by leg.

It is copied in parts, of which none is kept on disk and one in memory. A copy that was cut off,
or whose leg is over, goes on where the last part ended. A file that changes while it is copied is
copied anew: it was still being written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from shared.domain import object_keys
from shared.domain.errors import GiveUpError, SourceBusyError, StoppedError
from shared.domain.group.choices import SyncType
from shared.domain.group.connection import SftpConnection
from shared.domain.group.group import GroupConfig
from shared.domain.group.secrets import SecretName
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.remote_files import RemoteFile, csv_files, is_zip, look_of, newest
from shared.domain.run.results import NextLeg
from shared.domain.run.run import Reason, Run, RunState
from shared.messages import ExtractLeg
from shared.ports.bucket import Objects, Uploads
from shared.ports.groups import Secrets
from shared.ports.messaging import Announcements, ExtractQueues
from shared.ports.runs import Legs, RunLog, Runs
from shared.ports.sources import FileServer, RemoteReader
from shared.sync.close.finish_run import announce, fail
from shared.sync.heartbeat import Heartbeat
from shared.sync.ingest.known_bundle import close_repeated, repeated
from shared.sync.refuse_newer import refuse_newer
from shared.sync.request.send_work import at_leg, send_extract_leg

PART_BYTES = 16 * 1024 * 1024
LEAST_PART_BYTES = 5 * 1024 * 1024
"""What S3 takes as a part that is not the last."""
BLOCK_BYTES = 1024 * 1024
MAX_BUNDLE_BYTES = 5 * 1024**3
TRIES, TRIES_BEFORE_LOGIN = 8, 3
MAX_COPIES = 5
"""How often a file that keeps changing is copied anew."""
BACK_OFF_SECONDS, BACK_OFF_CAP_SECONDS = 1.0, 30.0


@dataclass(frozen=True)
class FetchPorts:
    """What fetching a bundle needs of the world; ``chance`` gives numbers from 0 to 1."""

    runs: Runs
    legs: Legs
    objects: Objects
    uploads: Uploads
    extract_queues: ExtractQueues
    secrets: Secrets
    announcements: Announcements
    run_log: RunLog
    open_server: Callable[[SftpConnection, dict[SecretName, str]], FileServer]
    clock: Callable[[], datetime]
    wait: Callable[[float], None]
    chance: Callable[[], float]
    leg: timedelta = timedelta(minutes=4)
    beat_seconds: float = 20


class _Copy(BaseModel):
    """How far a file has been copied."""

    key: str
    upload_id: str
    tags: tuple[str, ...] = ()
    bytes: int = 0


class Cursor(BaseModel):
    """Where a fetch stands: the files that are the bundle, and what is there of them."""

    files: tuple[RemoteFile, ...] = ()
    done: tuple[BundleObject, ...] = ()
    copying: _Copy | None = None
    copies: int = 1
    failures: int = 0
    logged_in: bool = False


class _LegOverError(Exception):
    pass


class _ChangedError(Exception):
    pass


def fetch_leg(message: ExtractLeg, ports: FetchPorts, owner: str) -> None:
    """Do one leg of fetching the bundle of the run that ``message`` speaks of."""
    states = frozenset({RunState.ACCEPTED, RunState.EXTRACTING})
    run = ports.legs.claim(message.key, states, message.leg, owner, ports.clock())
    if run is None or run.extractor is not SyncType.SFTP:
        return
    try:
        refuse_newer(run, Cursor)
    except GiveUpError as error:
        fail(run, error.reason, owner, ports.legs, ports.runs, ports)
        return
    leg = _Leg(run, ports, owner)

    def beat() -> None:
        ports.legs.beat(run.key, owner, ports.clock(), leg.progress())

    with Heartbeat(beat, ports.beat_seconds) as heartbeat:
        leg.check = heartbeat.check
        try:
            leg.work()
        except GiveUpError as error:
            leg.forget_copy()
            fail(run, error.reason, owner, ports.legs, ports.runs, ports)
        except StoppedError:
            return


def decrypted(config: GroupConfig, run: Run, secrets: Secrets) -> dict[SecretName, str]:
    """The secrets of a run's connection."""
    return {
        name: secrets.decrypt(run.group_id, name, ciphertext)
        for name, ciphertext in config.secrets.items()
    }


def find_files(server: FileServer, path: str) -> tuple[RemoteFile, ...]:
    """Find the bundle at ``path``: a zip, or CSV files; the newest of several bundles.

    :raises GiveUpError: there is none.
    :raises SourceBusyError: the server stopped answering.
    """
    there = server.look(path)
    if not there.itself.folder:
        if not is_zip(there.itself):
            raise GiveUpError(_no_bundle(path))
        return (there.itself,)
    if files := csv_files(there.entries):
        return files
    chosen = newest([e for e in there.entries if is_zip(e) or _is_dated(e)])
    if chosen is None:
        raise GiveUpError(_no_bundle(path))
    if not chosen.folder:
        return (chosen,)
    files = csv_files(server.look(chosen.path).entries)
    if not files:
        raise GiveUpError(_no_bundle(chosen.path))
    return files


def _is_dated(entry: RemoteFile) -> bool:
    return entry.folder and not entry.name.startswith(".")


@dataclass
class _Leg:
    run: Run
    ports: FetchPorts
    owner: str
    cursor: Cursor = field(init=False)
    check: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.cursor = Cursor.model_validate(self.run.cursor or {})
        self._ends_at = self.ports.clock() + self.ports.leg

    def work(self) -> None:
        tries = 0
        while True:
            before = self._copied_bytes()
            try:
                self._fetch()
                return
            except SourceBusyError as busy:
                tries = tries + 1 if self._copied_bytes() == before else 1
                self.cursor.failures += 1
                bound = TRIES if self.cursor.logged_in else TRIES_BEFORE_LOGIN
                if tries >= bound:
                    raise GiveUpError(busy.reason) from busy
                if not self._wait(tries):
                    self._hand_on()
                    return
            except _ChangedError:
                self._begin_anew()
            except _LegOverError:
                self._hand_on()
                return

    def forget_copy(self) -> None:
        """Give the parts of an unfinished copy up."""
        if copying := self.cursor.copying:
            self.ports.uploads.abort(copying.key, copying.upload_id)

    def progress(self) -> dict[str, Any]:
        """How far the copy is, in bytes."""
        total = sum(file.size for file in self.cursor.files)
        return {"stage": "fetching", "fetchedBytes": self._copied_bytes(), "bytes": total}

    def _copied_bytes(self) -> int:
        done = sum(place.size for place in self.cursor.done)
        return done + (self.cursor.copying.bytes if self.cursor.copying else 0)

    def _fetch(self) -> None:
        connection = self.run.config.connection
        assert isinstance(connection, SftpConnection)
        secrets = decrypted(self.run.config, self.run, self.ports.secrets)
        server = self.ports.open_server(connection, secrets)
        try:
            self.cursor.logged_in = True
            files = find_files(server, connection.path)
            if self.cursor.files and files != self.cursor.files:
                raise _ChangedError
            self.cursor.files = files
            look = look_of(files)
            if self.run.cursor is None and not self.cursor.done and not self.cursor.copying:
                if self._needless(look):
                    return
                self._judge(files)
            for file in files[len(self.cursor.done) :]:
                self._copy(server, file)
            if find_files(server, connection.path) != files:
                raise _ChangedError
        finally:
            server.close()
        self._hand_over(look)

    def _needless(self, look: str) -> bool:
        bundle = self._bundle(look, ())
        known = repeated(self.run, bundle, self.ports.runs)
        if known is None:
            return False
        now = self.ports.clock()
        close_repeated(self.run, known, bundle, self.owner, self.ports.legs, now)
        announce(self.run.key, self.ports.runs, self.ports.legs, self.ports)
        return True

    def _judge(self, files: tuple[RemoteFile, ...]) -> None:
        if sum(file.size for file in files) > MAX_BUNDLE_BYTES and is_zip(files[0]):
            raise GiveUpError(
                Reason(
                    code="sftp_bundle_too_large",
                    field="connection.path",
                    message=f"{files[0].name} is larger than 5 GB. Export fewer years or schools.",
                )
            )

    def _copy(self, server: FileServer, file: RemoteFile) -> None:
        """Copy one file to its end, or to the end of the leg."""
        ports = self.ports
        if self.cursor.copying is None:
            key = object_keys.fetched_key(
                self.run.key, self.owner, self.cursor.copies, len(self.cursor.done), file.name
            )
            self.cursor.copying = _Copy(key=key, upload_id=ports.uploads.begin(key))
        copying = self.cursor.copying
        with server.open(file) as reader:
            while copying.bytes < file.size or not copying.tags:
                part, over = self._read_part(reader, copying.bytes, file.size)
                if part or not file.size:
                    number = len(copying.tags) + 1
                    self.check()
                    tag = ports.uploads.part(copying.key, copying.upload_id, number, part)
                    copying.tags += (tag,)
                    copying.bytes += len(part)
                if over:
                    raise _LegOverError
        version = ports.uploads.complete(copying.key, copying.upload_id, copying.tags)
        self.cursor.done += (
            BundleObject(name=file.name, key=copying.key, version=version, size=copying.bytes),
        )
        self.cursor.copying = None

    def _read_part(self, reader: RemoteReader, start: int, size: int) -> tuple[bytes, bool]:
        """Read the next part; also says whether the leg is over.

        :raises _ChangedError: the file has become shorter.
        """
        gathered = bytearray()
        wanted = min(PART_BYTES, size - start)
        while len(gathered) < wanted:
            try:
                block = reader.read(start + len(gathered), min(BLOCK_BYTES, wanted - len(gathered)))
            except SourceBusyError:
                if len(gathered) < LEAST_PART_BYTES:
                    raise
                # Kept, so that a server that cuts off every few megabytes is still copied in the
                # end; the next read says again that it is gone.
                return bytes(gathered), False
            if not block:
                raise _ChangedError
            gathered += block
            if self.ports.clock() >= self._ends_at:
                enough = len(gathered) >= LEAST_PART_BYTES or len(gathered) == wanted
                return (bytes(gathered) if enough else b""), True
        return bytes(gathered), False

    def _begin_anew(self) -> None:
        self.forget_copy()
        copies = self.cursor.copies + 1
        if copies > MAX_COPIES:
            raise GiveUpError(
                Reason(
                    code="sftp_still_changing",
                    field="connection.path",
                    message="The files kept changing while they were fetched. Have them written "
                    "under another name and renamed when they are whole, or sync later.",
                )
            )
        self.cursor = Cursor(copies=copies, logged_in=True, failures=self.cursor.failures)

    def _wait(self, tries: int) -> bool:
        """Wait longer each time (full jitter); False if the leg would be over."""
        cap = min(BACK_OFF_CAP_SECONDS, BACK_OFF_SECONDS * 2**tries)
        seconds = cap * self.ports.chance()
        if self.ports.clock() + timedelta(seconds=seconds) >= self._ends_at:
            return False
        self.ports.wait(seconds)
        return True

    def _bundle(self, look: str, objects: tuple[BundleObject, ...]) -> Bundle:
        accepted = bool(self.run.bundle and self.run.bundle.accept_older)
        return Bundle(objects=objects, look=look, accept_older=accepted)

    def _hand_on(self) -> None:
        self.check()
        now = self.ports.clock()
        leg = self.ports.legs.hand_on(
            self.run.key,
            self.owner,
            now,
            NextLeg(
                RunState.EXTRACTING,
                cursor=self.cursor.model_dump(mode="json"),
                progress=self.progress(),
            ),
        )
        run = at_leg(self.run, RunState.EXTRACTING, leg)
        send_extract_leg(run, self.ports.extract_queues, self.ports.runs, now)

    def _hand_over(self, look: str) -> None:
        """Leave the bundle to the one who reads zips."""
        now = self.ports.clock()
        bundle = self._bundle(look, self.cursor.done)
        leg = self.ports.legs.hand_on(
            self.run.key,
            self.owner,
            now,
            NextLeg(RunState.EXTRACTING, cursor=None, progress=self.progress(), bundle=bundle),
        )
        run = at_leg(self.run, RunState.EXTRACTING, leg).model_copy(update={"bundle": bundle})
        send_extract_leg(run, self.ports.extract_queues, self.ports.runs, now)


def _no_bundle(path: str) -> Reason:
    return Reason(
        code="sftp_no_bundle",
        field="connection.path",
        message=f"There is no bundle at {path}: neither a zip nor CSV files. Give the path of a "
        "zip, of a folder of CSV files, or of a folder of bundles.",
    )
