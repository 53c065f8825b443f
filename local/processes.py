"""Processes that outlive the command which started them, known by a number and a word.

Another program may have got the number since; the word in its command line tells.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# Our own children, so that their ends are noticed.
_started: dict[int, subprocess.Popen[bytes]] = {}


def start(
    command: Sequence[str], *, log: Path, folder: Path, environment: dict[str, str] | None = None
) -> int:
    """Start a process in a group of its own, which ends with it; returns its number."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started[process.pid] = process
    return process.pid


def run_logged(
    command: Sequence[str], *, log: Path, folder: Path, environment: dict[str, str]
) -> bool:
    """Run a command to its end, with all that it prints in ``log``; says whether it succeeded."""
    with log.open("wb") as output:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode == 0


def lives(pid: int, word: str) -> bool:
    """Say whether the process is there and is the one that has the word in its command line."""
    # A child of ours is known without its command line, which is empty while it is being started.
    # What has ended keeps its number until its parent has asked.
    if child := _started.get(pid):
        return child.poll() is None
    try:
        return word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self").exists():
            return False
    # Not Linux: ps is there, and /proc is not.
    asked = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return word in asked.stdout


def end(pid: int, word: str, seconds: float) -> None:
    """End the process and its group; what has not ended in time, or must not, is killed."""
    if not lives(pid, word):
        return
    if seconds > 0:
        _signal(pid, signal.SIGTERM)
        wait_until(lambda: not lives(pid, word), seconds)
    # Also its workers that did not hear the first signal, it having ended before them.
    _signal(pid, signal.SIGKILL)
    if child := _started.pop(pid, None):
        child.wait()
    else:
        wait_until(lambda: not lives(pid, word), 5)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; says whether it came true in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
