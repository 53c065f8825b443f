"""Has the local stack running, with the code as it is, and leaves it so.

    python -m local.up [--port N] [--bind ADDRESS] [--keep]

A stack that runs already with the same code goes on. One with other code makes room for a new one,
which is empty, or goes on with what the old one held (``--keep``), also after `make down`.
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
class Wish:
    """What a person asks of the stack; None is "as it is, or as usual"."""

    port: int | None = None
    bind: str | None = None
    keep: bool = False


def up(folder: Path, wish: Wish) -> tuple[Stack, SampleDistrict, str]:
    """Have a stack and a sample district running; returns both, and what was done about it.

    What runs is ended only when its successor is built and can start.

    :raises StackError: that cannot be; what ran goes on, unless it was the start that failed.
    """
    check_tools()
    built = build()
    running = emulator.running(folder)
    if running and (known := _same(folder, running, wish, made_of(built, PARAMETERS))):
        return known, district.start(folder), "It was running already, with this code."
    kept = (running.port if running else emulator.kept_port(folder)) if wish.keep else None
    if kept and wish.port not in {None, kept}:
        message = f"What is kept belongs to port {kept}: leave PORT out, or KEEP."
        raise StackError(message)
    stack = start(
        folder,
        port=kept or wish.port or _port(running),
        bind=wish.bind or (running.bind if running else "127.0.0.1"),
        built=built,
        keeps_state=True,
        restores=kept is not None,
    )
    with step("Starting the sample district's server"):
        sample = district.start(folder)
    return stack, sample, _said(wish, running is not None, kept is not None)


def _same(folder: Path, running: emulator.Emulator, wish: Wish, made: str) -> Stack | None:
    """The running stack, if it is what is asked for and answers."""
    try:
        known = Stack.read(folder / STACK_FILE)
    except StackError:
        return None
    as_asked = wish.port in {None, running.port} and wish.bind in {None, running.bind}
    return known if as_asked and known.made_of == made and running.is_ready() else None


def _port(running: emulator.Emulator | None) -> int | None:
    if running:
        return running.port
    return USUAL_PORT if emulator.is_free(USUAL_PORT) else None


def _said(wish: Wish, was_running: bool, restored: bool) -> str:
    if restored:
        return "It goes on with the groups and rosters that were there, on the code as it is now."
    if wish.keep:
        return "It is empty: there was nothing kept to go on with."
    if was_running:
        return (
            "It is empty: it took the place of the one that ran. KEEP=1 would have kept its data."
        )
    return "It is empty. KEEP=1 goes on with what the last one held."


def describe(stack: Stack, sample: SampleDistrict, said: str) -> str:
    """Say where everything is, how to sign in, and how to sync for the first time."""
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
                "\nAll of it: .local/stack.json. Sign-in: docs/sign-in.md. End: `make down`.", DIM
            ),
        ]
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Has the local stack running.")
    parser.add_argument(
        "--port", type=port, help=f"where it listens (default {USUAL_PORT}, if free)"
    )
    parser.add_argument("--bind", help="the address it listens at (default 127.0.0.1)")
    parser.add_argument("--keep", action="store_true", help="go on with what the last one held")
    given = parser.parse_args()
    print(describe(*up(FOLDER, Wish(given.port, given.bind, given.keep))))


if __name__ == "__main__":
    run_command(main)
