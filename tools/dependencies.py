"""Installs the functions' dependencies, once for each set of locked wheels, and keeps them.

    python -m tools.dependencies

This installs the dependencies of all functions for this machine, so that later builds need no
registry. Functions that lock the same wheels share a folder in ``.local/dependencies``. The folder
is named after what it was made from and never changes: another set gets another folder.
"""

import argparse
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.entry import run_command
from tools.target_python import find

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / ".local" / "dependencies"
UV = Path(sys.executable).parent / "uv"
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# The oldest C library that all wheels know; Lambda's Amazon Linux 2023 has a newer one.
LINUX = "manylinux_2_28"
# The packages of Lambda's own runtime, for trying a function together with them.
RUNTIME = "runtime"


@dataclass(frozen=True)
class Target:
    """What wheels are built for.

    ``python_version``: such as ``3.13``.
    ``architecture``: such as ``arm64``, in AWS's words.
    ``platform``: such as ``manylinux_2_28``.
    """

    python_version: str
    architecture: str
    platform: str

    @property
    def wheels(self) -> str:
        """The platform in uv's words."""
        return f"{MACHINES[self.architecture]}-{self.platform}"


def this_machine() -> Target:
    """The target for functions that run on this interpreter and machine."""
    machine = platform.machine()
    return Target(
        python_version=f"{sys.version_info.major}.{sys.version_info.minor}",
        architecture="arm64" if machine == "aarch64" else machine,
        platform="apple-darwin" if sys.platform == "darwin" else LINUX,
    )


def group_of(folder: str) -> str:
    """Return the dependency group of a function: ``create_group`` has ``create-group``."""
    return folder.replace("_", "-")


def installed(group: str, target: Target) -> Path:
    """Return the folder with the group's wheels, installed and compiled; make it if it is missing.

    :raises subprocess.CalledProcessError: uv could not install them, and has said why.
    """
    requirements = ROOT / "requirements" / f"{group}.txt"
    interpreter = find(target.python_version)
    folder = STORE / _name(requirements, target, interpreter)
    if folder.is_dir():
        return folder
    STORE.mkdir(parents=True, exist_ok=True)
    # Functions are built in parallel, and many lock the same wheels.
    with locked(folder.with_suffix(".lock")):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=STORE) as made:
                _install(requirements, target, Path(made) / "wheels")
                if interpreter is not None:
                    compile_bytecode(interpreter, Path(made) / "wheels")
                (Path(made) / "wheels").rename(folder)
    return folder


def zip_of(folder: Path) -> Path:
    """Return the zip of an installed folder; make it if it is missing."""
    archive = folder.with_suffix(".zip")
    if not archive.exists():
        with locked(folder.with_suffix(".lock")), tempfile.TemporaryDirectory(dir=STORE) as made:
            zip_folder(folder, Path(made) / "wheels.zip")
            (Path(made) / "wheels.zip").rename(archive)
    return archive


def zip_folder(folder: Path, archive: Path, *, append: bool = False) -> None:
    """Put a folder's files into a zip, in the order of their names; fast rather than small.

    With ``append``, add only the files that are not in it yet.
    """
    with zipfile.ZipFile(
        archive, "a" if append else "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as (target):
        there = set(target.namelist())
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.is_file() and name.as_posix() not in there:
                target.write(path, name)


def link_tree(source: Path, target: Path) -> None:
    """Put a folder's files into another, as hard links if the file system allows it.

    They are then the same files: to change one, replace it.
    """
    shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)


def compile_bytecode(interpreter: Path, target: Path, *parts: str) -> None:
    """Compile all of ``target``, or only its ``parts``, with the interpreter of the right version.

    Byte code of another version is useless. /var/task is read-only, so modules that are not
    compiled here are compiled again at every cold start. Unchecked hashes stay valid whatever time
    stamps the zip gives the sources (Python: Cached bytecode invalidation). The byte code does not
    contain the path where it was built.
    """
    compiling = (str(interpreter), "-m", "compileall", "-q", "-j", "2")
    # Some packages ship files for other versions, which do not compile. Nobody imports those, and
    # `make smoke` checks the modules that are imported.
    subprocess.run(
        [
            *compiling,
            *("--invalidation-mode", "unchecked-hash", "-s", str(target), "-p", "/var/task"),
            *(str(target / part) for part in parts or (".",)),
        ],
        stdout=subprocess.DEVNULL,
        check=False,
    )


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock among all processes while the block runs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _name(requirements: Path, target: Target, interpreter: Path | None) -> str:
    made_of = "\n".join(
        [
            requirements.read_text(),
            target.python_version,
            target.wheels,
            "compiled" if interpreter else "not compiled",
        ]
    )
    return hashlib.sha256(made_of.encode()).hexdigest()[:16]


def _install(requirements: Path, target: Target, folder: Path) -> None:
    command = [
        str(UV),
        *("pip", "install", "--quiet", "--no-deps", "--require-hashes"),
        *("--target", str(folder), "--only-binary", ":all:"),
        *("--python-version", target.python_version, "--python-platform", target.wheels),
        *("-r", str(requirements)),
    ]
    # What is in uv's cache needs no network.
    offline = subprocess.run([*command, "--offline"], capture_output=True, check=False)
    if offline.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(command, check=True)
    # Shell entry points, which Lambda does not need.
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def main() -> None:
    """Install the dependencies of all functions, and the packages of Lambda's runtime."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    folders = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
    for group in [RUNTIME, *map(group_of, folders)]:
        zip_of(installed(group, this_machine()))


if __name__ == "__main__":
    run_command(main)
