"""What holds for every test: a bare environment, and no network unless a marker says so."""

import gc
import os
from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, socket_allow_hosts

from shared import wiring
from tests.fakes.aws_clients import parse_once, share_clients

# What Python and the tests' own tools need. Anything else could make a test pass here only.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
LOOPBACK = ["127.0.0.1", "::1"]


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was imported: it lives as long as the tests do."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Block sockets; ``loopback`` lifts it for servers of the test's own, ``e2e`` altogether."""
    if item.get_closest_marker("e2e"):
        return
    if item.get_closest_marker("loopback"):
        socket_allow_hosts(LOOPBACK, allow_unix_socket=True)
    else:
        disable_socket(allow_unix_socket=True)


@pytest.fixture(scope="session", autouse=True)
def cheap_aws() -> Iterator[None]:
    """Spare every test what costs the emulated AWS the most."""
    with pytest.MonkeyPatch.context() as patch:
        share_clients(patch)
        parse_once(patch)
        yield


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the person's own environment away: their AWS account above all."""
    wiring.forget_clients()
    for name in list(os.environ):
        if name not in KEPT and not name.startswith("PYTEST"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
