"""The processed templates are sound for every choice of parameters, not only for the defaults.

``cfn-lint template.yaml monitoring.yaml`` reads what we write; this reads what SAM makes of it.
"""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from tests.template.processed import Template, processed, processed_monitoring

DOCUMENT = processed()
MONITORING = processed_monitoring()
CHOICES = {
    name: declared["AllowedValues"]
    for name, declared in DOCUMENT["Parameters"].items()
    if "AllowedValues" in declared
}


EMULATORS_OWN = re.compile(r"W3037 'batchexecutestatement'")
"""An action that AWS does not have, and that only the local stack allows."""


@pytest.mark.parametrize("document", [DOCUMENT, MONITORING], ids=["template", "monitoring"])
def test_cfn_lint_finds_nothing(tmp_path: Path, document: dict[str, Any]) -> None:
    """It works through the conditions, and so through each choice, by itself."""
    file = tmp_path / "processed.json"
    # `sam deploy` uploads the nested template and puts its address here.
    text = json.dumps(document, indent=1).replace('"monitoring.yaml"', '"https://host/key"')
    file.write_text(text)
    found = lint(file.read_text(), config=ManualArgs(regions=["eu-central-1"]))
    said = [f"{match.rule.id} {match.message}" for match in found]
    assert [line for line in said if not EMULATORS_OWN.match(line)] == []


def test_no_choice_leaves_a_reference_to_a_missing_resource() -> None:
    """Try all combinations of choices that decide which resources exist, and every other choice."""
    deciding = sorted(_deciding())
    assert {"Platform", "ApiLogRole", "FixedAddress"} <= set(deciding)
    for values in itertools.product(*(CHOICES[name] for name in deciding)):
        _holds_together(dict(zip(deciding, values, strict=True)))
    for name in CHOICES.keys() - set(deciding):
        for value in CHOICES[name]:
            _holds_together({name: value})


def _deciding() -> set[str]:
    """Name the parameters behind the conditions of resources and outputs."""
    made = [*DOCUMENT["Resources"].values(), *DOCUMENT["Outputs"].values()]
    conditions = {each["Condition"] for each in made if "Condition" in each}
    while (
        more := {
            name
            for condition in conditions
            for name in re.findall(
                r'"Condition": "(\w+)"', json.dumps(DOCUMENT["Conditions"][condition])
            )
        }
        - conditions
    ):
        conditions |= more
    text = json.dumps([DOCUMENT["Conditions"][condition] for condition in conditions])
    return {name for name in CHOICES if f'"{name}"' in text}


def _holds_together(chosen: dict[str, str]) -> None:
    template = Template(**chosen)
    monitoring = template.monitoring
    known = template.resources.keys() | DOCUMENT["Parameters"].keys()
    nested = known | monitoring.resources.keys() | MONITORING["Parameters"].keys()
    for part, names in (
        (template.resources, known),
        (template.outputs, known),
        (monitoring.resources, nested),
    ):
        for where, name in _named(part, ""):
            assert name in names or name.startswith("AWS::"), (chosen, where)


def _named(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Walk through the references of a document: the place, and the name it refers to."""
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
