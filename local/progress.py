"""Shows on the terminal what is being done, and how long it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"


def paint(text: str, code: str, stream: TextIO | None = None) -> str:
    """Colour ``text`` if the stream (standard output by default) is a terminal."""
    return f"\033[{code}m{text}\033[0m" if (stream or sys.stdout).isatty() else text


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show a step on one line: its name at once, its duration when it is done."""
    print(f"  {what:<46}", end="", flush=True)
    begun = time.monotonic()
    try:
        yield
    except BaseException as error:
        how = "ended" if isinstance(error, KeyboardInterrupt) else "failed"
        print(paint(how, RED), flush=True)
        raise
    print(paint(f"{time.monotonic() - begun:5.1f} s", DIM), flush=True)
