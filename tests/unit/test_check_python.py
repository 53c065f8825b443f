"""A Python that will not do is refused in words, before anything is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "check_python.py"

# A Python of another version, as far as the script can tell, without some of its modules.
PRETENDING = """
import sys
version, missing, script = sys.argv[1:4]
sys.version_info = tuple(int(part) for part in version.split("."))
for name in missing.split():
    sys.modules[name] = None
sys.argv = sys.argv[3:]
exec(compile(open(script).read(), script, "exec"), {"__name__": "__main__"})
"""


def asked(version: str, missing: str = "") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", PRETENDING, version, missing, SCRIPT, "python3", "demo"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_an_old_python_is_refused_and_another_one_asked_for() -> None:
    status, said = asked("3.10.13")
    assert status == 1
    assert "needs Python 3.11 or newer, and python3 is Python 3.10.13. Nothing was" in said
    assert "make demo PYTHON=" in said


@pytest.mark.parametrize("version", ["3.11.0", "3.13.0", "4.0.0"])
def test_a_new_one_is_taken(version: str) -> None:
    assert asked(version) == (0, "")


@pytest.mark.parametrize("missing", ["venv", "ensurepip", "ssl"])
def test_a_part_that_the_system_keeps_apart_is_asked_for(missing: str) -> None:
    status, said = asked("3.12.1", missing)
    assert status == 1
    assert f"python3 lacks the module {missing}," in said
    assert "apt-get install python3.12-venv" in said


@pytest.mark.parametrize("version", ["3.10.13", None])
@pytest.mark.parametrize("goal", ["demo", "test", "up"])
def test_make_installs_nothing_with_it(tmp_path: Path, version: str | None, goal: str) -> None:
    for name in ("Makefile", "requirements", "tools"):
        (tmp_path / name).symlink_to(ROOT / name)
    other = tmp_path / "bin" / "python3.10"
    other.parent.mkdir()
    if version:
        script = tmp_path / "pretending.py"
        script.write_text(PRETENDING)
        other.write_text(f'#!/bin/sh\nexec {sys.executable} {script} {version} "" "$@"\n')
        other.chmod(0o755)
    known = {"PATH": f"{other.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["make", goal, "PYTHON=python3.10" if version else "PYTHON=python3.99"],
        cwd=tmp_path,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    wanted = "python3.10 is Python 3.10.13" if version else "There is no python3.99 on the PATH"
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()
