"""The templates as a reader finds them: contents at the top, and what repeats written once."""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
import yaml

from tests.template.processed import ROOT, Template
from tests.template.test_functions import FUNCTIONS
from tests.template.test_queues import DEAD_LETTERS

FILES = ("template.yaml", "monitoring.yaml")
# Smaller parts than this, in scalars, may repeat: an alias would say less than they do.
SMALL = 5


def _sections(file: str) -> dict[str, str]:
    """Map the title of each section of the resources to its text."""
    resources = (ROOT / file).read_text().split("\nResources:\n")[1].split("\nOutputs:\n")[0]
    _, *parts = re.split(r"^  # -{64} (.+)\n", resources, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _contents(file: str) -> dict[str, str]:
    """Map each line of the contents at the top to what it says of its section."""
    top = (ROOT / file).read_text().split("\nAWSTemplateFormatVersion")[0]
    return dict(re.findall(r"^#     (\S+(?: \S+)*) *(.*)$", top, flags=re.MULTILINE))


@pytest.mark.parametrize("file", FILES)
def test_the_contents_name_the_sections_in_their_order(file: str) -> None:
    assert list(_contents(file)) == list(_sections(file))


def test_each_function_is_in_one_section_with_all_that_it_has() -> None:
    template, sections, contents = (
        Template(),
        _sections("template.yaml"),
        _contents("template.yaml"),
    )
    for function, folder in FUNCTIONS.items():
        name = function.removesuffix("Function")
        [section] = [each for each in sections if f"  {function}:\n" in sections[each]]
        assert folder in contents[section]
        own = {f"{name}Role", f"{name}Logs", *_queues(template, function)}
        defined = set(re.findall(r"^  (\w+):", sections[section], re.MULTILINE))
        assert own <= defined, function


def _queues(template: Template, function: str) -> set[str]:
    """Name the queues that call a function, and their dead-letter queues."""
    queues = {
        source["EventSourceArn"]["Fn::GetAtt"][0]
        for source in template.of_type("Lambda::EventSourceMapping").values()
        if source["FunctionName"] == {"Ref": function}
    }
    return queues | {DEAD_LETTERS[queue] for queue in queues}


@pytest.mark.parametrize("file", FILES)
def test_what_repeats_is_written_once(file: str) -> None:
    """The same value in two places is one node: an anchor, and its aliases."""
    written: dict[str, set[int]] = defaultdict(set)
    whole = yaml.compose((ROOT / file).read_text())
    assert whole is not None
    for node in _parts(whole):
        if _size(node) > SMALL:
            written[_value(node)].add(node.start_mark.line + 1)
    assert {text: lines for text, lines in written.items() if len(lines) > 1} == {}


def _parts(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    for inner in _within(node):
        yield from _parts(inner)


def _within(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _size(node: yaml.Node) -> int:
    """Count the scalars of a node."""
    return isinstance(node, yaml.ScalarNode) + sum(_size(inner) for inner in _within(node))


def _value(node: yaml.Node) -> str:
    """Write a node down so that equal ones look alike."""
    inner = ", ".join(_value(each) for each in _within(node))
    return f"{node.tag} [{inner}]" if inner else f"{node.tag} {node.value}"
