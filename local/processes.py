"""Processes that outlive the command that started them, identified by their id and a word.

The system may have reused the id since; the word must occur in the process's command line.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

# Our own child processes, so that we notice when they end.
_started: dict[int, subprocess.Popen[bytes]] = {}


def start(
    command: Sequence[str], *, log: Path, folder: Path, environment: dict[str, str] | None = None
) -> int:
    """Start a process in its own process group; returns its id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            start_new_session=True,
            **_options(output, folder, environment),
        )
    _started[process.pid] = process
    return process.pid


def run_logged(
    command: Sequence[str], *, log: Path, folder: Path, environment: dict[str, str]
) -> bool:
    """Run a command with all its output in ``log``; returns whether it succeeded."""
    with log.open("wb") as output:
        done = subprocess.run(command, check=False, **_options(output, folder, environment))
    return done.returncode == 0


def _options(output: BinaryIO, folder: Path, environment: dict[str, str] | None) -> dict[str, Any]:
    return {
        "cwd": folder,
        "env": environment,
        "stdin": subprocess.DEVNULL,
        "stdout": output,
        "stderr": subprocess.STDOUT,
    }


def lives(pid: int, word: str) -> bool:
    """Whether the process is running and has the word in its command line."""
    # Recognise our own child without its command line, which is empty while it starts. An ended
    # child keeps its id until its parent polls it.
    if child := _started.get(pid):
        return child.poll() is None
    try:
        return word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self").exists():
            return False
    # Systems other than Linux have ps but no /proc.
    asked = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return word in asked.stdout


def end(pid: int, word: str, seconds: float) -> None:
    """End the process and its group; kill what has not ended after ``seconds``."""
    if not lives(pid, word):
        return
    if seconds > 0:
        _signal(pid, signal.SIGTERM)
        wait_until(lambda: not lives(pid, word), seconds)
    # Also its workers, which may not have received the first signal before it ended.
    _signal(pid, signal.SIGKILL)
    if child := _started.pop(pid, None):
        child.wait()
    else:
        wait_until(lambda: not lives(pid, word), 5)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; returns whether it came true within ``seconds``."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
