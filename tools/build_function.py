"""Builds one function: its folder, ``shared/`` and its own dependencies, into a directory.

``sam build`` calls it through the Makefile, once a function. The same code builds for AWS and for
the local stack; only the interpreter and the machine differ.
"""

import argparse
import compileall
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}


def folder_of(logical_id: str) -> str:
    """Name the folder of a function: ``CreateGroupFunction`` lies in ``create_group``."""
    words = re.findall(r"[A-Z][a-z0-9]*", logical_id.removesuffix("Function"))
    return "_".join(word.lower() for word in words)


def build(logical_id: str, target: Path, python_version: str, architecture: str) -> None:
    """Fill ``target`` with what the function needs at run time; boto3 is in Lambda's runtime."""
    folder = folder_of(logical_id)
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for part in (Path("functions") / folder, Path("shared")):
        shutil.copytree(ROOT / part, target / part, ignore=skip, dirs_exist_ok=True)
    shutil.copy(ROOT / "functions" / "__init__.py", target / "functions")
    subprocess.run(
        [
            str(Path(sys.executable).parent / "uv"),
            *("pip", "install", "--quiet", "--no-deps", "--require-hashes"),
            *("--target", str(target), "--only-binary", ":all:"),
            *("--python-version", python_version, "--python-platform", PLATFORMS[architecture]),
            *("-r", str(ROOT / "requirements" / f"{folder.replace('_', '-')}.txt")),
        ],
        check=True,
    )
    # /var/task is read-only, so what is not compiled here is compiled at every cold start. Only
    # the same interpreter can do it.
    if python_version == f"{sys.version_info.major}.{sys.version_info.minor}":
        compileall.compile_dir(
            target, quiet=2, invalidation_mode=compileall.PycInvalidationMode.UNCHECKED_HASH
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logical_id")
    parser.add_argument("target", type=Path)
    parser.add_argument("--python-version", required=True)
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), required=True)
    given = parser.parse_args()
    build(given.logical_id, given.target, given.python_version, given.architecture)


if __name__ == "__main__":
    main()
