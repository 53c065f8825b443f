"""Byte code is built in, by the version of Python that runs it; or it is said that none is."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import smoke, target_python
from tools.dependencies import compile_bytecode

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHER = f"{sys.version_info.major}.{sys.version_info.minor + 1}"


def _program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Only what a test puts there can be found."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(target_python, "DOWNLOADED", tmp_path / "brought")
    return tmp_path


class TestInterpreter:
    def test_its_own_serves_where_it_is_of_the_version(self, nowhere: Path) -> None:
        assert target_python.find(VERSION) == Path(sys.executable)

    def test_another_version_is_none(self, nowhere: Path) -> None:
        assert target_python.find(OTHER) is None

    def test_a_shim_without_a_python_behind_it_hides_none(
        self, nowhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shims = _program(nowhere / "shims", f"python{OTHER}", "exit 127").parent
        good = _program(nowhere / "bin", f"python{OTHER}", f"echo cpython {OTHER}")
        monkeypatch.setenv("PATH", f"{shims}{os.pathsep}{good.parent}")
        assert target_python.find(OTHER) == good

    def test_a_name_is_no_proof(self, nowhere: Path) -> None:
        _program(nowhere / "bin", f"python{OTHER}", f"echo cpython {VERSION}")
        assert target_python.find(OTHER) is None

    @pytest.mark.parametrize(
        "folder", ["pyenv/versions/{0}.4/bin", "brought/cpython-{0}.4-linux-x86_64-gnu/bin"]
    )
    def test_pyenv_and_uv_keep_more(self, nowhere: Path, folder: str) -> None:
        kept = nowhere / folder.format(OTHER)
        good = _program(kept, f"python{OTHER}", f"echo cpython {OTHER}")
        assert target_python.find(OTHER) == good

    def test_a_build_without_goes_on_and_says_so(
        self,
        nowhere: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(target_python, "download", lambda version: False)
        monkeypatch.setattr(sys, "argv", ["target_python", OTHER])
        target_python.main()
        assert f"there is no Python {OTHER} here" in capsys.readouterr().err


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A function as it is built, not yet compiled."""
    folder = tmp_path / "CreateGroupFunction"
    handler = folder / "functions" / "create_group" / "handler.py"
    handler.parent.mkdir(parents=True)
    handler.write_text(
        "import words\n\n\ndef lambda_handler(event, context):\n    return words.HELLO\n"
    )
    (folder / "words.py").write_text("HELLO = 1\n")
    for package in (handler.parent, handler.parent.parent):
        (package / "__init__.py").touch()
    (tmp_path / "runtime").mkdir()
    return folder


class TestByteCode:
    def test_it_is_valid_whatever_the_zip_does_to_time_stamps(self, artifact: Path) -> None:
        compile_bytecode(Path(sys.executable), artifact)
        os.utime(artifact / "words.py", (0, 0))
        assert smoke.faults(artifact, artifact.parent / "runtime") == []

    def test_it_is_what_python_runs(self, artifact: Path) -> None:
        """Unchecked: a source that has changed since is not looked at."""
        compile_bytecode(Path(sys.executable), artifact)
        (artifact / "words.py").write_text("HELLO = 2\n")
        program = "import sys; sys.path.insert(0, sys.argv[1]); import words; print(words.HELLO)"
        said = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program, str(artifact)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout.strip() == "1"

    def test_it_does_not_say_where_it_was_built(self, artifact: Path) -> None:
        compile_bytecode(Path(sys.executable), artifact)
        compiled = list(artifact.rglob("*.pyc"))
        assert compiled
        assert not [file for file in compiled if str(artifact).encode() in file.read_bytes()]

    def test_smoke_notices_that_there_is_none(self, artifact: Path) -> None:
        [fault] = smoke.faults(artifact, artifact.parent / "runtime")
        assert fault.startswith("has no byte code for 4 modules")

    @pytest.mark.parametrize("first", [b"\x00\x00\r\n", importlib.util.MAGIC_NUMBER])
    def test_smoke_notices_that_it_is_another_versions_or_checked(
        self, artifact: Path, first: bytes
    ) -> None:
        compile_bytecode(Path(sys.executable), artifact)
        file = Path(importlib.util.cache_from_source(str(artifact / "words.py")))
        file.write_bytes(first + bytes(4) + file.read_bytes()[8:])
        [fault] = smoke.faults(artifact, artifact.parent / "runtime")
        assert fault == "has no byte code for 1 modules, such as words.py"
