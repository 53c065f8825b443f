"""The templates as CloudFormation gets them: SAM's transform done, parameters at their defaults."""

import copy
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent.parent
NO_VALUE = {"Ref": "AWS::NoValue"}


@functools.cache
def _translated() -> dict[str, Any]:
    source = yaml_parse((ROOT / "template.yaml").read_text())
    # The transform wants the code where `sam deploy` would have put it.
    source["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    session = boto3.session.Session(region_name="eu-central-1")
    # The empty dict stands for AWS's managed policies, which no function uses.
    document: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(source, {})
    return document


def processed() -> dict[str, Any]:
    """Give the document that CloudFormation gets, its parameters and conditions still open."""
    return copy.deepcopy(_translated())


@functools.cache
def _nested(file: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml_parse((ROOT / file).read_text())
    return document


def processed_monitoring() -> dict[str, Any]:
    """Give the document of the stack with alarms and dashboard, its parameters still open."""
    return copy.deepcopy(_nested("monitoring.yaml"))


class Template:
    """A processed template for some parameters, the main one unless another document is given.

    Parameters that are not given have their defaults.
    """

    def __init__(self, document: dict[str, Any] | None = None, /, **parameters: Any) -> None:
        # The comprehensions below copy what they take, so that no test changes what all share.
        document = document or _translated()
        self._parameters = {
            name: _as_typed(parameters.get(name, declared.get("Default")), declared["Type"])
            for name, declared in document["Parameters"].items()
        }
        self._mappings = document.get("Mappings", {})
        self._conditions = document["Conditions"]
        self.resources: dict[str, Any] = {
            name: self._resolve(resource)
            for name, resource in document["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }
        self.outputs: dict[str, Any] = {
            name: self._resolve(output["Value"])
            for name, output in document.get("Outputs", {}).items()
            if "Condition" not in output or self._holds(output["Condition"])
        }

    @property
    def monitoring(self) -> "Template":
        """The nested stack with alarms and dashboard.

        It refers to resources of this template by what this template passes on of them.
        """
        stack = self["Monitoring"]
        return Template(_nested(stack["TemplateURL"]), **stack["Parameters"])

    def of_type(self, kind: str) -> dict[str, Any]:
        """Pick the properties of all resources of one type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def __getitem__(self, logical_id: str) -> Any:
        return self.resources[logical_id]["Properties"]

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Walk through what each role allows, one action and one resource a statement."""
        for role, properties in self.of_type("IAM::Role").items():
            for policy in properties.get("Policies", []):
                yield from (
                    (role, {**statement, "Action": action, "Resource": resource})
                    for statement in policy["PolicyDocument"]["Statement"]
                    for action in as_list(statement["Action"])
                    for resource in as_list(statement["Resource"])
                )

    def _resolve(self, value: Any) -> Any:
        """Replace what depends on parameters; references to resources stay as they are."""
        match value:
            case {"Ref": str(name)} if name in self._parameters:
                return self._parameters[name]
            case {"Fn::If": [condition, yes, no]}:
                return self._resolve(yes if self._holds(condition) else no)
            case {"Fn::Join": [str(between), {"Ref": str(name)}]} if name in self._parameters:
                return between.join(self._parameters[name])
            case {"Fn::FindInMap": [mapping, *keys]}:
                found = self._mappings[mapping]
                for key in keys:
                    found = found[self._resolve(key)]
                return found
            case dict():
                resolved = {name: self._resolve(inner) for name, inner in value.items()}
                return {name: inner for name, inner in resolved.items() if inner != NO_VALUE}
            case list():
                return [inner for each in value if (inner := self._resolve(each)) != NO_VALUE]
        return value

    def _holds(self, condition: Any) -> bool:
        match condition:
            case str(name) | {"Condition": str(name)}:
                return self._holds(self._conditions[name])
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::Or": list(several)}:
                return any(self._holds(each) for each in several)
            case {"Fn::And": list(several)}:
                return all(self._holds(each) for each in several)
            case {"Fn::Equals": [left, right]}:
                return bool(self._resolve(left) == self._resolve(right))
        raise AssertionError(condition)


def _as_typed(value: str, kind: str) -> Any:
    return value.split(",") if kind == "CommaDelimitedList" else value


def as_list(value: Any) -> list[Any]:
    """Treat a single value as a list of one, as IAM does."""
    return value if isinstance(value, list) else [value]


def target(reference: Any) -> str:
    """Name the resource that ``!Ref``, ``!GetAtt`` or the start of a ``!Sub`` points to."""
    match reference:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::Sub": str(text)} if text.startswith("${"):
            return text[2:].partition("}")[0].partition(".")[0]
    return str(reference)
