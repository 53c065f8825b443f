"""A build is taken again while what it is made of is the same, and no registry is asked for it."""

import shutil
import zipfile
from pathlib import Path

import pytest

from local import builds, packages
from local.builds import Build
from local.emulator import StackError
from tools import dependencies
from tools.dependencies import Target

ROOT = Path(__file__).parents[2]
TARGET = Target("3.11", "x86_64", "manylinux_2_28")


MADE_OF = (
    "functions/plan_sync/handler.py",
    "shared/domain/group/guard.py",
    "requirements/plan-sync.txt",
    "requirements/sam.txt",
    "template.yaml",
    "monitoring.yaml",
    "Makefile",
    "tools/build_function.py",
    "tools/dependencies.py",
    "local/packages.py",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small one, of the parts that ours has."""
    for name in MADE_OF:
        assert (ROOT / name).is_file()
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("content")
    return tmp_path


@pytest.mark.parametrize("changed", MADE_OF)
def test_what_a_build_is_made_of_names_it(project: Path, changed: str) -> None:
    before = builds.key(project)
    assert builds.key(project) == before
    file = project / changed
    file.write_text(file.read_text() + "\n")
    assert builds.key(project) != before


def test_a_new_file_and_a_renamed_one_name_another(project: Path) -> None:
    before = builds.key(project)
    (project / "shared" / "new.txt").touch()
    between = builds.key(project)
    (project / "shared" / "new.txt").rename(project / "shared" / "newer.txt")
    assert len({before, between, builds.key(project)}) == 3


def test_what_is_not_in_a_build_changes_nothing(project: Path) -> None:
    before = builds.key(project)
    (project / "README.md").write_text("Other words.")
    (project / "requirements" / "dev.txt").write_text("pytest==1")
    cache = project / "shared" / "__pycache__"
    cache.mkdir()
    (cache / "settings.cpython-311.pyc").touch()
    assert builds.key(project) == before


class TestBuild:
    @pytest.fixture(autouse=True)
    def workplace(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[Path] = []
        self.key = "a" * 16
        (tmp_path / "builds").mkdir()
        monkeypatch.setattr(builds, "BUILDS", tmp_path / "builds")
        monkeypatch.setattr(builds, "key", lambda: self.key)
        monkeypatch.setattr(builds, "_build", self._build)
        monkeypatch.setattr(builds, "pack", lambda built, into, target: into.mkdir())

    def _build(self, into: Path) -> None:
        into.mkdir()
        self.made.append(into)

    def test_the_same_is_built_once(self) -> None:
        first = builds.build()
        assert builds.build() == first
        assert len(self.made) == 1
        assert first.functions.is_dir()

    def test_another_is_built_and_the_first_is_still_there(self) -> None:
        first = builds.build()
        self.key = "b" * 16
        assert builds.build() != first
        self.key = "a" * 16
        assert builds.build() == first
        assert len(self.made) == 2

    def test_one_that_fails_leaves_nothing_that_could_be_taken(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(into: Path) -> None:
            into.mkdir()
            raise StackError("The build of the functions failed")

        monkeypatch.setattr(builds, "_build", fail)
        with pytest.raises(StackError):
            builds.build()
        assert not Build(builds.BUILDS / self.key).folder.exists()

    def test_what_is_edited_meanwhile_is_built_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def edited(into: Path) -> None:
            self._build(into)
            self.key = "b" * 16

        monkeypatch.setattr(builds, "_build", edited)
        assert builds.build().key == "b" * 16
        assert len(self.made) == 2
        assert not (builds.BUILDS / ("a" * 16)).exists()

    def test_old_ones_are_forgotten(self) -> None:
        for letter in "abcdef":
            self.key = letter * 16
            builds.build()
        kept = [path for path in builds.BUILDS.iterdir() if len(path.name) == 16]
        assert len(kept) == builds.KEPT


def test_nested_templates_are_packed_beside_the_main_one(tmp_path: Path) -> None:
    built, packed = tmp_path / "built", tmp_path / "packed"
    (built / "Monitoring").mkdir(parents=True)
    (built / "Monitoring" / "template.yaml").write_text("Resources: {}\n")
    (built / "template.yaml").write_text("      TemplateURL: Monitoring/template.yaml\n")
    packages.pack(built, packed, TARGET)
    for template in ("template.yaml", "Monitoring/template.yaml"):
        assert (packed / template).read_text() == (built / template).read_text()


UV = """#!/bin/sh
echo "$@" >> {asked}
case "$*" in *--offline*) test -e {cached} || exit 1;; esac
while test "$1" != --target; do shift; done
mkdir -p "$2/wheel/bin"; echo "A = 1" > "$2/wheel/__init__.py"
"""


class TestDependencies:
    @pytest.fixture(autouse=True)
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A uv of our own, which writes down what it is asked."""
        self.asked, self.cached = tmp_path / "asked", tmp_path / "cached"
        uv = tmp_path / "uv"
        uv.write_text(UV.format(asked=self.asked, cached=self.cached))
        uv.chmod(0o755)
        (tmp_path / "requirements").mkdir()
        self.locked = tmp_path / "requirements" / "plan-sync.txt"
        self.locked.write_text("duckdb==2.0.0\n")
        monkeypatch.setattr(dependencies, "ROOT", tmp_path)
        monkeypatch.setattr(dependencies, "STORE", tmp_path / "store")
        monkeypatch.setattr(dependencies, "UV", uv)

    def _asked(self) -> list[bool]:
        """Each call of uv: whether it was to do without the network."""
        return ["--offline" in line for line in self.asked.read_text().splitlines()]

    def test_the_cache_is_asked_before_any_registry(self) -> None:
        self.cached.touch()
        dependencies.installed("plan-sync", TARGET)
        assert self._asked() == [True]

    def test_a_registry_is_asked_for_what_the_cache_has_not(self) -> None:
        dependencies.installed("plan-sync", TARGET)
        assert self._asked() == [True, False]

    def test_what_is_there_asks_nobody(self) -> None:
        first = dependencies.installed("plan-sync", TARGET)
        self.asked.unlink()
        assert dependencies.installed("plan-sync", TARGET) == first
        assert not self.asked.exists()

    def test_other_wheels_and_another_target_are_another_folder(self) -> None:
        first = dependencies.installed("plan-sync", TARGET)
        other = dependencies.installed("plan-sync", Target("3.11", "arm64", "manylinux_2_28"))
        self.locked.write_text("duckdb==2.0.1\n")
        newer = dependencies.installed("plan-sync", TARGET)
        assert len({first, other, newer}) == 3

    def test_it_is_packed_once_and_a_function_adds_its_own(self, tmp_path: Path) -> None:
        folder = dependencies.installed("plan-sync", TARGET)
        archive = dependencies.zip_of(folder)
        assert dependencies.zip_of(folder) == archive
        built = tmp_path / "built"
        dependencies.link_tree(folder, built)
        (built / "handler.py").write_text("B = 2\n")
        copy = tmp_path / "function.zip"
        shutil.copy(archive, copy)
        dependencies.zip_folder(built, copy, append=True)
        with zipfile.ZipFile(copy) as packed:
            names = packed.namelist()
        assert {"handler.py", "wheel/__init__.py"} <= set(names)
        assert len(names) == len(set(names))
