"""What functions read from their environment: all of what the template sets, and nothing else."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.settings import Environment, Flag, Number, Seconds, SettingsError
from tests.template.processed import Template
from tools.build_function import folder_of

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(file.parent.name for file in ROOT.glob("functions/*/handler.py"))
LIBRARIES = ("POWERTOOLS_", "OAUTHLIB_")
"""What these read themselves."""


class Example(Environment):
    table: str
    insecure: Flag
    most: Number
    wait: Seconds


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, str]]:
    """The variables that the template sets, by function; those of Globals are among them."""
    return {
        folder_of(name): {
            variable: "x" if isinstance(value, dict) else str(value)
            for variable, value in properties["Environment"]["Variables"].items()
            if not variable.startswith(LIBRARIES)
        }
        for name, properties in Template().of_type("Lambda::Function").items()
    }


def test_the_template_has_these_functions(told: dict[str, dict[str, str]]) -> None:
    assert sorted(told) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_reads_what_the_template_sets(
    told: dict[str, dict[str, str]], function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler: Any = importlib.import_module(f"functions.{function}.handler")
    assert sorted(handler.Settings.variables()) == sorted(told[function])
    for variable, value in told[function].items():
        monkeypatch.setenv(variable, value)
    looked_at: set[str] = set()

    class Watched(handler.Settings):  # type: ignore[misc]  # known only when it runs
        def __getattribute__(self, name: str) -> Any:
            looked_at.add(name)
            return super().__getattribute__(name)

    monkeypatch.setattr(handler, "Settings", Watched)
    handler.build.cache_clear()
    handler.build()
    handler.build.cache_clear()
    assert set(handler.Settings.model_fields) - looked_at == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_names_all_that_is_missing_at_once(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler: Any = importlib.import_module(f"functions.{function}.handler")
    monkeypatch.setenv("CONTROL_TABLE", "")
    with pytest.raises(SettingsError) as raised:
        handler.build()
    for variable in handler.Settings.variables():
        assert f"{variable} is missing" in str(raised.value)


def test_a_model_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"TABLE": "t", "INSECURE": "false", "MOST": "7", "WAIT": "90"}
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    read = Example.read()
    assert (read.table, read.insecure, read.most) == ("t", False, 7)
    assert read.wait.total_seconds() == 90
    with pytest.raises(ValidationError):
        read.table = "another"  # type: ignore[misc]  # that it is frozen is what is tested


def test_what_cannot_be_read_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("INSECURE", "MOST", "WAIT"):
        monkeypatch.setenv(variable, "s3cr3t")
    with pytest.raises(SettingsError) as raised:
        Example.read()
    assert str(raised.value) == (
        "Environment: TABLE is missing, INSECURE must be true or false, "
        "MOST must be a whole number, WAIT must be a whole number"
    )
    assert raised.value.__cause__ is None
