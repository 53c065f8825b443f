"""Tries an SFTP server for a connection test."""

from collections.abc import Callable

from shared.domain.counted import counted, sentence
from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.connection import SftpConnection
from shared.domain.group.connection_test import Probe
from shared.domain.group.group import Group
from shared.domain.group.secrets import SecretName
from shared.groups.failed_probe import failed_probe
from shared.ports.sources import FileServer
from shared.sync.fetch.choose_bundle import find_files


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
        return [failed_probe("server", error.reason)]
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
        return [*probes, failed_probe("login", error.reason)]
    try:
        probes.append(Probe(name="login", ok=True, detail="The server lets us in."))
        files = find_files(server, connection.path)
    except (GiveUpError, SourceBusyError) as error:
        return [*probes, failed_probe("bundle", error.reason)]
    finally:
        server.close()
    named = [{"name": file.name, "size": file.size} for file in files]
    first = f"; the first is {files[0].path}" if len(files) > 1 else f": {files[0].path}"
    detail = f"{sentence(counted(len(files), 'file'))}{first}."
    return [*probes, Probe(name="bundle", ok=True, detail=detail, facts={"files": named})]
