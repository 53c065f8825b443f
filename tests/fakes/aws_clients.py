"""Clients of the emulated AWS (moto), each made once a process.

A client takes longer to make than most tests to use it: botocore loads the service's model and its
endpoint rules. It keeps nothing of the account that it spoke to, and moto answers whichever client
asks, so that tests can share one of each kind.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto.core.models import botocore_stubber
from moto.dynamodb.parsing import expressions


def share_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``boto3.client`` give out shared clients while AWS is emulated, and only then."""
    make: Any = boto3.client
    made: dict[str, Any] = {}

    def client(service: str, *, region_name: str | None = None, config: Any = None) -> Any:
        if not botocore_stubber.enabled:
            return make(service, region_name=region_name, config=config)
        # All that a client takes from its surroundings.
        surroundings = sorted((n, v) for n, v in os.environ.items() if n.startswith("AWS_"))
        options = config and sorted(config._user_provided_options.items())
        kind = repr((service, region_name, options, surroundings))
        if kind not in made:
            made[kind] = make(service, region_name=region_name, config=config)
        return made[kind]

    monkeypatch.setattr(boto3, "client", client)


def parse_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto parse each update expression once: it tries every rule of its grammar, token by
    token, and works on a copy of what it parsed.
    """
    # moto tells mypy to pass over this module as a whole.
    parser: Any = expressions.UpdateExpressionParser  # type: ignore[attr-defined]
    parse = functools.lru_cache(maxsize=256)(parser.make)
    monkeypatch.setattr(parser, "make", staticmethod(parse))


@contextmanager
def heard(client: Any, service: str) -> Iterator[list[str]]:
    """Listen to what a shared client asks for: the names of the operations."""
    calls: list[str] = []

    def hear(model: Any, **_: Any) -> None:
        calls.append(model.name)

    client.meta.events.register(f"before-call.{service}", hear)
    try:
        yield calls
    finally:
        client.meta.events.unregister(f"before-call.{service}", hear)
