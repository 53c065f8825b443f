"""Builds one function: its folder, ``shared/`` and its own dependencies, into a directory.

``sam build`` calls it through the Makefile, once for each function. The same code builds for AWS
and for the local stack; only the interpreter and the machine differ.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from local.entry import run_command
from tools.dependencies import (
    MACHINES,
    ROOT,
    Target,
    compile_bytecode,
    group_of,
    installed,
    link_tree,
)
from tools.target_python import find, missing_message


def folder_of(logical_id: str) -> str:
    """Return the folder of a function: ``CreateGroupFunction`` is in ``create_group``."""
    words = re.findall(r"[A-Z][a-z0-9]*", logical_id.removesuffix("Function"))
    return "_".join(word.lower() for word in words)


def copy_sources(folder: str, target: Path) -> None:
    """Copy the function's folder and ``shared/``, under the names that tests import them by."""
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for part in (Path("functions") / folder, Path("shared")):
        shutil.copytree(ROOT / part, target / part, ignore=skip, dirs_exist_ok=True)
    shutil.copy(ROOT / "functions" / "__init__.py", target / "functions")


def main() -> None:
    """Build the function that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logical_id")
    parser.add_argument("target", type=Path)
    parser.add_argument("--python-version", required=True)
    parser.add_argument("--architecture", choices=sorted(MACHINES), required=True)
    parser.add_argument("--platform", required=True)
    given = parser.parse_args()
    target = Target(given.python_version, given.architecture, given.platform)
    folder = folder_of(given.logical_id)
    link_tree(installed(group_of(folder), target), given.target)
    copy_sources(folder, given.target)
    interpreter = find(given.python_version)
    if interpreter is None:
        print(missing_message(given.python_version), file=sys.stderr)
    else:
        compile_bytecode(interpreter, given.target.resolve(), "functions", "shared")


if __name__ == "__main__":
    run_command(main)
