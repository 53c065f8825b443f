"""Ends the local stack; what it held stays for `make up KEEP=1`: ``python -m local.down``."""

import argparse
import shutil

from local import district, emulator
from local.entry import run_command
from local.stack import FOLDER, stop


def main() -> None:
    """End it, and say what became of it."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    district.stop(FOLDER)
    was_there = stop(FOLDER)
    shutil.rmtree(FOLDER / "emulator" / "tmp", ignore_errors=True)
    print("The stack is down." if was_there else "No stack was running.")
    if emulator.kept_port(FOLDER):
        print("What it held is kept: `make up KEEP=1` goes on with it, `make up` starts anew.")


if __name__ == "__main__":
    run_command(main)
