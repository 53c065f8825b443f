"""The names of what the two tables hold stand in their modules of names, and nowhere else.

Some names only the tables have (``openUntil``, ``pk``, ``GROUP#``): all code is searched for those.
Others are plain words, which models, answers and SQL have as well (``state``, ``id``): the code
that speaks to DynamoDB is searched for those. There a literal may still name the field of a model,
where one is made or copied or gets its attribute, and a field of the API, where an error names one.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

import shared.domain
import shared.http
from shared.adapters.control_table import attributes as control_attributes
from shared.adapters.control_table import keys as control_keys
from shared.adapters.roster_table import attributes as roster_attributes
from shared.adapters.roster_table import keys as roster_keys

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "functions", "local", "tools", "benchmarks")
ATTRIBUTES = (control_attributes, roster_attributes)
KEYS = (control_keys, roster_keys)
MAKES_A_MODEL = {"model_validate", "model_copy"}
NAMES_A_FIELD = "field"
EXPRESSION = re.compile(
    r"[:#]\w|[=<>]|\b(SET|REMOVE|DELETE|ADD|attribute_\w+|contains|begins_with)\b"
)


def _path(module: ModuleType) -> Path:
    assert module.__file__ is not None
    return Path(module.__file__)


def _literals(tree: ast.AST) -> Iterator[ast.Constant]:
    """Every string in the code, the parts of f-strings included, but for docstrings."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node


@cache
def _prefixes() -> re.Pattern[str]:
    """What keys begin with."""
    trees = [ast.parse(_path(module).read_text()) for module in KEYS]
    found = {
        prefix
        for tree in trees
        for literal in _literals(tree)
        for prefix in re.findall(r"^[A-Z]+(?=#)", str(literal.value))
    }
    assert {"ENT", "GROUP", "RUN", "STAMP"} <= found
    return re.compile(rf"(?<![A-Za-z])({'|'.join(sorted(found))})#")


@cache
def _kinds() -> dict[str, type[StrEnum]]:
    """The kinds of items, each with its attributes."""
    found = [kind for module in ATTRIBUTES for kind in vars(module).values()]
    enums = [kind for kind in found if isinstance(kind, type) and issubclass(kind, StrEnum)]
    return {kind.__name__: kind for kind in enums if kind is not StrEnum}


@cache
def _names() -> frozenset[str]:
    """All attributes and indexes."""
    found = {str(name) for kind in _kinds().values() for name in kind}
    found.add(control_attributes.EXPIRES_AT)
    indexes = {control_keys.OPEN_RUNS, control_keys.DUE_GROUPS, roster_keys.BY_USER}
    return frozenset(found | indexes | {control_keys.PK, control_keys.SK})


@cache
def _only_stored() -> frozenset[str]:
    """Names that no model has, and that are no words: only the tables have them."""
    for package in (shared.domain, shared.http):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    fields: set[str] = set()
    models = [BaseModel]
    for model in models:
        models += model.__subclasses__()
        for name, field in model.model_fields.items():
            fields |= {name, field.alias or name}
    keys = {control_keys.PK, control_keys.SK}
    only = {name for name in _names() - fields if name in keys or re.search("[A-Z]", name)}
    assert {"openUntil", "runSeq", "duePeriod", "userKey", "byUser"} <= only
    return frozenset(only)


def _contains(names: frozenset[str], text: str) -> bool:
    return any(word in names for word in re.findall(r"\w+", text))


def _speaks_to_dynamodb(path: Path, tree: ast.AST) -> bool:
    folders = {_path(module).parent for module in KEYS}
    imported = [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None) or "", *(each.name for each in node.names))
    ]
    return path.parent in folders or any("dynamodb" in name for name in imported)


def _named_otherwise(tree: ast.AST) -> set[int]:
    """The literals that name a field of a model or of the API, by their identities."""
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    making = [call for call in calls if getattr(call.func, "attr", "") in MAKES_A_MODEL]
    made = [node for call in making for node in ast.walk(call) if isinstance(node, ast.Dict)]
    fields = {id(key) for each in made for key in each.keys}
    shown = {id(each.value) for c in calls for each in c.keywords if each.arg == NAMES_A_FIELD}
    attribute_of = {
        id(key)
        for node in nodes
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(value, ast.Attribute)
        and isinstance(value.value, ast.Name)
        and value.value.id in _kinds()
    }
    return fields | shown | attribute_of


def stray_names(path: Path, source: str) -> list[str]:
    """What of the tables is written down in this code, by line."""
    tree = ast.parse(source)
    speaks, allowed = _speaks_to_dynamodb(path, tree), _named_otherwise(tree)
    stray: list[str] = []
    for literal in _literals(tree):
        text = str(literal.value)
        if (
            _prefixes().search(text)
            or _contains(_only_stored(), text)
            or (speaks and text in _names() and id(literal) not in allowed)
            or (speaks and EXPRESSION.search(text) and _contains(_names(), text))
        ):
            stray.append(f"{path}:{literal.lineno}: {text!r}")
    return stray


def test_names_of_what_is_stored_stand_in_one_place() -> None:
    named = {_path(module) for module in (*ATTRIBUTES, *KEYS)}
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    assert named < set(paths)
    stray = [each for p in paths if p not in named for each in stray_names(p, p.read_text())]
    assert stray == []


TABLE = ROOT / "shared/adapters/control_table/some.py"
TOOL = ROOT / "tools/some.py"


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (TABLE, 'item["state"]'),
        (TABLE, 'Attr("activeRun").not_exists()'),
        (TABLE, 'update(table, key, {"leg": 1})'),
        (TABLE, 'write("SET hold = :hold")'),
        (TABLE, 'key = {"pk": partition}'),
        (TOOL, 'item["openUntil"]'),
        (TOOL, 'from boto3.dynamodb.conditions import Attr\nAttr("base").exists()'),
        (TOOL, 'query(IndexName="byUser")'),
        (TOOL, 'f"GROUP#{group_id}"'),
    ],
)
def test_a_stray_name_is_found(path: Path, source: str) -> None:
    assert stray_names(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (TABLE, 'run.model_copy(update={"state": state})'),
        (TABLE, 'ConflictError("name_taken", text, field="name")'),
        (TABLE, 'SINCE = {"marked": GroupItem.MARKED_AT}'),
        (TOOL, 'answer["state"]'),
    ],
)
def test_fields_of_models_and_answers_are_no_stray_names(path: Path, source: str) -> None:
    assert not stray_names(path, source)
