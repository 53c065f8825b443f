"""Stops the local stack; its data stays for `make up KEEP=1`: ``python -m local.down``."""

import argparse
import shutil

from local import district, emulator
from local.entry import run_command
from local.stack import FOLDER, stop


def main() -> None:
    """Stop it, and say what became of its data."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    district.stop(FOLDER)
    was_there = stop(FOLDER)
    shutil.rmtree(FOLDER / "emulator" / "tmp", ignore_errors=True)
    print("The stack is down." if was_there else "No stack was running.")
    if emulator.kept_port(FOLDER):
        print("Its data is kept: `make up KEEP=1` continues with it, `make up` starts empty.")


if __name__ == "__main__":
    run_command(main)
