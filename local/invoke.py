"""Runs one function of the local stack on an event: ``python -m local.invoke create_group``."""

import argparse
import json
import sys
from pathlib import Path

from local.emulator import ROOT, StackError
from local.progress import DIM, RED, paint
from local.stack import FOLDER, STACK_FILE, Stack

EVENTS = ROOT / "events"


def event_of(function: str) -> Path:
    """Find the function's event: ``events/create_group.json``, or the first of a folder."""
    found = [EVENTS / f"{function}.json", *sorted((EVENTS / function).glob("*.json"))]
    for file in found:
        if file.exists():
            return file
    message = f"There is no events/{function}.json; name a file with EVENT=…"
    raise StackError(message)


def invoke(stack: Stack, function: str, event: Path) -> tuple[bool, str]:
    """Run the function; says whether it failed, and what it answered."""
    if function not in stack.functions:
        message = f"There is no function {function}, only {', '.join(sorted(stack.functions))}."
        raise StackError(message)
    if not event.is_file():
        message = f"There is no file {event}."
        raise StackError(message)
    answer = stack.client("lambda").invoke(
        FunctionName=stack.functions[function], Payload=event.read_bytes()
    )
    shown = json.dumps(json.loads(answer["Payload"].read() or b"null"), indent=2)
    return "FunctionError" in answer, shown


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function", help="create_group or create-group")
    parser.add_argument("event", nargs="?", type=Path)
    given = parser.parse_args()
    function = given.function.replace("-", "_")
    try:
        event = given.event or event_of(function)
        failed, answer = invoke(Stack.read(FOLDER / STACK_FILE), function, event)
    except StackError as error:
        print(paint(str(error), RED), file=sys.stderr)
        return 1
    print(paint(f"{function} on {event.name}", DIM))
    print(answer)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
