"""What the pipeline runs: the README's commands, and nothing that fails passes."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = ROOT / ".ci" / "run"
STEPS = ["check", "demo", "test"]


def _run(folder: Path, *steps: str, failing: str = "nothing") -> tuple[int, list[str]]:
    """Run the pipeline with a ``make`` that only notes what it is asked for.

    There is nothing that it could install.
    """
    noted = folder / "noted"
    _script(folder / "make", f'echo "$@" >> {noted}\n[ "$1" != {failing} ]')
    _script(folder / "apt-get", "exit 100")
    known = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run([RUN, *steps], env=known, capture_output=True, check=False)
    return done.returncode, noted.read_text().split()


def _script(path: Path, lines: str) -> None:
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


def test_the_pipeline_runs_the_commands_of_the_readme(tmp_path: Path) -> None:
    first = (ROOT / "README.md").read_text().split("```console\n", 1)[1].split("```", 1)[0]
    promised = re.findall(r"^\$ make (\w+)", first, re.MULTILINE)
    assert promised == ["demo", "test"]
    status, asked = _run(tmp_path)
    assert (status, asked) == (0, STEPS)
    assert set(promised) < set(asked)


@pytest.mark.parametrize("failing", STEPS)
def test_the_pipeline_fails_when_a_command_does(tmp_path: Path, failing: str) -> None:
    status, asked = _run(tmp_path, failing=failing)
    assert status != 0
    assert asked[-1] == failing


def test_a_step_can_be_run_by_itself(tmp_path: Path) -> None:
    assert _run(tmp_path, "demo") == (0, ["demo"])


def test_every_command_of_the_docs_can_be_made() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([\w%-]+):", makefile, re.MULTILINE))
    families = tuple(target.removesuffix("%") for target in targets if target.endswith("%"))
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / ".ci" / "run"]
    named = {
        name
        for page in pages
        for name in re.findall(r"(?:`|^\$ )make ([a-z][\w-]*)", page.read_text(), re.MULTILINE)
    }
    assert len(named) > 10
    assert {n for n in named if n not in targets and not n.startswith(families)} == set()
