"""Runs one function of the local stack on an event: ``python -m local.invoke create_group``.

Without a file, the event is the one in ``events/``, filled in from a situation in which the
function has something to do (``local.occasions``). The command also prints what the function
changed.

``HOMEROOM_STACK`` selects a stack other than that of ``make up``: the path of its ``stack.json``.
"""

import argparse
import contextlib
import json
import os
import socket
import string
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.emulator import ROOT, StackError
from local.entry import run_command
from local.occasions import Occasion, occasion_of
from local.progress import DIM, paint, step
from local.stack import FOLDER, STACK_FILE, Stack

EVENTS = ROOT / "events"


def running_stack() -> Stack:
    """Return the running stack.

    :raises StackError: none is running, or it does not answer.
    """
    stack = Stack.read(Path(os.environ.get("HOMEROOM_STACK") or FOLDER / STACK_FILE))
    if not listens("127.0.0.1", stack):
        message = "The local stack does not answer any more: start it again with `make up`."
        raise StackError(message)
    return stack


def listens(address: str, stack: Stack) -> bool:
    """Whether the stack can be reached at one of this machine's addresses."""
    try:
        socket.create_connection((address, urlsplit(stack.endpoint_url).port or 80), 2).close()
    except OSError:
        return False
    return True


def function_named(name: str, stack: Stack) -> str:
    """Read a function's name, written with underscores or hyphens."""
    function = name.replace("-", "_")
    if function not in stack.functions:
        message = f"There is no function {function}, only {', '.join(sorted(stack.functions))}."
        raise StackError(message)
    return function


def event_of(function: str, given: Path | None = None) -> Path:
    """Find an event: the given file, ``events/create_group.json``, or the first of a folder."""
    if given is not None:
        if given.is_file():
            return given
        message = f"There is no file {given}."
        raise StackError(message)
    found = [EVENTS / f"{function}.json", *sorted((EVENTS / function).glob("*.json"))]
    for file in found:
        if file.exists():
            return file
    message = f"There is no events/{function}.json; name a file with EVENT=…"
    raise StackError(message)


def filled(event: Path, values: Mapping[str, str]) -> bytes:
    """Read an event and fill in its placeholders (``${groupId}``).

    :raises StackError: it has an unknown placeholder, or is not JSON.
    """
    # Placeholders stand between the quotes of a JSON text.
    known = {name: json.dumps(value)[1:-1] for name, value in values.items()}
    try:
        text = string.Template(event.read_text()).substitute(known) if values else event.read_text()
        json.loads(text)
    except KeyError as error:
        message = f"{event} has the unknown placeholder {error}; known are {', '.join(known)}."
        raise StackError(message) from error
    except ValueError as error:
        message = f"{event} is not a JSON event: {error}."
        raise StackError(message) from error
    return text.encode()


def invoke(stack: Stack, function: str, event: bytes) -> tuple[bool, Any]:
    """Run the function; returns whether it failed, and its answer."""
    answer = stack.client("lambda").invoke(FunctionName=stack.functions[function], Payload=event)
    return "FunctionError" in answer, json.loads(answer["Payload"].read() or b"null")


def readable(answer: Any) -> str:
    """Format an answer for reading; the JSON text in an HTTP answer's body is expanded."""
    if isinstance(answer, dict) and answer.get("body"):
        with contextlib.suppress(TypeError, ValueError):
            answer = answer | {"body": json.loads(answer["body"])}
    return json.dumps(answer, indent=2, ensure_ascii=False)


def show(
    stack: Stack,
    function: str,
    event: Path,
    run: Callable[[bytes], tuple[bool, Any]],
    *,
    as_it_is: bool,
) -> int:
    """Run the function with ``run`` on its event, and print what happened.

    :param as_it_is: send the event unchanged; otherwise create a situation and fill it in.
    Returns the exit status: 1 if the function failed.
    """
    if as_it_is:
        print(paint(f"{function} on {event.name}", DIM))
        failed, answer = run(filled(event, {}))
        print(readable(answer))
        return 1 if failed else 0
    with step("Creating a situation for it"), ExitStack() as stacked:
        occasion = stacked.enter_context(occasion_of(function, stack))
        lasting = stacked.pop_all()
    with lasting:
        return 1 if show_change(function, event, occasion, run) else 0


def show_change(
    function: str, event: Path, occasion: Occasion, run: Callable[[bytes], tuple[bool, Any]]
) -> bool:
    """Run the function on its event with ``run``, print its changes; returns whether it failed."""
    payload = filled(event, occasion.values)
    print(paint(f"{function} on {event.name}", DIM))
    if message := occasion.values.get("message"):
        print(paint(f"message: {message}", DIM))
    before = occasion.look()
    failed, answer = run(payload)
    print(readable(answer))
    if before is not None:
        print(f"before: {json.dumps(before)}\nafter:  {json.dumps(occasion.look())}", flush=True)
    if not failed and (then := occasion.then()):
        print(f"then:   {json.dumps(then)}")
    return failed


def main() -> int:
    """Run the function that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function", help="create_group or create-group")
    parser.add_argument("event", nargs="?", type=Path)
    given = parser.parse_args()
    stack = running_stack()
    function = function_named(given.function, stack)
    event = event_of(function, given.event)

    def on_stack(payload: bytes) -> tuple[bool, Any]:
        return invoke(stack, function, payload)

    return show(stack, function, event, on_stack, as_it_is=bool(given.event))


if __name__ == "__main__":
    run_command(main)
