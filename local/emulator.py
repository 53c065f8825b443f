"""Runs the AWS emulator (MiniStack) as a process of its own, with all its files in one folder.

The emulator enforces IAM (``AUTH=true``). Root, for which nothing is checked, is whoever calls with
the access key ``test`` (or an account id as the key); functions call with a session of their own
role. That makes the port an open door, so it listens on the loopback address unless told otherwise.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.entry import CommandError

ROOT = Path(__file__).resolve().parent.parent
INTERPRETER = ROOT / ".venv-emulator" / "bin" / "python"
REGION = "eu-central-1"
ROOT_KEY = "test"
# A function inherits the emulator's environment, so that gets no more of ours than it needs.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
START_SECONDS = 60.0
STOP_SECONDS = 15.0

# Past any proxy that the environment names.
_directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# Our own children, so that their ends are noticed.
_started: dict[int, subprocess.Popen[bytes]] = {}


class StackError(CommandError):
    """The local stack cannot do what was asked; the message says what to do about it."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its process group, and where it answers."""

    pid: int
    port: int

    @property
    def endpoint(self) -> str:
        """The address for ``AWS_ENDPOINT_URL``.

        By number, because a bucket's name before it (``bucket.localhost``) would not resolve;
        boto3 puts the bucket into the path of a numeric address.
        """
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        """Ask the emulator whether it answers."""
        try:
            with _directly.open(f"{self.endpoint}/_ministack/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def environment(endpoint: str) -> dict[str, str]:
    """Make the environment in which AWS tools speak to the emulator as root, and to nobody else."""
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
    """Say whether nobody listens on the port."""
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
    folder: Path, *, port: int, bind: str = "127.0.0.1", keeps_state: bool = False
) -> Emulator:
    """Start an empty emulator that keeps its files in ``folder``, and wait until it answers.

    One that ``keeps_state`` writes down all that it holds when it ends, which takes it a while.
    """
    files = folder / "emulator"
    shutil.rmtree(files, ignore_errors=True)
    (files / "tmp").mkdir(parents=True)
    log = folder / "emulator.log"
    own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(INTERPRETER), "-m", "ministack"],
            cwd=files,
            env=own
            | {
                "AUTH": "true",
                "GATEWAY_PORT": str(port),
                "BIND_HOST": bind,
                "MINISTACK_REGION": REGION,
                "LOG_LEVEL": "INFO",
                # These would listen on ports of their own, open to the network.
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                **({"PERSIST_STATE": "1", "S3_PERSIST": "1"} if keeps_state else {}),
                "STATE_DIR": str(files / "state"),
                "S3_DATA_DIR": str(files / "s3"),
                "TMPDIR": str(files / "tmp"),
                "PYTHONUNBUFFERED": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A process group of its own: the functions' workers end with it.
            start_new_session=True,
        )
    _started[process.pid] = process
    emulator = Emulator(process.pid, port)
    (folder / "emulator.json").write_text(json.dumps({"pid": process.pid, "port": port}))

    def answers() -> bool:
        if process.poll() is not None:
            message = f"The emulator ended at once:\n{tail(log)}"
            raise StackError(message)
        return emulator.is_ready()

    if not _await(answers, START_SECONDS):
        stop(folder)
        message = f"The emulator does not answer:\n{tail(log)}"
        raise StackError(message)
    return emulator


def running(folder: Path) -> Emulator | None:
    """Find the emulator that was started from ``folder``, if it still lives."""
    try:
        noted = json.loads((folder / "emulator.json").read_text())
        emulator = Emulator(int(noted["pid"]), int(noted["port"]))
    except (OSError, ValueError, KeyError):
        return None
    return emulator if _is_emulator(emulator.pid) else None


def stop(folder: Path) -> bool:
    """End the emulator that was started from ``folder``; says whether there was one."""
    emulator = running(folder)
    if emulator is not None:
        _signal(emulator.pid, signal.SIGTERM)
        if not _await(lambda: not _is_emulator(emulator.pid), STOP_SECONDS):
            _signal(emulator.pid, signal.SIGKILL)
        # Workers that did not hear the first signal, the emulator having ended before them.
        _signal(emulator.pid, signal.SIGKILL)
        if child := _started.pop(emulator.pid, None):
            child.wait(STOP_SECONDS)
    (folder / "emulator.json").unlink(missing_ok=True)
    return emulator is not None


def tail(log: Path, lines: int = 15) -> str:
    """Read the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _is_emulator(pid: int) -> bool:
    """Say whether the process is our emulator; another program may have got its number since."""
    # What has ended keeps its number until its parent has asked.
    if child := _started.get(pid):
        child.poll()
    try:
        return b"ministack" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self").exists():
            return False
    # Not Linux: ps is there, and /proc is not.
    asked = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return "ministack" in asked.stdout


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _await(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
