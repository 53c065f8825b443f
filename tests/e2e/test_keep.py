"""`make up KEEP=1` over a running stack, and over `make down`: groups, rosters and secrets stay."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import district, emulator, up
from local.api import Api
from local.builds import Build
from local.occasions import occasion_of
from local.stack import PARAMETERS, Stack, stop
from local.up import Options
from tests.e2e.deployed import new_admin


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    district.stop(tmp_path)
    stop(tmp_path)


def _api(stack: Stack) -> Api:
    return new_admin(stack, "sample")


def test_what_is_there_stays(folder: Path, built: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    port = emulator.free_port()
    stack, _, said = up.up(folder, Options(port=port))
    assert "empty" in said
    # A group with its roster, and a run that waits in a queue.
    with occasion_of("assign_content", stack) as occasion:
        group, class_id = occasion.values["groupId"], occasion.values["classId"]
    pid = emulator.running(folder)
    assert "already running" in up.up(folder, Options())[2]
    assert emulator.running(folder) == pid

    # Other parameters stand for other code: both make another stack.
    monkeypatch.setitem(PARAMETERS, "LegSeconds", "59")
    again, _, said = up.up(folder, Options(keep=True))
    assert "continues with" in said
    assert _api(again).get(f"/groups/{group}/classes/{class_id}")["id"] == class_id
    settings = again.client("lambda").get_function_configuration(
        FunctionName=again.functions["sync_api"]
    )
    assert settings["Environment"]["Variables"]["LEG_SECONDS"] == "59"

    stop(folder)
    assert emulator.kept_port(folder) == port
    last, _, _ = up.up(folder, Options(keep=True))
    api = _api(last)
    assert api.get(f"/groups/{group}/classes?limit=1")["classes"]
    # It works as before: a group can be deleted, which takes tables, queues and a function.
    with occasion_of("delete_group", last) as occasion:
        assert occasion.look() == {"records in the roster": 337}
