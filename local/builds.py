"""Builds the functions for this machine, once for each state of their sources.

    python -m local.builds      # builds them if needed, and prints their folder

A build is named by a digest of its sources, locked wheels, template, tools and interpreter. So
``make up``, ``make demo`` and the tests can reuse it, and never use an outdated one by mistake.
"""

import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local import sam_cli
from local.emulator import ROOT, StackError, tail
from local.entry import run_command
from local.packages import TEMPLATE, pack
from local.processes import run_logged
from local.progress import step
from tools.dependencies import group_of, locked, this_machine

BUILDS = ROOT / ".local" / "builds"
# A process that began with a build may deploy it again while newer ones are made.
KEPT = 3
_TRIES = 3
# In addition to functions/, shared/ and the functions' wheels.
_MADE_WITH = (
    "template.yaml",
    "monitoring.yaml",
    "Makefile",
    "requirements/sam.txt",
    "tools/build_function.py",
    "tools/dependencies.py",
    "local/packages.py",
)


@dataclass(frozen=True)
class Build:
    """A build in ``folder``: functions as `sam build` leaves them, and packed for deployment."""

    folder: Path

    @property
    def key(self) -> str:
        """The digest of everything it was made from."""
        return self.folder.name

    @property
    def functions(self) -> Path:
        """The folder that holds a folder for each function."""
        return self.folder / "functions"

    @property
    def template(self) -> Path:
        """The template that names the packed functions beside it."""
        return self.folder / "packed" / TEMPLATE


def build() -> Build:
    """Return the build of the current sources; build it if it does not exist yet.

    :raises StackError: the build fails; the message has the end of its output.
    """
    if (found := Build(BUILDS / key())).folder.is_dir():
        os.utime(found.folder)
        return found
    with step("Building the functions"), locked(BUILDS / "lock"):
        _sweep()
        for _ in range(_TRIES):
            found = Build(BUILDS / key())
            if found.folder.is_dir():
                return found
            with tempfile.TemporaryDirectory(dir=BUILDS) as folder:
                made = Build(Path(folder) / found.key)
                made.folder.mkdir()
                _build(made.functions)
                pack(made.functions, made.template.parent, this_machine())
                # A file that was edited meanwhile may be half in it.
                if key() == found.key:
                    made.folder.rename(found.folder)
                    _forget_old()
                    return found
    message = "The sources changed during the build: try again when nobody edits them."
    raise StackError(message)


def key(root: Path = ROOT) -> str:
    """Make a digest of everything that a build is made from."""
    digest = hashlib.sha256(f"{sys.version} {platform.platform()}".encode())
    for path in sorted(_sources(root)):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _sources(root: Path) -> Iterator[Path]:
    yield from (root / name for name in _MADE_WITH)
    for handler in (root / "functions").glob("*/handler.py"):
        yield root / "requirements" / f"{group_of(handler.parent.name)}.txt"
    for folder in ("functions", "shared"):
        for path in (root / folder).rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                yield path


def _build(into: Path) -> None:
    target = this_machine()
    log = BUILDS / "build.log"
    make_functions(
        into,
        log,
        f"TARGET_PYTHON={target.python_version}",
        f"TARGET_ARCH={target.architecture}",
        f"TARGET_PLATFORM={target.platform}",
    )


def make_functions(into: Path, log: Path, *variables: str) -> None:
    """Build functions with ``make build`` and these variables.

    :raises StackError: the build failed; the message has the end of ``log``.
    """
    built = run_logged(
        ["make", "build", "--no-print-directory", f"BUILD_DIR={into}", *variables],
        log=log,
        folder=ROOT,
        environment=os.environ | sam_cli.environment(),
    )
    if not built:
        message = f"The build of the functions failed:\n{tail(log, 25)}"
        raise StackError(message)


def _sweep() -> None:
    """Remove leftovers of killed builds: nobody else builds while we hold the lock."""
    for unfinished in BUILDS.glob("tmp*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def _forget_old() -> None:
    builds = [path for path in BUILDS.iterdir() if re.fullmatch(r"[0-9a-f]{16}", path.name)]
    for old in sorted(builds, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def main() -> None:
    """Print the folder of the built functions as the last line."""
    print(build().functions)


if __name__ == "__main__":
    run_command(main)
