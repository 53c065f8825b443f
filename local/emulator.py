"""Runs the AWS emulator (MiniStack) as a separate process, with all its files in one folder.

The emulator enforces IAM (``AUTH=true``). A caller with the access key ``test`` (or an account id
as the key) is root, and is not checked; functions call with a session of their own role. So anybody
who reaches the port can do anything: it listens on the loopback address unless told otherwise.
"""

import json
import os
import shutil
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from local import processes
from local.entry import CommandError
from local.waiting import Seen, wait_for

ROOT = Path(__file__).resolve().parent.parent
INTERPRETER = ROOT / ".venv-emulator" / "bin" / "python"
REGION = "eu-central-1"
ROOT_KEY = "test"
# Functions inherit the emulator's environment, so pass on only what it needs.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
START_SECONDS = 60.0
# It may have to save a district's roster.
STOP_SECONDS = 60.0
MODULE = "ministack"
NOTE = "emulator.json"
KEPT = "kept"

# Ignores any proxy that the environment names.
_directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class StackError(CommandError):
    """The local stack cannot do what was asked; the message says what to do."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator.

    ``pid``: its process and process group.
    ``port``: where it listens.
    ``bind``: the address it listens at.
    """

    pid: int
    port: int
    bind: str = "127.0.0.1"

    @property
    def endpoint(self) -> str:
        """The address for ``AWS_ENDPOINT_URL``.

        It is numeric: with a name, boto3 would put the bucket before it (``bucket.localhost``),
        which does not resolve. With a numeric address, boto3 puts the bucket into the path.
        """
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        """Whether the emulator answers."""
        try:
            with _directly.open(f"{self.endpoint}/_ministack/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def environment(endpoint: str) -> dict[str, str]:
    """Make an environment in which AWS tools call only the emulator, as root."""
    own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return own | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def is_free(port: int) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Find a port on which nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    folder: Path,
    *,
    port: int,
    bind: str = "127.0.0.1",
    keeps_state: bool = False,
    restores: bool = False,
) -> Emulator:
    """Start an emulator with its files in ``folder``, and wait until it answers.

    :param keeps_state: whether it saves its data when it ends, which takes a while.
    :param restores: whether it starts with the saved data of the one before, instead of empty.
    :raises StackError: it ends at once, or does not answer.
    """
    files = folder / "emulator"
    if not restores:
        shutil.rmtree(files, ignore_errors=True)
    shutil.rmtree(files / "tmp", ignore_errors=True)
    (files / "tmp").mkdir(parents=True)
    log = folder / "emulator.log"
    own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    pid = processes.start(
        [str(INTERPRETER), "-m", MODULE],
        log=log,
        folder=files,
        environment=own
        | {
            "AUTH": "true",
            "GATEWAY_PORT": str(port),
            "BIND_HOST": bind,
            "MINISTACK_REGION": REGION,
            "LOG_LEVEL": "INFO",
            # These would listen on other ports, open to the network.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            **({"PERSIST_STATE": "1", "S3_PERSIST": "1"} if keeps_state else {}),
            "STATE_DIR": str(files / "state"),
            "S3_DATA_DIR": str(files / "s3"),
            "TMPDIR": str(files / "tmp"),
            "PYTHONUNBUFFERED": "1",
        },
    )
    emulator = Emulator(pid, port)
    (folder / NOTE).write_text(json.dumps({"pid": pid, "port": port, "bind": bind}))

    def look() -> Seen[Emulator]:
        if not processes.lives(pid, MODULE):
            message = f"The emulator ended at once:\n{tail(log)}"
            raise StackError(message)
        return Seen(emulator if emulator.is_ready() else None, log.stat().st_size)

    def complaint() -> str:
        return (
            f"The emulator does not answer, and has logged nothing for {START_SECONDS:.0f} s. "
            f"Its log ends with:\n{tail(log)}"
        )

    try:
        return wait_for(look, complaint, silence=START_SECONDS, every=0.1)
    except BaseException:
        stop(folder, saves=False)
        raise


def running(folder: Path) -> Emulator | None:
    """Return the emulator that was started from ``folder``, if it is still running."""
    noted = _noted(folder)
    return noted if noted and processes.lives(noted.pid, MODULE) else None


def kept_port(folder: Path) -> int | None:
    """Return the port of the saved data in ``folder``; None if there is none.

    The data works with that port only, because the queues' addresses contain it.
    """
    try:
        return int((folder / "emulator" / KEPT).read_text())
    except (OSError, ValueError):
        return None


def forget_kept(folder: Path) -> None:
    """Note that the saved data is outdated: an emulator has changed it."""
    (folder / "emulator" / KEPT).unlink(missing_ok=True)


def stop(folder: Path, *, saves: bool = True) -> bool:
    """Stop the emulator that was started from ``folder``; returns whether there was one.

    :param saves: whether it saves its data; otherwise earlier saved data stays as it is.
    """
    emulator = running(folder)
    if emulator is not None:
        written = folder / "emulator" / "state" / "dynamodb.json"
        before = _modified(written)
        processes.end(emulator.pid, MODULE, STOP_SECONDS if saves else 0)
        if saves and _modified(written) != before:
            (folder / "emulator" / KEPT).write_text(str(emulator.port))
    (folder / NOTE).unlink(missing_ok=True)
    return emulator is not None


def tail(log: Path, lines: int = 15) -> str:
    """Read the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _noted(folder: Path) -> Emulator | None:
    try:
        noted = json.loads((folder / NOTE).read_text())
        return Emulator(int(noted["pid"]), int(noted["port"]), str(noted.get("bind", "127.0.0.1")))
    except (OSError, ValueError, KeyError):
        return None


def _modified(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
