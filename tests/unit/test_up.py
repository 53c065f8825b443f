"""A running stack ends only when its successor can begin; one with the same code goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import district, emulator, processes, stack, up
from local.builds import Build
from local.district import SampleDistrict
from local.emulator import Emulator, StackError
from local.stack import PARAMETERS, STACK_FILE, Stack, made_of
from local.up import Options
from tests.unit.test_first_sync import SAMPLE, stack_in

RUNNING = Emulator(4242, 4566)
NOW, BEFORE = Build(Path("builds/now")), Build(Path("builds/before"))


class World:
    """What ``make up`` would do to this machine, written down instead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: Emulator | None = RUNNING
        self.done: list[str] = []
        self.started: dict[str, Any] = {}

    def runs(self, build: Build) -> None:
        """Have a stack running that was deployed from this build."""
        known = vars(stack_in(self.folder)) | {"made_of": made_of(build, PARAMETERS)}
        Stack(**known).write(self.folder / STACK_FILE)

    def start_emulator(self, folder: Path, **how: Any) -> Emulator:
        self.done.append("start")
        self.started = how
        raise StackError("This far is enough.")

    def stop(self, folder: Path, **_: Any) -> bool:
        self.done.append("stop")
        return True


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    monkeypatch.setattr(up, "check_tools", lambda: None)
    monkeypatch.setattr(stack, "check_tools", lambda: None)
    monkeypatch.setattr(up, "build", lambda: NOW)
    monkeypatch.setattr(emulator, "running", lambda folder: made.running)
    monkeypatch.setattr(emulator, "start", made.start_emulator)
    monkeypatch.setattr(emulator, "stop", made.stop)
    monkeypatch.setattr(emulator, "kept_port", lambda folder: 4566)
    monkeypatch.setattr(emulator, "is_free", lambda port: port not in {4566, 8888})
    monkeypatch.setattr(Emulator, "is_ready", lambda self: True)
    monkeypatch.setattr(district, "start", lambda folder: SAMPLE)
    return made


def test_the_same_code_goes_on(world: World) -> None:
    world.runs(NOW)
    known, sample, said = up.up(world.folder, Options())
    assert (known.folder, sample) == (str(world.folder), SAMPLE)
    assert "already running" in said
    assert world.done == []


@pytest.mark.parametrize("options", [Options(port=4567), Options(bind="0.0.0.0")])
def test_the_same_code_elsewhere_is_another(world: World, options: Options) -> None:
    world.runs(NOW)
    with pytest.raises(StackError, match="far is enough"):
        up.up(world.folder, options)
    assert world.done == ["stop", "start"]


def test_other_code_takes_its_place(world: World) -> None:
    world.runs(BEFORE)
    with pytest.raises(StackError, match="far is enough"):
        up.up(world.folder, Options())
    assert world.done == ["stop", "start"]
    assert (world.started["port"], world.started["restores"]) == (4566, False)


def test_other_code_goes_on_with_what_is_kept(world: World) -> None:
    world.runs(BEFORE)
    with pytest.raises(StackError, match="far is enough"):
        up.up(world.folder, Options(keep=True))
    assert world.started["restores"]
    assert world.started["keeps_state"]
    assert world.started["port"] == 4566


def test_what_was_kept_over_down_is_gone_on_with_at_its_port(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.running = None
    monkeypatch.setattr(emulator, "kept_port", lambda folder: 4599)
    with pytest.raises(StackError, match="far is enough"):
        up.up(world.folder, Options(keep=True))
    assert (world.started["port"], world.started["restores"]) == (4599, True)
    with pytest.raises(StackError, match="belongs to port 4599"):
        up.up(world.folder, Options(keep=True, port=4600))


def test_a_stack_that_could_not_save_is_not_said_to_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.runs(BEFORE)
    monkeypatch.setattr(emulator, "kept_port", lambda folder: None)
    with pytest.raises(StackError, match="could not save its data"):
        up.up(world.folder, Options(keep=True))
    assert world.done == ["stop"]


def _fails(*_: Any, **__: Any) -> Any:
    raise StackError("It cannot be.")


@pytest.mark.parametrize(
    "break_it",
    [
        lambda patch: patch.setattr(up, "build", _fails),
        lambda patch: patch.setattr(up, "check_tools", _fails),
    ],
)
def test_what_cannot_be_built_ends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None]
) -> None:
    world.runs(BEFORE)
    break_it(monkeypatch)
    with pytest.raises(StackError, match="cannot be"):
        up.up(world.folder, Options())
    assert world.done == []
    assert (world.folder / STACK_FILE).exists()


def test_a_port_that_is_taken_ends_nothing(world: World) -> None:
    world.runs(BEFORE)
    with pytest.raises(StackError, match="8888 is taken"):
        up.up(world.folder, Options(port=8888))
    assert world.done == []


def test_a_start_that_fails_leaves_what_was_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed, so that it cannot write half of a deployment over it."""
    stopped: list[bool] = []
    world.running = None
    monkeypatch.setattr(emulator, "start", lambda folder, **how: RUNNING)
    monkeypatch.setattr(emulator, "stop", lambda folder, saves=True: stopped.append(saves))
    monkeypatch.setattr(stack, "deploy", _fails)
    with pytest.raises(StackError, match="cannot be"):
        stack.start(world.folder, port=4599, built=NOW, keeps_state=True, restores=True)
    assert stopped == [False]


def test_district_keeps_its_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups that were kept know it by that."""
    commands: list[list[str]] = []

    def begin(command: list[str], **_: Any) -> int:
        commands.append(command)
        port = int(command[command.index("--port") + 1])
        SampleDistrict(1, port, f"http://127.0.0.1:{port}", "k", "s", "d").write(tmp_path)
        return 1

    monkeypatch.setattr(processes, "start", begin)
    monkeypatch.setattr(processes, "lives", lambda pid, word: False)
    monkeypatch.setattr(district, "is_free", lambda port: True)
    SampleDistrict(1, 8123, "http://127.0.0.1:8123", "k", "s", "d").write(tmp_path)
    assert district.start(tmp_path).port == 8123
    monkeypatch.setattr(district, "is_free", lambda port: port != 8123)
    assert district.start(tmp_path).port == district.USUAL_PORT
