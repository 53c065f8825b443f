"""What is known of a running stack, and what is said where nothing is."""

from pathlib import Path

import pytest

from local.emulator import StackError
from local.stack import Stack


def test_no_stack_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="No local stack is running: start one with `make up`"):
        Stack.read(tmp_path / "stack.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff", '{"apiUrl": "http://x"}', '{"new": 1}'])
def test_what_another_version_wrote_is_no_stack(tmp_path: Path, text: str) -> None:
    file = tmp_path / "stack.json"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(StackError, match="not what this version writes"):
        Stack.read(file)
