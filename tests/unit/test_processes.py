"""Processes that a command has started: alive from the first moment to the last."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import processes


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[int]:
    pid = processes.start(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        log=tmp_path / "log",
        folder=tmp_path,
    )
    yield pid
    processes.end(pid, "sleep", 0)


def test_one_that_is_being_started_lives(monkeypatch: pytest.MonkeyPatch, sleeper: int) -> None:
    # Until the system has laid out its memory, its command line reads as empty.
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda _: b"")
        assert processes.lives(sleeper, "sleep")


def test_one_that_has_ended_does_not(sleeper: int) -> None:
    processes.end(sleeper, "sleep", 10)
    assert not processes.lives(sleeper, "sleep")
