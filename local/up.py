"""Makes sure that the local stack runs with the current code, and leaves it running.

    python -m local.up [--port N] [--bind ADDRESS] [--keep]

A stack that already runs with the current code keeps running. One with other code is replaced by a
new stack, which is empty, or continues with the old one's data (``--keep``), even after `make
down`.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from local import district, emulator
from local.arguments import port
from local.builds import build
from local.district import SampleDistrict
from local.emulator import StackError
from local.entry import run_command
from local.first_sync import LINES
from local.progress import BOLD, DIM, GREEN, paint, step
from local.stack import FOLDER, PARAMETERS, STACK_FILE, Stack, check_tools, made_of, start

USUAL_PORT = 4566


@dataclass(frozen=True)
class Options:
    """What a person wants of the stack.

    ``port``, ``bind``: where it listens; None keeps a running stack's, or takes the default.
    ``keep``: whether a new stack continues with the old one's data.
    """

    port: int | None = None
    bind: str | None = None
    keep: bool = False


def up(folder: Path, options: Options) -> tuple[Stack, SampleDistrict, str]:
    """Make sure a stack and a sample district run; returns both, and what was done in a sentence.

    A running stack is stopped only once its successor is built and can start.

    :raises StackError: it cannot run. A running stack keeps running, unless only the new one's
        start failed.
    """
    check_tools()
    built = build()
    running = emulator.running(folder)
    if running and (known := _same(folder, running, options, made_of(built, PARAMETERS))):
        return known, district.start(folder), "It was already running with this code."
    kept = (running.port if running else emulator.kept_port(folder)) if options.keep else None
    if kept and options.port not in {None, kept}:
        message = f"The kept data belongs to port {kept}: leave out PORT, or KEEP."
        raise StackError(message)
    stack = start(
        folder,
        port=kept or options.port or _port(running),
        bind=options.bind or (running.bind if running else "127.0.0.1"),
        built=built,
        keeps_state=True,
        restores=kept is not None,
    )
    with step("Starting the sample district's server"):
        sample = district.start(folder)
    return stack, sample, _said(options, running is not None, kept is not None)


def _same(folder: Path, running: emulator.Emulator, options: Options, made: str) -> Stack | None:
    """The running stack, if it is the requested one and answers."""
    try:
        known = Stack.read(folder / STACK_FILE)
    except StackError:
        return None
    as_asked = options.port in {None, running.port} and options.bind in {None, running.bind}
    return known if as_asked and known.made_of == made and running.is_ready() else None


def _port(running: emulator.Emulator | None) -> int | None:
    if running:
        return running.port
    return USUAL_PORT if emulator.is_free(USUAL_PORT) else None


def _said(options: Options, was_running: bool, restored: bool) -> str:
    if restored:
        return "It continues with the groups and rosters that were there, with the current code."
    if options.keep:
        return "It is empty: there was no data to continue with."
    if was_running:
        return "It is empty and replaces the one that ran. KEEP=1 would have kept its data."
    return "It is empty. KEEP=1 continues with the last one's data."


def describe(stack: Stack, sample: SampleDistrict, said: str) -> str:
    """Describe where everything is, how to sign in, and how to sync for the first time."""
    shown = {
        "API": stack.api_url,
        "AWS endpoint": stack.endpoint_url,
        "Admin": stack.admin_username,
        "Password": stack.admin_password,
        "Sample district": f"{sample.url}, a OneRoster server to sync with",
    }
    return "\n".join(
        [
            f"\n{paint('The stack is up.', GREEN)} {said}",
            *(f"  {name:<17}{paint(value, BOLD)}" for name, value in shown.items()),
            "\nA first sync, to paste into a shell:\n",
            *(f"  {line}" for line in LINES),
            paint(
                "\nMore: .local/stack.json. Sign-in: docs/sign-in.md. To stop it: `make down`.", DIM
            ),
        ]
    )


def main() -> None:
    """Start or keep the stack, and describe it."""
    parser = argparse.ArgumentParser(description="Make sure that the local stack runs.")
    parser.add_argument(
        "--port", type=port, help=f"the port it listens on (default {USUAL_PORT}, if free)"
    )
    parser.add_argument("--bind", help="the address it listens on (default 127.0.0.1)")
    parser.add_argument("--keep", action="store_true", help="continue with the last one's data")
    given = parser.parse_args()
    print(describe(*up(FOLDER, Options(given.port, given.bind, given.keep))))


if __name__ == "__main__":
    run_command(main)
