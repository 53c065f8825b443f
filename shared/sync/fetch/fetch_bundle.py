"""Fetches a bundle from an SFTP server into the bucket, leg by leg.

Each leg begins at the cursor that the leg before it left on the run. If a file changes while it is
being copied, it was still being written, so the copy starts again. Files that have just been
written wait for a second look.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from shared.domain import object_keys
from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.choices import SyncType
from shared.domain.group.connection import SftpConnection
from shared.domain.group.secrets import SecretName
from shared.domain.roster.record_exception import digest_of, holding
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.remote_files import RemoteFile, look_digest
from shared.domain.run.results import NextLeg
from shared.domain.run.run import Reason, RunState
from shared.messages import ExtractLeg
from shared.ports.bucket import Uploads
from shared.ports.groups import RecordExceptions, Secrets
from shared.ports.messaging import ExtractQueues
from shared.ports.sources import FileServer
from shared.sync.back_off import BackOff, most_tries
from shared.sync.connection_secrets import decrypt_secrets
from shared.sync.fetch.choose_bundle import find_files, is_zip
from shared.sync.fetch.copy_file import Copy, FileChangedError, copy_file
from shared.sync.ingest.known_bundle import find_repeated, repeated_end
from shared.sync.leg import USUAL_PACE, Leg, LegOverError, Pace, claim_leg
from shared.sync.run_ports import RunPorts

MAX_BUNDLE_BYTES = 5 * 1024**3
MAX_COPIES = 5
"""How often files that keep changing are looked at and copied."""


@dataclass(frozen=True)
class FetchPorts:
    """What fetching a bundle needs of the world.

    ``run``: what every stage needs.
    ``exceptions``: what groups keep or leave out.
    ``uploads``: writes objects part by part.
    ``extract_queues``: where the next leg waits (SFTP), and the reading of the bundle (ZIP).
    ``secrets``: decrypts the secrets of the connection.
    ``open_server``: logs in at a server with those secrets.
    ``back_off``: makes the pauses after failures.
    ``quiet``: how long files must be unchanged before they are copied.
    ``pace``: how long a leg lasts.
    """

    run: RunPorts
    exceptions: RecordExceptions
    uploads: Uploads
    extract_queues: ExtractQueues
    secrets: Secrets
    open_server: Callable[[SftpConnection, dict[SecretName, str]], FileServer]
    back_off: BackOff
    quiet: timedelta
    pace: Pace = USUAL_PACE


class Cursor(BaseModel):
    """Where a fetch stands.

    ``files``: the files of the bundle on the server.
    ``done``: the objects that hold the files copied so far.
    ``copying``: the copy under way.
    ``waited``: whether the files wait for a second look, or have waited.
    ``copies``: how often the copying has begun.
    ``failures``: how many failures of the server there were, in all legs.
    ``logged_in``: whether the server has let us in at all.
    """

    files: tuple[RemoteFile, ...] = ()
    done: tuple[BundleObject, ...] = ()
    copying: Copy | None = None
    waited: bool = False
    copies: int = 1
    failures: int = 0
    logged_in: bool = False

    @property
    def copied_bytes(self) -> int:
        """How much has been copied of all files."""
        done = sum(copied.size for copied in self.done)
        return done + (self.copying.bytes if self.copying else 0)

    @property
    def progress(self) -> dict[str, Any]:
        """What the run's progress shows."""
        total = sum(file.size for file in self.files)
        return {"stage": "fetching", "fetchedBytes": self.copied_bytes, "bytes": total}


def fetch_leg(message: ExtractLeg, ports: FetchPorts, owner: str) -> None:
    """Do one leg of fetching a run's bundle, if it can be claimed.

    :param owner: names this invocation.
    """
    leg = claim_leg(message, RunState.EXTRACTING, owner, ports.run, ports.pace)
    if leg is not None and leg.run.extractor is SyncType.SFTP:
        leg.do(lambda: _Fetch(leg, ports).work())


@dataclass
class _Fetch:
    leg: Leg
    ports: FetchPorts
    cursor: Cursor = field(init=False)

    def __post_init__(self) -> None:
        self.cursor = self.leg.cursor(Cursor)

    def work(self) -> None:
        """Fetch until the bundle is there or the leg is over."""
        try:
            with self.leg.kept_alive(lambda: self.cursor.progress):
                self._fetch_patiently()
        except LegOverError as over:
            here = self.cursor.model_dump(mode="json")
            step = NextLeg(
                RunState.EXTRACTING, here, self.cursor.progress, delay_seconds=over.delay_seconds
            )
            self.leg.hand_on(step, self.ports.extract_queues[SyncType.SFTP])
        except GiveUpError:
            self._abort_copy()
            raise

    def _fetch_patiently(self) -> None:
        """Fetch, and try again what fails in passing."""
        tries = 0
        while True:
            before = self.cursor.copied_bytes
            try:
                self._fetch()
                return
            except FileChangedError:
                self._start_again()
            except SourceBusyError as busy:
                tries = tries + 1 if self.cursor.copied_bytes == before else 1
                self.cursor.failures += 1
                if tries >= most_tries(answered=self.cursor.logged_in):
                    raise GiveUpError(busy.reason) from busy
                self.leg.pause(self.ports.back_off, tries, 0, self.cursor.progress)

    def _fetch(self) -> None:
        """Copy what is missing of the bundle, then leave it to the reader of zips."""
        config = self.leg.run.config
        connection = config.connection
        assert isinstance(connection, SftpConnection)
        secrets = decrypt_secrets(self.leg.run.group_id, config, self.ports.secrets)
        server = self.ports.open_server(connection, secrets)
        try:
            self.cursor.logged_in = True
            files = find_files(server, connection.path)
            if self.cursor.files and files != self.cursor.files:
                raise FileChangedError
            self.cursor.files = files
            look = look_digest(files)
            if self._begins():
                if self._end_if_repeated(look):
                    return
                _refuse_large_zip(files)
            self._wait_until_quiet(files)
            for file in files[len(self.cursor.done) :]:
                self._copy(server, file)
            if find_files(server, connection.path) != files:
                raise FileChangedError
        finally:
            server.close()
        self._hand_over(look)

    def _wait_until_quiet(self, files: tuple[RemoteFile, ...]) -> None:
        """End the leg if the files may still be written; the next one looks at them again.

        The server's clock may differ from ours, so its times only tell old files from new ones:
        what counts is that two looks, with the pause between them, see the same files. If they do
        not, the copying begins anew, and so does the wait.
        """
        if self.cursor.waited or self._begun_copying():
            return
        newest = datetime.fromtimestamp(max(file.modified for file in files), UTC)
        if newest + self.ports.quiet <= self.ports.run.clock():
            return
        self.cursor.waited = True
        raise LegOverError(int(self.ports.quiet.total_seconds()))

    def _begun_copying(self) -> bool:
        return bool(self.cursor.done or self.cursor.copying)

    def _begins(self) -> bool:
        """Whether nothing has been copied yet, in this leg or another."""
        return self.leg.run.cursor is None and not self._begun_copying()

    def _end_if_repeated(self, look: str) -> bool:
        """End the run if its bundle looks like that of the last run."""
        bundle = self._bundle(look, ())
        last = find_repeated(self.leg.run, bundle, self.ports.run.runs)
        if last is not None:
            self.leg.close(repeated_end(last, bundle))
        return last is not None

    def _copy(self, server: FileServer, file: RemoteFile) -> None:
        """Copy one file to its end, or to the end of the leg."""
        cursor = self.cursor
        if cursor.copying is None:
            run, owner, number = self.leg.run.key, self.leg.owner, len(cursor.done)
            key = object_keys.fetched_key(run, owner, cursor.copies, number, file.name)
            cursor.copying = Copy(key=key, upload_id=self.ports.uploads.begin(key))
        copied = copy_file(server, file, cursor.copying, self.ports.uploads, self.leg)
        cursor.done += (copied,)
        cursor.copying = None

    def _start_again(self) -> None:
        """Forget what was copied of files that have changed since."""
        self._abort_copy()
        copies = self.cursor.copies + 1
        if copies > MAX_COPIES:
            raise GiveUpError(_STILL_CHANGING)
        self.cursor = Cursor(copies=copies, logged_in=True, failures=self.cursor.failures)

    def _abort_copy(self) -> None:
        if copying := self.cursor.copying:
            self.ports.uploads.abort(copying.key, copying.upload_id)

    def _hand_over(self, look: str) -> None:
        """Leave the bundle to the function that reads zips."""
        bundle = self._bundle(look, self.cursor.done)
        step = NextLeg(RunState.EXTRACTING, None, self.cursor.progress, bundle=bundle)
        self.leg.hand_on(step, self.ports.extract_queues[SyncType.ZIP])

    def _bundle(self, look: str, objects: tuple[BundleObject, ...]) -> Bundle:
        run = self.leg.run
        accept_older = run.bundle is not None and run.bundle.accept_older
        excepted = digest_of(holding(self.ports.exceptions.all(run.group_id), run.created_at))
        return Bundle(objects=objects, look=look, exceptions=excepted, accept_older=accept_older)


def _refuse_large_zip(files: tuple[RemoteFile, ...]) -> None:
    if is_zip(files[0]) and sum(file.size for file in files) > MAX_BUNDLE_BYTES:
        raise GiveUpError(
            Reason(
                code="sftp_bundle_too_large",
                field="connection.path",
                message=f"{files[0].name} is larger than 5 GB. Export fewer years or schools.",
            )
        )


_STILL_CHANGING = Reason(
    code="sftp_still_changing",
    field="connection.path",
    message="The files are still being written: they kept changing between two looks. Have them "
    "written under another name and renamed when they are complete, or sync later.",
)
