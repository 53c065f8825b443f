"""Every command, begun as a person begins it: what a person can cause ends in words and a status.

Each runs as a process of its own, and what befalls it befalls it for real: a signal comes while its
modules are loaded or while it works, the disk is full, nobody reads its output any more.
"""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.emulator import free_port
from local.stack import Stack

ROOT = Path(__file__).parents[2]
PACKAGES = ("local", "tools", "benchmarks")
GUARD = ast.unparse(ast.parse('if __name__ == "__main__":\n    run_command(main)'))

# Python imports a module of this name before any other (Python: site). What is to happen is in
# BEFALLS, and it happens when `main` is called, or when the first module is loaded after the
# command has begun to hear signals.
SITECUSTOMIZE = """
import os, signal, sys

when, what = os.environ.pop("BEFALLS").split()
# In the background of a shell, where tests may run, a process is made to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def befall():
    sys.setprofile(None)
    if what.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, what))
    elif what == "full":
        raise OSError(28, os.strerror(28), "/somewhere")
    elif what == "unread":
        print("a line", flush=True)
    elif what == "fault":
        raise KeyError("a fault of ours")


def watch(frame, event, argument):
    if event == "call" and frame.f_code.co_name == "main":
        if frame.f_globals.get("__name__") == "__main__":
            befall()


def hear(event, arguments):
    global when
    if event == "import" and when == "loading":
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            when = "done"
            befall()


if when == "working":
    sys.setprofile(watch)
else:
    sys.addaudithook(hear)
"""


def _guards(path: Path) -> Iterator[ast.If]:
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            yield statement


def _modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).glob("**/*.py")):
            if path.name == "__main__.py" or any(_guards(path)):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield name.removesuffix(".__main__"), path


MODULES = dict(_modules())
"""Every module that can be run, by the name that ``python -m`` takes."""


def befallen(
    folder: Path, module: str, what: str, *, when: str = "working", read: bool = True
) -> tuple[int, str]:
    """Run a command that something befalls; returns its status and what it said of it."""
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    known |= {"PYTHONPATH": str(folder), "BEFALLS": f"{when} {what}", "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-m", module],
        env=known,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        if not read:
            process.stdout.close()
        try:
            _, error = process.communicate(timeout=60)
        except BaseException:
            process.kill()
            raise
    return process.returncode, error


def test_every_command_begins_in_the_one_place() -> None:
    assert {"local.demo", "local.up", "local.contract", "tools.redrive"} <= MODULES.keys()
    for module, path in MODULES.items():
        assert [ast.unparse(guard) for guard in _guards(path)] == [GUARD], module
    for package in ("functions", "shared"):
        for path in (ROOT / package).glob("**/*.py"):
            assert not list(_guards(path)), path


@pytest.mark.parametrize("module", MODULES)
def test_whoever_ends_a_command_sees_no_trace(tmp_path: Path, module: str) -> None:
    for when in ("loading", "working"):
        status, said = befallen(tmp_path, module, "SIGINT", when=when)
        assert (status, said) == (128 + signal.SIGINT, "\nInterrupted.\n"), when


@pytest.mark.parametrize("what", ["SIGTERM", "SIGHUP"])
def test_other_signals_end_a_command_as_well(tmp_path: Path, what: str) -> None:
    status, said = befallen(tmp_path, "tools.smoke", what)
    assert (status, said) == (128 + getattr(signal, what), f"\nEnded by {what}.\n")


def test_what_the_system_refuses_is_said_in_a_line(tmp_path: Path) -> None:
    status, said = befallen(tmp_path, "tools.smoke", "full")
    assert (status, said.strip()) == (
        1,
        "The system says: No space left on device: /somewhere. (TRACE=1 shows where.)",
    )


def test_whoever_reads_the_output_may_leave(tmp_path: Path) -> None:
    assert befallen(tmp_path, "tools.smoke", "unread", read=False) == (128 + signal.SIGPIPE, "")


def test_a_fault_of_ours_is_shown_where_it_is(tmp_path: Path) -> None:
    status, said = befallen(tmp_path, "tools.smoke", "fault")
    assert status == 1
    assert said.startswith("Traceback")


def _without_a_stack(stack_file: Path, module: str, *arguments: str) -> tuple[int, str]:
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=known | {"HOMEROOM_STACK": str(stack_file)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.strip()


WANTS_A_STACK = [
    ("local.contract",),
    ("local.invoke", "close_runs"),
    ("local.call", "sign-in"),
    ("local.sam_invoke", "close_runs"),
]


@pytest.mark.parametrize("command", WANTS_A_STACK, ids=lambda command: command[0])
def test_what_wants_a_stack_says_that_there_is_none(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = "No local stack is running: start one with `make up`."
    assert _without_a_stack(tmp_path / "stack.json", *command) == (1, said)


@pytest.mark.loopback
def test_a_stack_that_was_killed_is_said_to_be_gone(tmp_path: Path) -> None:
    known: dict[str, Any] = dict.fromkeys(Stack.__dataclass_fields__, "x")
    known |= {"endpoint_url": f"http://127.0.0.1:{free_port()}", "queue_urls": {}, "functions": {}}
    file = tmp_path / "stack.json"
    Stack(**known).write(file)
    said = "The local stack does not answer any more: start it again with `make up`."
    assert _without_a_stack(file, "local.contract") == (1, said)
