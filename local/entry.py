"""How a command begins and ends: what a person can cause ends in words and a status, in no trace.

Every entry point of ``local``, ``tools`` and ``benchmarks`` is ``run_command(main)``. A fault of
ours still ends in a trace, for it is us who must read it; ``TRACE=1`` shows one for all else.

Statuses: 0, 1 for what failed, 2 for a wrong command line, 128 and the signal's number for what was
ended by one (130 for Ctrl-C), as shells have it.
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
    """A command cannot do what was asked; the message says why, and what to do about it."""


class Ended(KeyboardInterrupt):
    """Someone ended the command: with Ctrl-C, or by a signal that asks for the same."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number)
        self.number = number


def run_command(main: Callable[[], int | None]) -> NoReturn:
    """Run a command to its end, and the process with it."""
    _on_signals(_end)
    # A terminal that lacks a sign is no reason to stop; whoever reads through a pipe reads at once.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]
    sys.exit(_status(main))


def hear_while_loading() -> None:
    """Let whoever ends a command while its modules are loaded see no trace either.

    ``python -m`` imports a package before the module in it, and the libraries that this one wants
    take a second. There is nothing to clean up yet.
    """
    # What -m stands for is put there only once it is found (Python: sys.argv).
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
    """Say in words what a person can have caused; None for what must be a fault of ours."""
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
    """Say what boto3 raised; whoever has not loaded it cannot have got anything of it."""
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
    # urllib wraps what the system said in one of its own; an address may have a signature in it.
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
    """Say whether the one who read our output has gone: ``make demo | head``."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer would be written at the end, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    except (OSError, ValueError):
        return False
    return False


def _ended(number: signal.Signals) -> int:
    _say(_WORDS.get(number, f"Ended by {number.name}."))
    return 128 + number


def _say(words: str) -> None:
    # Past Python's streams: a signal may come in the midst of a print, which takes no other.
    with contextlib.suppress(OSError):
        os.write(2, f"\n{words}\n".encode())


def _on_signals(handler: Callable[[int, types.FrameType | None], object]) -> None:
    for number in ENDING:
        # Whoever has a command ignore a signal (nohup) is obeyed.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _end(number: int, frame: types.FrameType | None) -> None:
    # Once is enough: what was started must be ended now, and a second Ctrl-C must not prevent it.
    _on_signals(_hear_nothing)
    raise Ended(signal.Signals(number))


def _hear_nothing(number: int, frame: types.FrameType | None) -> None:
    _say("Ending what was started; a moment, please.")


def _end_at_once(number: int, frame: types.FrameType | None) -> None:
    os._exit(_ended(signal.Signals(number)))
