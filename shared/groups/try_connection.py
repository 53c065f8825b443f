"""Tries a group's connection, and tells the admin what was found and what to change.

The functions that may decrypt secrets do it, on a message: it takes too long for a request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.domain.counted import counted, records_of, sentence
from shared.domain.errors import (
    ConflictError,
    GiveUpError,
    NotFoundError,
    ParameterRefusedError,
    SourceBusyError,
)
from shared.domain.group.choices import SyncType
from shared.domain.group.connection import SftpConnection
from shared.domain.group.connection_test import ConnectionTest, Probe
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.secrets import SecretName
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Reason
from shared.messages import TestConnection
from shared.ports.groups import Groups, Secrets
from shared.ports.messaging import ExtractQueues
from shared.ports.sources import ConnectionTests, FileServer, Page, Source
from shared.sync.connection_secrets import decrypt_secrets
from shared.sync.fetch.find_files import find_files

ORGS_SHOWN = 100
PATIENCE = timedelta(minutes=5)
"""After this long, nobody works on a test any more."""

TryIt = Callable[[Group, dict[SecretName, str]], list[Probe]]
"""Tries the connection of a group with its secrets; returns what was found."""


@dataclass(frozen=True)
class RequestTestPorts:
    """What the request for a connection test needs of the world.

    :ivar groups: the groups.
    :ivar tests: the tests, and what they found.
    :ivar extract_queues: the queues of the functions that do the tests.
    """

    groups: Groups
    tests: ConnectionTests
    extract_queues: ExtractQueues


@dataclass(frozen=True)
class ConnectionTestPorts:
    """What a connection test needs of the world.

    :ivar groups: the groups.
    :ivar tests: the tests, and what they found.
    :ivar secrets: decrypts the secrets of the connection.
    :ivar clock: gives the time.
    :ivar try_it: speaks to the source.
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


def try_source(
    group: Group,
    open_source: Callable[[GroupConfig, str], Source],
    secrets: dict[SecretName, str],
) -> list[Probe]:
    """Try a REST source: the first page of each collection, and orgs to choose the root from."""
    source = open_source(group.config, secrets[SecretName.SECRET_KEY])
    probes: list[Probe] = []
    for collection in Collection:
        limit = ORGS_SHOWN if collection is Collection.ORGS else 1
        try:
            page = source.page(collection, offset=0, limit=limit, in_order=False)
        except (GiveUpError, SourceBusyError, ParameterRefusedError) as error:
            probes.append(_failed(collection.value, error.reason))
            if collection is Collection.ORGS:
                return probes  # the other collections would fail in the same way
            continue
        probes.append(_found(collection, page))
        if collection is Collection.ORGS:
            probes.append(_root(group.config, page))
    if learned := source.learned():
        probes.append(
            Probe(name="authorization", ok=True, detail="The source accepts us.", facts=learned)
        )
    return probes


def try_server(
    group: Group,
    secrets: dict[SecretName, str],
    host_key: Callable[[SftpConnection], str],
    open_server: Callable[[SftpConnection, dict[SecretName, str]], FileServer],
) -> list[Probe]:
    """Try an SFTP server: its host key, the login, and the bundle at the path."""
    connection = group.config.connection
    assert isinstance(connection, SftpConnection)
    try:
        found = host_key(connection)
    except (GiveUpError, SourceBusyError) as error:
        return [_failed("server", error.reason)]
    probes = [
        Probe(
            name="server",
            ok=True,
            detail=f"The server answers, with the host key {found}.",
            facts={"hostKeyFingerprint": found},
        )
    ]
    try:
        server = open_server(connection, secrets)
    except (GiveUpError, SourceBusyError) as error:
        return [*probes, _failed("login", error.reason)]
    try:
        probes.append(Probe(name="login", ok=True, detail="The server lets us in."))
        files = find_files(server, connection.path)
    except (GiveUpError, SourceBusyError) as error:
        return [*probes, _failed("bundle", error.reason)]
    finally:
        server.close()
    named = [{"name": file.name, "size": file.size} for file in files]
    first = f"; the first is {files[0].path}" if len(files) > 1 else f": {files[0].path}"
    detail = f"{sentence(counted(len(files), 'file'))}{first}."
    return [*probes, Probe(name="bundle", ok=True, detail=detail, facts={"files": named})]


def _failed(name: str, reason: Reason) -> Probe:
    return Probe(
        name=name,
        ok=False,
        detail=reason.message,
        field=reason.field,
        facts={"code": reason.code},
    )


def _found(collection: Collection, page: Page) -> Probe:
    if page.total is None and page.entities:
        count = f"at least {records_of(collection, 1)}"
    else:
        count = records_of(collection, page.total or 0)
    facts = {} if page.total is None else {"count": page.total}
    ok = bool(page.entities)
    return Probe(name=collection.value, ok=ok, detail=sentence(f"{count}."), facts=facts)


def _root(config: GroupConfig, page: Page) -> Probe:
    """Show orgs to choose the client partner id from, and whether it is among them."""
    shown: list[dict[str, Any]] = [
        {name: org.get(name) for name in ("sourcedId", "name", "type", "identifier")}
        for org in page.entities[:ORGS_SHOWN]
    ]
    wanted = config.client_partner_id
    there = any(wanted in (org["sourcedId"], org["identifier"]) for org in shown)
    whole = page.total is not None and page.total <= len(page.entities)
    detail = (
        f"{wanted} is one of the orgs."
        if there
        else (
            f"No org has the id {wanted}: choose one of these as clientPartnerId."
            if whole
            else f"{wanted} is not among the first {records_of(Collection.ORGS, len(shown))}."
        )
    )
    return Probe(
        name="clientPartnerId",
        ok=there or not whole,
        detail=detail,
        field=None if there else "clientPartnerId",
        facts={"orgs": shown},
    )
