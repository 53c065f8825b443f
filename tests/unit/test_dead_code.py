"""What nothing uses goes: every name that the product defines is read by the product itself."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("functions", "shared", "local", "tools", "benchmarks")
# Called by what is not ours, by the name that it asks for.
CALLED_BY_LIBRARIES = {
    "do_GET", "do_POST", "log_message",  # http.server
    "connection_made", "begin_auth", "password_auth_supported", "validate_password",  # asyncssh
    "missing_host_key",  # paramiko
    "seekable", "readinto",  # io
    "get_connection", "send", "cert_verify", "init_poolmanager", "ConnectionCls",  # requests
}  # fmt: skip
# Decorators that leave a function to be called by its name; any other hands it to somebody.
PLAIN = {"property", "cache", "staticmethod", "classmethod", "contextmanager", "dataclass"}


def _defined(tree: ast.Module) -> Iterator[str]:
    """Find functions, classes and methods, and the constants of the module and of its classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            decorators = {ast.unparse(d).split("(")[0] for d in node.decorator_list}
            if not decorators - PLAIN:
                yield node.name
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def _read(tree: ast.Module) -> Iterator[str]:
    """Find the names that are read; to import a name is not to use it, and to define it neither."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.asname)


def unused(sources: list[str], read_elsewhere: list[str]) -> set[str]:
    """Give the names that ``sources`` define and neither they nor ``read_elsewhere`` read."""
    trees = [ast.parse(source) for source in sources]
    read = Counter(n for tree in trees for n in _read(tree))
    read.update(n for source in read_elsewhere for n in _read(ast.parse(source)))
    names = {name for tree in trees for name in _defined(tree)}
    return {n for n in names if not read[n] and not n.startswith("__")} - CALLED_BY_LIBRARIES


def _sources(*folders: str) -> list[str]:
    return [p.read_text() for folder in folders for p in (ROOT / folder).rglob("*.py")]


def test_nothing_is_there_that_nothing_uses() -> None:
    assert unused(_sources(*PRODUCT), []) - ONLY_TESTED == set()


def test_what_only_tests_use_is_used_by_tests() -> None:
    assert unused(_sources(*PRODUCT), []) >= ONLY_TESTED
    assert not ONLY_TESTED & unused(_sources(*PRODUCT), _sources("tests"))


ONLY_TESTED = {
    # Rules that a test holds the template to: its times, and what ends the objects of a folder.
    "out_of_order", "refused_by_aws", "ENDS",
    # What keeps a step of a run from being taken: DynamoDB checks it, and the store in memory.
    "unmet",
    # Ways in which the sample district changes.
    "with_user", "not_tried", "status_counts",
    # Between tests, each of which has an AWS of its own.
    "forget_clients",
}  # fmt: skip


def test_an_unused_name_is_found() -> None:
    source = "LIMIT = 5\nUSED = 1\ndef _helper():\n    return USED\nclass A:\n    def b(self): ..."
    assert unused([source], []) == {"LIMIT", "_helper", "A", "b"}
    assert unused([source], ["from m import A\nprint(A().b, _helper)"]) == {"LIMIT"}
