"""The way out to a source: only public addresses, no redirects, bounded answers.

The address is checked on the connected socket, before a byte is sent: whatever a name resolved to
a moment ago, or a second time, does not matter.
"""

import ipaddress
import socket
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from shared.domain.group.addresses import address_is_public

CONNECT_SECONDS, READ_SECONDS, PAGE_SECONDS = 8, 40, 90
MAX_PAGE_BYTES = 64 * 1024 * 1024
CONNECTIONS = 6
_BLOCK = 64 * 1024


class ForbiddenAddressError(Exception):
    """The source is at an address that is not public."""


class AnswerTooLargeError(Exception):
    """The source's answer exceeds what a page may hold."""


def open_session(session: requests.Session, allow_insecure: bool) -> requests.Session:
    """Bind a session to the guarded way out; ``allow_insecure`` permits http and any address."""
    # Neither proxies nor .netrc of the environment: a group's secret goes where the group says.
    session.trust_env = False
    session.headers["User-Agent"] = "Homeroom"
    session.mount("https://", _Guarded(allow_insecure))
    session.mount("http://", _Guarded(allow_insecure) if allow_insecure else _NoHttp())
    return session


def read_bounded(response: requests.Response) -> bytes:
    """Read a streamed body of at most ``MAX_PAGE_BYTES``, inflated, in at most ``PAGE_SECONDS``.

    :raises AnswerTooLargeError: it is larger.
    :raises requests.Timeout: it takes longer.
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


def _check(connected: socket.socket) -> socket.socket:
    address = ipaddress.ip_address(connected.getpeername()[0].split("%")[0])
    if not address_is_public(address):
        connected.close()
        raise ForbiddenAddressError
    return connected


class _GuardedHttps(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _check(super()._new_conn())


class _GuardedHttp(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _check(super()._new_conn())


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
