"""What tests do with a deployed stack, and what they look at."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from local.api import Api, signed_in
from local.stack import Stack, add_admin, new_password

Seen = TypeVar("Seen")


def new_admin(stack: Stack, enterprise: str) -> Api:
    """Make an Enterprise Admin of ``enterprise`` and sign in through Cognito."""
    username, password = f"{uuid.uuid4().hex[:12]}@{enterprise}.example", new_password()
    add_admin(stack, username, password, enterprise)
    return signed_in(stack, username, password)


def invoke(stack: Stack, function: str, event: Any) -> Any:
    """Run a function (``close_runs``) with an event, and read its answer; its error is ours."""
    answer = stack.client("lambda").invoke(
        FunctionName=stack.functions[function], Payload=json.dumps(event).encode()
    )
    payload = json.loads(answer["Payload"].read() or b"null")
    assert "FunctionError" not in answer, payload
    return payload


def logs_of(stack: Stack, function: str) -> list[str]:
    """Read all that a function (``plan_sync``) has logged, oldest first.

    The emulator writes down what was printed when the invocation has ended.
    """
    group = f"/{stack.stack_name}/{function}"
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [str(event["message"]) for page in pages for event in page["events"]]


def eventually(look: Callable[[], Seen], seconds: float = 30.0, every: float = 0.2) -> Seen:
    """Look again and again until what is seen is true; how long that may take is bounded."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, f"still {seen!r} after {seconds:.0f} s"
        time.sleep(every)
    return seen


@contextmanager
def held(stack: Stack, function: str) -> Iterator[None]:
    """Keep a function from taking messages while the block runs."""
    lambdas = stack.client("lambda")
    name = stack.functions[function]
    [mapping] = lambdas.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
