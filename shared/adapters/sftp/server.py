"""Speaks SFTP with a group's server: checks its host key, logs in, reads its files.

It uses nothing from the environment: no agent, no key files, no known hosts, no proxies.
"""

import base64
import errno
import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko

from shared.adapters.egress.guarded_socket import ForbiddenAddressError
from shared.adapters.egress.guarded_socket import connect as connect_socket
from shared.adapters.sftp import server_reasons
from shared.adapters.sftp.private_keys import read_private_key
from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.connection import SftpConnection
from shared.domain.group.secrets import SecretName
from shared.domain.run.remote_files import Listing, RemoteFile

CONNECT_SECONDS, SILENCE_SECONDS = 10.0, 30.0
MAX_ENTRIES = 10_000
REQUESTS_AT_ONCE = 64
"""How many read requests of 32 KB are under way at once: enough for a distant server."""


def fingerprint_of(key: paramiko.PKey) -> str:
    """The fingerprint of a host key, as ``ssh-keygen -l`` shows it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


class SftpServer:
    """``FileServer`` over SFTP, after the login; ``close`` ends the connection."""

    def __init__(
        self, transport: paramiko.Transport, connection: SftpConnection, silence: float
    ) -> None:
        self._transport = transport
        self._connection = connection
        with self._judged(connection.path):
            client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise GiveUpError(server_reasons.no_sftp(connection.host))
        self._client = client
        channel = client.get_channel()
        assert channel is not None
        channel.settimeout(silence)

    def look(self, path: str) -> Listing:
        """Look at a file, or at a folder and its files; see ``ports.FileServer.look``."""
        with self._judged(path):
            itself = _file(path, path.rstrip("/").rpartition("/")[2], self._client.stat(path))
            if not itself.folder:
                return Listing(itself)
            entries: list[RemoteFile] = []
            for attributes in self._client.listdir_iter(path):
                if len(entries) == MAX_ENTRIES:
                    raise GiveUpError(server_reasons.too_many_files(path, MAX_ENTRIES))
                name = attributes.filename
                entries.append(_file(f"{path.rstrip('/')}/{name}", name, attributes))
        return Listing(itself, tuple(entries))

    @contextmanager
    def open(self, file: RemoteFile) -> Iterator["SftpReader"]:
        """Open a file for reading; see ``ports.FileServer.open``."""
        with self._judged(file.path):
            handle = self._client.open(file.path, "rb", bufsize=0)
        try:
            yield SftpReader(self, handle, file)
        finally:
            # If the server is gone, closing the handle would only wait for it.
            if self._transport.is_active():
                with self._judged(file.path):
                    handle.close()

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    @contextmanager
    def _judged(self, path: str) -> Iterator[None]:
        """Turn an error into the reason that a person reads: the path, or the connection."""
        host, port = self._connection.host, self._connection.port
        try:
            yield
        except FileNotFoundError as error:
            raise GiveUpError(server_reasons.path_not_found(path)) from error
        except PermissionError as error:
            raise GiveUpError(server_reasons.path_forbidden(path)) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            if getattr(error, "errno", None) == errno.ENOENT:
                raise GiveUpError(server_reasons.path_not_found(path)) from error
            self._transport.close()
            raise SourceBusyError(server_reasons.unreachable(host, port)) from error


class SftpReader:
    """Reads a remote file, one range at a time."""

    def __init__(self, server: SftpServer, handle: paramiko.SFTPFile, file: RemoteFile) -> None:
        self._server = server
        self._handle = handle
        self._file = file

    def read(self, start: int, length: int) -> bytes:
        """Read ``length`` bytes from ``start``; at the end of the file, fewer."""
        with self._server._judged(self._file.path):
            return b"".join(self._handle.readv([(start, length)], REQUESTS_AT_ONCE))


def open_server(
    connection: SftpConnection,
    secrets: dict[SecretName, str],
    allow_insecure: bool,
    silence: float = SILENCE_SECONDS,
) -> SftpServer:
    """Connect, check that the host key is the confirmed one, and log in.

    :param silence: for how many seconds the server may say nothing after that.
    :raises GiveUpError: a field of the connection is wrong. Nothing secret goes to a server whose
        host key is not the confirmed one.
    :raises SourceBusyError: the server does not answer.
    """
    pinned = connection.host_key_fingerprint
    transport, found = connect(connection, allow_insecure)
    try:
        if pinned is None:
            raise GiveUpError(server_reasons.host_key_not_confirmed(found))
        if found != pinned.rstrip("="):
            raise GiveUpError(server_reasons.host_key_changed(found))
        log_in(transport, connection, secrets)
        return SftpServer(transport, connection, silence)
    except BaseException:
        transport.close()
        raise


def connect(connection: SftpConnection, allow_insecure: bool) -> tuple[paramiko.Transport, str]:
    """Open an SSH connection; return it and the fingerprint of the server's host key.

    A server may have host keys of several types. If one was confirmed, we look for it among them.

    :raises GiveUpError: there is no such server.
    :raises SourceBusyError: it does not answer.
    """
    pinned = (connection.host_key_fingerprint or "").rstrip("=")
    transport, first = _negotiate(connection, allow_insecure, None)
    if not pinned or first == pinned:
        return transport, first
    kinds = transport.get_security_options().key_types
    transport.close()
    for kind in kinds:
        try:
            transport, found = _negotiate(connection, allow_insecure, kind)
        except SourceBusyError:
            continue  # the server has no key of this type
        if found == pinned:
            return transport, found
        transport.close()
    return _negotiate(connection, allow_insecure, None)


def show_host_key(connection: SftpConnection, allow_insecure: bool) -> str:
    """Return the fingerprint of the server's host key, and ask for nothing else.

    :raises SourceBusyError: the server does not answer.
    """
    transport, found = connect(connection, allow_insecure)
    transport.close()
    return found


def log_in(
    transport: paramiko.Transport, connection: SftpConnection, secrets: dict[SecretName, str]
) -> None:
    """Log in with the password or the private key.

    :raises GiveUpError: the server refuses, or the key cannot be read.
    """
    private = secrets.get(SecretName.PRIVATE_KEY)
    field = SecretName.PASSWORD if private is None else SecretName.PRIVATE_KEY
    try:
        if private is None:
            transport.auth_password(connection.username, secrets[SecretName.PASSWORD])
        else:
            key = read_private_key(private, secrets.get(SecretName.PASSPHRASE))
            transport.auth_publickey(connection.username, key)
    except paramiko.AuthenticationException as error:
        raise GiveUpError(server_reasons.login_refused(field.value)) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        busy = server_reasons.unreachable(connection.host, connection.port)
        raise SourceBusyError(busy) from error
    if not transport.is_authenticated():
        raise GiveUpError(server_reasons.login_refused(field.value))


def _negotiate(
    connection: SftpConnection, allow_insecure: bool, key_type: str | None
) -> tuple[paramiko.Transport, str]:
    transport = paramiko.Transport(_socket(connection, allow_insecure))
    transport.banner_timeout = transport.auth_timeout = SILENCE_SECONDS
    if key_type is not None:
        transport.get_security_options().key_types = (key_type,)
    try:
        transport.start_client(timeout=SILENCE_SECONDS)
        return transport, fingerprint_of(transport.get_remote_server_key())
    except (paramiko.SSHException, OSError, EOFError) as error:
        transport.close()
        raise SourceBusyError(server_reasons.not_ssh(connection.host, connection.port)) from error


def _socket(connection: SftpConnection, allow_insecure: bool) -> socket.socket:
    host, port = connection.host, connection.port
    try:
        return connect_socket(host, port, CONNECT_SECONDS, allow_insecure=allow_insecure)
    except ForbiddenAddressError as error:
        raise GiveUpError(server_reasons.forbidden_address(host)) from error
    except socket.gaierror as error:
        raise SourceBusyError(server_reasons.unknown_host(host)) from error
    except OSError as error:
        raise SourceBusyError(server_reasons.unreachable(host, port)) from error


def _file(path: str, name: str, attributes: paramiko.SFTPAttributes) -> RemoteFile:
    mode = attributes.st_mode or 0
    return RemoteFile(
        path=path,
        name=name,
        size=attributes.st_size or 0,
        modified=int(attributes.st_mtime or 0),
        folder=(mode & 0o170000) == 0o040000,
    )
