"""Numbers on a command line: one that makes no sense is refused as argparse refuses words."""

import argparse
from collections.abc import Callable


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Make a type for argparse: a whole number from ``least`` on, and up to ``most``."""
    wanted = f"from {least} to {most}" if most is not None else f"of {least} or more"

    def read(text: str) -> int:
        with_bounds = f"{text!r} is no whole number {wanted}"
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(with_bounds) from None
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(with_bounds)
        return number

    return read


port = whole(1, 65535)
"""A TCP port."""
