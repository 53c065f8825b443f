"""Finds an interpreter of the version that the functions run on, to compile their byte code.

    python -m tools.target_python 3.13

Byte code works for one minor version of Python only. If this machine has no interpreter of that
version, uv downloads one, once, into ``.python/``. A build without one works, too, but then every
cold start compiles the code again.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.entry import run_command

ROOT = Path(__file__).resolve().parent.parent
DOWNLOADED = ROOT / ".python"
ASK = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])"


def find(version: str) -> Path | None:
    """Return the first interpreter on this machine of a version such as ``3.13``; None without one.

    Each candidate is asked for its version: a pyenv shim may have the name but no Python behind it.
    """
    return next((each for each in _candidates(version) if _is_of(each, version)), None)


def download(version: str) -> bool:
    """Have uv download an interpreter into ``.python/``; True if it did. Needs the network."""
    uv = Path(sys.executable).parent / "uv"
    fetched = subprocess.run(
        [str(uv), "python", "install", "--quiet", "--no-bin", version],
        env={
            **os.environ,
            "UV_PYTHON_INSTALL_DIR": str(DOWNLOADED),
            "UV_PYTHON_DOWNLOADS": "manual",
        },
        check=False,
    )
    return fetched.returncode == 0


def missing_message(version: str) -> str:
    """Say what a missing interpreter means, and what to do."""
    return (
        f"The build has no byte code: there is no Python {version} here, and uv could not download "
        "one. The functions work, but every cold start compiles them again. "
        f"Install Python {version} and build again."
    )


def _candidates(version: str) -> Iterator[Path]:
    name = f"python{version}"
    yield Path(sys.executable)
    for folder in os.get_exec_path():
        if found := shutil.which(name, path=folder):
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for kept in (pyenv, DOWNLOADED):
        yield from sorted(kept.glob(f"*{version}.*/bin/{name}"))


def _is_of(interpreter: Path, version: str) -> bool:
    try:
        asked = subprocess.run(
            [str(interpreter), "-I", "-c", ASK],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.stdout.split() == ["cpython", version]


def main() -> None:
    """Make sure there is an interpreter; without one, warn: a build works without it."""
    [version] = sys.argv[1:]
    if find(version) is None and not (download(version) and find(version)):
        print(missing_message(version), file=sys.stderr)


if __name__ == "__main__":
    run_command(main)
