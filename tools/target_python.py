"""Finds an interpreter of the version that the functions will run on, to compile their byte code.

    python -m tools.target_python 3.13

Byte code is good for one minor version of Python only. Where none of that version is at hand, uv
brings one, once, into ``.python/``; a build without it works, and each cold start compiles anew.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.entry import run_command

ROOT = Path(__file__).resolve().parent.parent
BROUGHT = ROOT / ".python"
ASK = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])"


def find(version: str) -> Path | None:
    """Give the first interpreter at hand that really is of a version, such as ``3.13``.

    Each is asked: a shim of pyenv has the name and no Python behind it.
    """
    return next((each for each in _candidates(version) if _is_of(each, version)), None)


def bring(version: str) -> bool:
    """Have uv fetch an interpreter into ``.python/``; says whether it did. Needs the network."""
    uv = Path(sys.executable).parent / "uv"
    fetched = subprocess.run(
        [str(uv), "python", "install", "--quiet", "--no-bin", version],
        env={**os.environ, "UV_PYTHON_INSTALL_DIR": str(BROUGHT), "UV_PYTHON_DOWNLOADS": "manual"},
        check=False,
    )
    return fetched.returncode == 0


def without(version: str) -> str:
    """Say what it means that there is none, and what to do."""
    return (
        f"No byte code is built in: there is no Python {version} here, and uv could not fetch one. "
        "The functions work without, but are compiled anew at each cold start. "
        f"Install Python {version} and build again."
    )


def _candidates(version: str) -> Iterator[Path]:
    name = f"python{version}"
    yield Path(sys.executable)
    for folder in os.get_exec_path():
        if found := shutil.which(name, path=folder):
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for kept in (pyenv, BROUGHT):
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
    """See that there is one; a build goes on without."""
    [version] = sys.argv[1:]
    if find(version) is None and not (bring(version) and find(version)):
        print(without(version), file=sys.stderr)


if __name__ == "__main__":
    run_command(main)
