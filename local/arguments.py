"""Numbers on a command line, checked by argparse."""

import argparse
from collections.abc import Callable


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Make an argparse type: a whole number of at least ``least`` and at most ``most``."""
    wanted = f"from {least} to {most}" if most is not None else f"of {least} or more"

    def read(text: str) -> int:
        problem = f"{text!r} is not a whole number {wanted}"
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(problem) from None
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(problem)
        return number

    return read


port = whole(1, 65535)
"""A TCP port."""
