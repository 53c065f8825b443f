"""HTTP to the outside: public addresses over TLS only, and answers of a bounded size.

Callers turn redirects off: a redirect would lead past the address that the group was given.
"""

import socket
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from shared.adapters.egress.guarded_socket import ForbiddenAddressError, require_public

CONNECT_SECONDS, READ_SECONDS, PAGE_SECONDS = 8, 40, 90
MAX_PAGE_BYTES = 64 * 1024 * 1024
CONNECTIONS = 6
_BLOCK = 64 * 1024


class AnswerTooLargeError(Exception):
    """An answer is larger than ``MAX_PAGE_BYTES``."""


def open_session(session: requests.Session, allow_insecure: bool) -> requests.Session:
    """Let a session out to public addresses only, over https.

    :param allow_insecure: permits plain http and any address.
    :returns: the session. Its requests raise ``ForbiddenAddressError`` for any other address.
    """
    # No proxies and no .netrc from the environment: a group's secret goes where the group says.
    session.trust_env = False
    session.headers["User-Agent"] = "Homeroom"
    session.mount("https://", _Guarded(allow_insecure))
    session.mount("http://", _Guarded(allow_insecure) if allow_insecure else _NoHttp())
    return session


def read_bounded(response: requests.Response) -> bytes:
    """Read a streamed body, decompressed.

    :raises AnswerTooLargeError: it exceeds ``MAX_PAGE_BYTES``.
    :raises requests.Timeout: it takes longer than ``PAGE_SECONDS``.
    """
    started = time.monotonic()
    body = bytearray()
    for block in response.iter_content(_BLOCK):
        body += block
        if len(body) > MAX_PAGE_BYTES:
            raise AnswerTooLargeError
        if time.monotonic() - started > PAGE_SECONDS:
            raise requests.Timeout
    return bytes(body)


class _GuardedHttps(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return require_public(super()._new_conn())


class _GuardedHttp(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return require_public(super()._new_conn())


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHttps


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHttp


class _Guarded(HTTPAdapter):
    def __init__(self, allow_insecure: bool) -> None:
        self._allow_insecure = allow_insecure
        super().__init__(pool_connections=2, pool_maxsize=CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        if not self._allow_insecure:
            manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _NoHttp(HTTPAdapter):
    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        raise ForbiddenAddressError
