"""The README's first sync, as it stands there, in a shell."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import district
from local.emulator import ROOT
from local.sample_district.roster import generate
from local.stack import STACK_FILE, Stack

PUPILS = 120


@pytest.fixture
def beside(stack: Stack) -> Iterator[Path]:
    """The sample district's server beside the stack, as `make up` has it."""
    folder = Path(stack.folder)
    district.start(folder, PUPILS)
    yield folder
    district.stop(folder)


def test_its_lines_work_as_they_are_printed(beside: Path) -> None:
    [lines] = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for _ in range(2):  # pasted again, they are no second group
        done = subprocess.run(
            ["bash", "-e", "-c", f'set -o pipefail\n{lines}echo "GROUPS $GROUP"\n'],
            cwd=ROOT,
            env=os.environ | {"HOMEROOM_STACK": str(beside / STACK_FILE)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Signed in as admin@demo.example" in done.stdout
        assert '"state": "Succeeded"' in done.stdout
        *_, page = re.findall(r"^\{.*?^\}", done.stdout, re.DOTALL | re.MULTILINE)
        pupils = {each["sourcedId"] for each in json.loads(page)["users"]}
        assert pupils
        assert pupils <= {user.sourced_id for user in generate(pupils=PUPILS).users}
        # Each request is told, and no secret in it.
        assert "> POST http://127.0.0.1:" in done.stderr
        assert "sample-secret" not in done.stderr + done.stdout
