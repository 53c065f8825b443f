"""The processed template is sound for every choice of its parameters, not only for the defaults.

``cfn-lint template.yaml`` reads what we write; this reads what SAM makes of it.
"""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from tests.template.processed import Template, processed

CONDITIONS = json.dumps(processed()["Conditions"])
CHOICES = {
    name: declared["AllowedValues"]
    for name, declared in processed()["Parameters"].items()
    if "AllowedValues" in declared and f'"{name}"' in CONDITIONS
}
"""What decides on more than a value: whether something is there."""
EMULATORS_OWN = re.compile(r"W3037 'batchexecutestatement'")
"""An action that AWS does not know, and that only the local stack is given."""


def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    """It goes through the conditions by itself, and so through each choice."""
    file = tmp_path / "processed.json"
    file.write_text(json.dumps(processed(), indent=1))
    found = lint(file.read_text(), config=ManualArgs(regions=["eu-central-1", "us-east-1"]))
    said = [f"{match.rule.id} {match.message}" for match in found]
    assert [line for line in said if not EMULATORS_OWN.match(line)] == []


@pytest.mark.parametrize("first", CHOICES.get("Platform", []))
def test_whatever_is_chosen_nothing_points_to_what_is_not_there(first: str) -> None:
    others = {name: values for name, values in CHOICES.items() if name != "Platform"}
    for values in itertools.product(*others.values()):
        chosen = dict(zip(others, values, strict=True))
        template = Template(Platform=first, **chosen)
        known = {*template.resources, *processed()["Parameters"]}
        for where, name in (
            *_named(template.resources, "Resources"),
            *_named(template.outputs, "Outputs"),
        ):
            assert name in known or name.startswith("AWS::"), (chosen, where)


def _named(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Walk through what a document refers to, with the place where it does."""
    match value:
        case {"Ref": str(name)}:
            yield where, name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield where, name
        case {"Fn::Sub": str(text)}:
            for name in re.findall(r"\$\{([\w:]+)[^}]*\}", text):
                yield where, name
        case dict():
            for key, inner in value.items():
                if key == "DependsOn":
                    yield from ((where, name) for name in _as_list(inner))
                yield from _named(inner, f"{where}.{key}")
        case list():
            for number, inner in enumerate(value):
                yield from _named(inner, f"{where}[{number}]")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
