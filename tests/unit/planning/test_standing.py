"""How a record stands is spelled in one module; no other part of the planner quotes its values."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.group.guard import HoldRule
from shared.domain.roster.change import Action
from shared.planning import standing
from shared.planning.standing import Answer, Origin, State, Why

PLANNING = Path(standing.__file__).parent
VALUES = {str(v) for kind in (State, Why, Answer, Origin, HoldRule, Action) for v in kind}
# Tables and columns are named for what is in them, and some share a word: ``table("parsed", …)``,
# ``{"current": "BOOLEAN"}``.
NAMES_TABLES = "table"


def _spelled(source: str) -> Iterator[str]:
    """Find the values that a module spells itself: quoted in SQL, or bare in Python."""
    tree = ast.parse(source)
    named = {
        id(name)
        for node in ast.walk(tree)
        for name in (
            node.args[:1]
            if isinstance(node, ast.Call) and ast.unparse(node.func) == NAMES_TABLES
            else [key for key in node.keys if key is not None]
            if isinstance(node, ast.Dict)
            else []
        )
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if node.value in VALUES and id(node) not in named:
            yield node.value
        yield from VALUES & set(re.findall(r"'(\w+)'", node.value))
        # An f-string's place that was left in a plain string would go into the SQL as it is.
        yield from re.findall(r"\{(?:[A-Z][A-Za-z]+\.\w+|[A-Z_]{3,})\}", node.value)


@pytest.mark.parametrize("path", sorted(PLANNING.glob("*.py")), ids=lambda path: path.stem)
def test_only_one_module_spells_how_a_record_stands(path: Path) -> None:
    if path.name != Path(standing.__file__).name:
        assert not list(_spelled(path.read_text()))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("""sql = "SELECT id FROM base WHERE state = 'pending'\"""", ["pending"]),
        ("""sql = f"UPDATE {name} SET hold = 'kept'\"""", ["kept"]),
        ("if why == 'gone': pass", ["gone"]),
        ("""sql = "state = '{State.ENDED}'\"""", ["{State.ENDED}"]),
        ("""sql = f"state = '{State.ENDED}'\"""", []),
        ("table('parsed', users)", []),
    ],
)
def test_a_value_is_found_wherever_it_is_spelled(source: str, found: list[str]) -> None:
    assert list(_spelled(source)) == found
