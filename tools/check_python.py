"""Explains why a Python cannot be used, before anything is installed. The Makefile calls it first.

    python3 tools/check_python.py python3 demo      # the Python's name, and the target of `make`

It must run on any Python, so it is written for all versions and imports nothing of ours.
"""

import sys

WANTED = (3, 11)
# Modules that environments and downloads need; some systems leave them out.
PARTS = ("venv", "ensurepip", "ssl", "zlib")


def complaint(version, name, goal):
    # type: (tuple[int, ...], str, str) -> str
    """Say what is missing; empty if nothing is."""
    if version < WANTED:
        return (
            "Homeroom needs Python 3.11 or newer, and "
            + name
            + " is Python "
            + ".".join(str(number) for number in version)
            + ". Nothing was installed.\nName a newer one: make "
            + goal
            + " PYTHON=python3.13"
        )
    for part in PARTS:
        try:
            __import__(part)
        except ImportError:
            return (
                name
                + " lacks the module "
                + part
                + ", which some systems keep apart. Nothing was installed.\n"
                + "On Debian and Ubuntu: apt-get install python"
                + ".".join(str(number) for number in version[:2])
                + "-venv\nElsewhere name a whole Python: make "
                + goal
                + " PYTHON=python3.13"
            )
    return ""


said = complaint(tuple(sys.version_info[:3]), sys.argv[1], " ".join(sys.argv[2:]) or "demo")
if said:
    sys.stderr.write("\n" + said + "\n\n")
    sys.exit(1)
