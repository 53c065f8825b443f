"""Tries a group's connection, and tells the admin what was found and what to change.

The functions that may decrypt secrets do it, on a message: it takes too long for a request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.errors import (
    ConflictError,
    NotFoundError,
)
from shared.domain.group.choices import SyncType
from shared.domain.group.connection_test import ConnectionTest, Probe
from shared.domain.group.group import Group
from shared.domain.group.secrets import SecretName
from shared.domain.ids import EnterpriseId, GroupId
from shared.messages import TestConnection
from shared.ports.groups import Groups, Secrets
from shared.ports.messaging import ExtractQueues
from shared.ports.sources import ConnectionTests
from shared.sync.connection_secrets import decrypt_secrets

PATIENCE = timedelta(minutes=5)
"""After this long, nobody works on a test any more."""

TryIt = Callable[[Group, dict[SecretName, str]], list[Probe]]
"""Tries the connection of a group with its secrets; returns what was found."""


@dataclass(frozen=True)
class RequestTestPorts:
    """What the request for a connection test needs of the world.

    ``groups``: the groups.
    ``tests``: the tests, and what they found.
    ``extract_queues``: the queues of the functions that do the tests.
    """

    groups: Groups
    tests: ConnectionTests
    extract_queues: ExtractQueues


@dataclass(frozen=True)
class ConnectionTestPorts:
    """What a connection test needs of the world.

    ``groups``: the groups.
    ``tests``: the tests, and what they found.
    ``secrets``: decrypts the secrets of the connection.
    ``clock``: gives the time.
    ``try_it``: speaks to the source.
    """

    groups: Groups
    tests: ConnectionTests
    secrets: Secrets
    clock: Callable[[], datetime]
    try_it: TryIt


def request_test(
    enterprise: EnterpriseId,
    group_id: GroupId,
    test_id: str,
    ports: RequestTestPorts,
    now: datetime,
) -> ConnectionTest:
    """Ask for a test of a group's connection.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: the group has no connection.
    """
    group = ports.groups.get(enterprise, group_id)
    if group.config.sync_type is SyncType.ZIP:
        raise ConflictError("nothing_to_test", "A zip group has no connection to test.")
    test = ConnectionTest(enterprise=enterprise, group_id=group_id, test_id=test_id, created_at=now)
    ports.tests.begin(test)
    message = TestConnection(enterprise=enterprise, group_id=group_id, test_id=test_id)
    ports.extract_queues[group.config.sync_type].send([message])
    return test


def read_test(
    enterprise: EnterpriseId,
    group_id: GroupId,
    test_id: str,
    tests: ConnectionTests,
    now: datetime,
) -> ConnectionTest:
    """Read a test. One that nobody works on any more reads as finished, and failed.

    :raises NotFoundError: there is no such test, or it is no longer kept.
    """
    test = tests.get(enterprise, group_id, test_id, now)
    if test is None:
        raise NotFoundError("test_not_found", "There is no such test; tests are kept for a day.")
    if test.finished_at is None and now > test.created_at + PATIENCE:
        lost = Probe(name="test", ok=False, detail="The test did not end. Ask for another one.")
        return test.model_copy(update={"finished_at": now, "probes": (lost,)})
    return test


def try_connection(message: TestConnection, ports: ConnectionTestPorts) -> None:
    """Do the test that a message asks for, and write down what was found."""
    now = ports.clock()
    test = ports.tests.get(message.enterprise, message.group_id, message.test_id, now)
    if test is None or test.finished_at is not None or now > test.created_at + PATIENCE:
        return
    try:
        group = ports.groups.get(message.enterprise, message.group_id)
    except NotFoundError:
        return
    secrets = decrypt_secrets(group.group_id, group.config, ports.secrets)
    ports.tests.finish(test, tuple(ports.try_it(group, secrets)), ports.clock())
