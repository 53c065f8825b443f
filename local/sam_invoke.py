"""Runs one function in a container with ``sam local invoke``, against the local stack.

    python -m local.sam_invoke create_group [EVENT] [--python 3.13]

The container uses the image of Lambda's runtime, which is pulled only if it is missing. The
function gets the environment of its counterpart in the stack, and calls the emulator as root;
``local.invoke`` and the tests show that its role suffices.
"""

import argparse
import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from local import emulator, sam_cli
from local.builds import make_functions
from local.emulator import ROOT, StackError
from local.entry import run_command
from local.invoke import event_of, function_named, listens, running_stack, show
from local.progress import DIM, paint, step
from local.sam_cli import SAM
from local.stack import FOLDER, Stack

WORKPLACE = FOLDER / "sam-invoke"
# The container's name for the machine it runs on.
HOST = "host.docker.internal"
ENDPOINT = "AWS_ENDPOINT_URL"


def build(logical_id: str, parameters: dict[str, str]) -> Path:
    """Build the function for the image; returns the template to run it from."""
    target = WORKPLACE / "build"
    WORKPLACE.mkdir(parents=True, exist_ok=True)
    make_functions(
        target,
        WORKPLACE / "build.log",
        f"ONLY={logical_id}",
        f"TARGET_PYTHON={parameters['Runtime'].removeprefix('python')}",
        f"TARGET_ARCH={parameters['Architecture']}",
    )
    template = target / "template.yaml"
    # The SAM CLI passes on only variables that the template declares.
    declared = yaml.safe_load(template.read_text())
    declared["Globals"]["Function"]["Environment"]["Variables"][ENDPOINT] = ""
    template.write_text(yaml.safe_dump(declared, sort_keys=False))
    return template


def environment(stack: Stack, function: str, logical_id: str) -> Path:
    """Write a file with the function's variables in the stack, and the stack's address."""
    deployed = stack.client("lambda").get_function_configuration(
        FunctionName=stack.functions[function]
    )
    endpoint = f"http://{HOST}:{urlsplit(stack.endpoint_url).port}"
    file = WORKPLACE / f"{function}.env.json"
    known = {logical_id: deployed["Environment"]["Variables"] | {ENDPOINT: endpoint}}
    file.write_text(json.dumps(known, indent=2) + "\n")
    return file


def sam_command(
    stack: Stack, logical_id: str, template: Path, event: Path, variables: Path
) -> list[str]:
    """The command: the function, its event, and the addresses at which it finds the stack."""
    return [
        *(str(SAM), "local", "invoke", logical_id),
        *("--template", str(template), "--event", str(event), "--env-vars", str(variables)),
        *("--add-host", f"{HOST}:host-gateway"),
        # S3 clients put the bucket's name before the host name.
        *("--add-host", f"{stack.drop_bucket}.{HOST}:host-gateway"),
    ]


def run(command: list[str], stack: Stack) -> tuple[list[str], Any]:
    """Run the function; returns its log, line by line, and its answer."""
    # Without the person's AWS settings, but with their Docker settings.
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=own | emulator.environment(stack.endpoint_url) | sam_cli.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    # The other lines are the SAM CLI's own, about its container.
    log = [line.strip() for line in done.stderr.splitlines() if line.startswith("{")]
    if done.returncode == 0:
        with contextlib.suppress(ValueError, IndexError):
            return log, json.loads(done.stdout.strip().splitlines()[-1])
    message = f"`sam local invoke` failed:\n{done.stderr}{done.stdout}"
    raise StackError(message)


def check_reachable(stack: Stack) -> None:
    """Refuse early if the container could not reach the stack and would only time out.

    :raises StackError: the stack listens on the loopback address only.
    """
    # On other systems Docker runs in a virtual machine that can reach even the loopback address.
    if sys.platform != "linux":
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing, only picks our own address
        except OSError:
            return
        address = probe.getsockname()[0]
    if not listens(address, stack):
        message = (
            "A container cannot reach the stack, which listens on the loopback address only: "
            "start it with `make up BIND=0.0.0.0`."
        )
        raise StackError(message)


def is_here(image: str) -> bool:
    """Whether Docker has the image."""
    try:
        asked = subprocess.run(
            ["docker", "image", "inspect", image], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return asked.returncode == 0


def main() -> int:
    """Run the function that the command line names."""
    parser = argparse.ArgumentParser(description="Run one function in a container.")
    parser.add_argument("function", help="create_group or create-group")
    parser.add_argument("event", nargs="?", type=Path)
    parser.add_argument("--python", default="3.13", help="the version of the runtime's image")
    given = parser.parse_args()
    architecture = {"aarch64": "arm64", "AMD64": "x86_64"}.get(
        platform.machine(), platform.machine()
    )
    parameters = {"Runtime": f"python{given.python}", "Architecture": architecture}
    image = f"public.ecr.aws/lambda/python:{given.python}-{architecture}"
    stack = running_stack()
    function = function_named(given.function, stack)
    event = event_of(function, given.event)
    check_reachable(stack)
    logical_id = "".join(word.capitalize() for word in function.split("_")) + "Function"
    with step(f"Building {function} for python{given.python} on {architecture}"):
        template = build(logical_id, parameters)
    variables = environment(stack, function, logical_id)
    chosen = ["--parameter-overrides", *(f"{k}={v}" for k, v in parameters.items())]
    chosen += ["--skip-pull-image"] if is_here(image) else []

    def in_container(payload: bytes) -> tuple[bool, Any]:
        file = WORKPLACE / f"{function}.event.json"
        file.write_bytes(payload)
        command = sam_command(stack, logical_id, template, file, variables)
        print(paint(f"in {image}", DIM), flush=True)
        log, answer = run([*command, *chosen], stack)
        for line in log:
            print(paint(line, DIM))
        return isinstance(answer, dict) and "errorMessage" in answer, answer

    return show(stack, function, event, in_container, as_it_is=bool(given.event))


if __name__ == "__main__":
    run_command(main)
