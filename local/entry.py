"""How a command begins and ends: errors that a person can cause end in a message, not in a trace.

Every entry point of ``local``, ``tools`` and ``benchmarks`` is ``run_command(main)``. A fault in
our own code still ends in a trace, because we must read it; ``TRACE=1`` shows one for every error.

Exit statuses: 0; 1 for a failure; 2 for a wrong command line; 128 plus the signal's number if a
signal ended it (130 for Ctrl-C), as in shells.
"""

import contextlib
import http.client
import os
import shlex
import signal
import subprocess
import sys
import types
import urllib.error
from collections.abc import Callable
from typing import NoReturn

from local.progress import RED, paint

ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
FAILED = 1
TRACE = "TRACE"
_WORDS = {signal.SIGINT: "Interrupted."}


class CommandError(RuntimeError):
    """A command cannot do what was asked; the message says why, and what to do."""


class Ended(KeyboardInterrupt):
    """Somebody ended the command: with Ctrl-C, or with a signal that means the same."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number)
        self.number = number


def run_command(main: Callable[[], int | None]) -> NoReturn:
    """Run a command, then end the process with its status."""
    _on_signals(_end)
    # Do not fail because a terminal lacks a character; flush each line for readers of a pipe.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            # mypy knows that a stream may lack this method; then nothing happens.
            stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]
    sys.exit(_status(main))


def end_quietly_while_loading() -> None:
    """End without a trace if somebody ends a command while its modules are still loading.

    ``python -m`` imports a package before the module in it, and loading that module's libraries
    takes a second. There is nothing to clean up yet.
    """
    # Until the module is found, sys.argv[0] is "-m" (Python: sys.argv).
    if sys.argv[:1] == ["-m"]:
        _on_signals(_end_at_once)


def _status(main: Callable[[], int | None]) -> int:
    try:
        status = main() or 0
        sys.stdout.flush()
    except Ended as error:
        return _ended(error.number)
    except KeyboardInterrupt:
        return _ended(signal.SIGINT)
    except Exception as error:
        if _nobody_reads():
            return 128 + signal.SIGPIPE
        words = said(error)
        if words is None or os.environ.get(TRACE):
            raise
        print(paint(f"\n{words}", RED, sys.stderr), file=sys.stderr)
        return FAILED
    return status


def said(error: Exception) -> str | None:
    """The message for an error that a person can cause; None for a fault in our own code."""
    if isinstance(error, CommandError):
        return str(error)
    words = _said_of_aws(error)
    if isinstance(error, subprocess.CalledProcessError):
        command = error.cmd if isinstance(error.cmd, str) else shlex.join(map(str, error.cmd))
        words = f"`{_short(command)}` failed with status {error.returncode}."
    elif isinstance(error, OSError):
        words = f"The system says: {_reason(error)}."
    elif isinstance(error, http.client.HTTPException):
        words = f"The connection broke off: {type(error).__name__}."
    return words and f"{words} ({TRACE}=1 shows where.)"


def _said_of_aws(error: Exception) -> str | None:
    """The message for an error of boto3; None for others, or if boto3 is not even loaded."""
    known = sys.modules.get("botocore.exceptions")
    if known is None:
        return None
    unreachable = (
        known.EndpointConnectionError, known.ConnectionClosedError, known.HTTPClientError
    )  # fmt: skip
    if isinstance(error, unreachable):
        return f"AWS, or the emulator in its place, does not answer: {error}"
    if isinstance(error, known.ClientError):
        refusal = error.response.get("Error", {})
        return (
            f"AWS, or the emulator in its place, refuses {error.operation_name}: "
            f"{refusal.get('Code')}, {refusal.get('Message')}"
        )
    if isinstance(error, known.BotoCoreError):
        return f"AWS cannot be asked: {error}"
    return None


def _reason(error: OSError) -> str:
    # urllib wraps the system's error in its own. Leave its address out: it may be signed.
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code}, {error.reason}"
    inner = getattr(error, "reason", None)
    if isinstance(inner, OSError):
        return _reason(inner)
    places = [str(name) for name in (error.filename, error.filename2) if name is not None]
    return ": ".join([error.strerror or str(inner or error) or type(error).__name__, *places])


def _short(command: str, most: int = 120) -> str:
    return command if len(command) <= most else f"{command[: most - 1]}…"


def _nobody_reads() -> bool:
    """Whether the reader of our output has gone, as in ``make demo | head``."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The rest of the buffer would be written at exit, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    except (OSError, ValueError):
        return False
    return False


def _ended(number: signal.Signals) -> int:
    _say(_WORDS.get(number, f"Ended by {number.name}."))
    return 128 + number


def _say(words: str) -> None:
    # Not through Python's streams: a signal may arrive during a print, which cannot be nested.
    with contextlib.suppress(OSError):
        os.write(2, f"\n{words}\n".encode())


def _on_signals(handler: Callable[[int, types.FrameType | None], object]) -> None:
    for number in ENDING:
        # Respect signals that the caller told us to ignore (nohup).
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _end(number: int, frame: types.FrameType | None) -> None:
    # React only once: a second Ctrl-C must not interrupt the clean-up.
    _on_signals(_ask_for_patience)
    raise Ended(signal.Signals(number))


def _ask_for_patience(number: int, frame: types.FrameType | None) -> None:
    _say("Still cleaning up; a moment, please.")


def _end_at_once(number: int, frame: types.FrameType | None) -> None:
    os._exit(_ended(signal.Signals(number)))
