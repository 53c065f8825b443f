"""Builds one function: its folder, ``shared/`` and its own dependencies, into a directory.

``sam build`` calls it through the Makefile, once a function. The same code builds for AWS and for
the local stack; only the interpreter and the machine differ.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from local.entry import run_command
from tools.target_python import find, without

ROOT = Path(__file__).resolve().parent.parent
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


def folder_of(logical_id: str) -> str:
    """Name the folder of a function: ``CreateGroupFunction`` lies in ``create_group``."""
    words = re.findall(r"[A-Z][a-z0-9]*", logical_id.removesuffix("Function"))
    return "_".join(word.lower() for word in words)


def copy_sources(folder: str, target: Path) -> None:
    """Copy the function's own folder and ``shared/``, under the names that tests import."""
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for part in (Path("functions") / folder, Path("shared")):
        shutil.copytree(ROOT / part, target / part, ignore=skip, dirs_exist_ok=True)
    shutil.copy(ROOT / "functions" / "__init__.py", target / "functions")


def install(uv: Path, folder: str, target: Path, python_version: str, platform: str) -> None:
    """Install the function's dependency group as wheels for the platform it will run on."""
    subprocess.run(
        [
            str(uv),
            *("pip", "install", "--quiet", "--no-deps", "--require-hashes"),
            *("--target", str(target), "--only-binary", ":all:"),
            *("--python-version", python_version, "--python-platform", platform),
            *("-r", str(ROOT / "requirements" / f"{folder.replace('_', '-')}.txt")),
        ],
        check=True,
    )
    # Entry points for a shell, which Lambda has no use for.
    shutil.rmtree(target / "bin", ignore_errors=True)


def compile_bytecode(interpreter: Path, target: Path) -> None:
    """Compile with an interpreter of the version that will run it: no other's is of any use.

    /var/task is read-only, so what is not compiled here is compiled again at every cold start.
    Unchecked hashes stay valid whatever time stamps the zip gives the sources (Python: Cached
    bytecode invalidation). The place where it was built is not written down in it.
    """
    compiling = (str(interpreter), "-m", "compileall", "-q", "-j", "2")
    # Some packages ship files for other versions that do not compile; nobody imports those, and
    # `make smoke` looks at what is imported.
    subprocess.run(
        [
            *compiling,
            *("--invalidation-mode", "unchecked-hash", "-s", str(target), "-p", "/var/task"),
            str(target),
        ],
        stdout=subprocess.DEVNULL,
        check=False,
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logical_id")
    parser.add_argument("target", type=Path)
    parser.add_argument("--python-version", required=True)
    parser.add_argument("--architecture", choices=sorted(MACHINES), required=True)
    parser.add_argument("--platform", required=True)
    given = parser.parse_args()
    uv = Path(sys.executable).parent / "uv"
    folder = folder_of(given.logical_id)
    copy_sources(folder, given.target)
    platform = f"{MACHINES[given.architecture]}-{given.platform}"
    install(uv, folder, given.target, given.python_version, platform)
    interpreter = find(given.python_version)
    if interpreter is None:
        print(without(given.python_version), file=sys.stderr)
    else:
        compile_bytecode(interpreter, given.target.resolve())


if __name__ == "__main__":
    run_command(main)
