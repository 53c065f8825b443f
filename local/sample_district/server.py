"""A OneRoster server for the sample district, on a socket of this machine."""

import contextlib
import socket
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from local.loopback import LoopbackServer
from local.sample_district.query import parsed
from local.sample_district.quirks import Quirks
from local.sample_district.records import District
from local.sample_district.replies import Reply
from local.sample_district.service import PATHS, Service
from local.sample_district.signatures import Credentials

__all__ = ["PATHS", "DistrictServer", "Request", "status_counts"]


@dataclass(frozen=True)
class Request:
    """A request that the server saw, and the status of its answer."""

    method: str
    path: str
    query: dict[str, str]
    status: int


class DistrictServer(LoopbackServer):
    """The server. Its roster and its quirks may be exchanged while it runs."""

    def __init__(
        self,
        district: District,
        quirks: Quirks | None = None,
        *,
        credentials: Credentials | None = None,
        port: int = 0,
    ) -> None:
        self._server = _Server(("127.0.0.1", port))
        super().__init__(self._server)
        self._service = self._server.service = Service(
            district, quirks or Quirks(), credentials or Credentials(), self.url
        )

    @property
    def credentials(self) -> Credentials:
        """The consumer's key and secret, and what is demanded of it."""
        return self._service.credentials

    @property
    def requests(self) -> list[Request]:
        """All requests so far."""
        return list(self._server.requests)

    @property
    def district(self) -> District:
        """The roster that is served."""
        return self._service.district

    @district.setter
    def district(self, district: District) -> None:
        self._service.district = district

    @property
    def quirks(self) -> Quirks:
        """How the server misbehaves."""
        return self._service.quirks

    @quirks.setter
    def quirks(self, quirks: Quirks) -> None:
        self._service.quirks = quirks


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    service: Service

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.requests: list[Request] = []
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def shutdown(self) -> None:
        """Stop serving; an answer that stalls ends first."""
        self.service.closing.set()
        super().shutdown()

    def server_close(self) -> None:
        """Close the socket, and the connections that clients keep alive."""
        super().server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong, unless a client has gone."""
        with contextlib.suppress(ConnectionError):
            raise
        super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet an answer: headers and body apart would wait for each other's acknowledgement.
    wbufsize: ClassVar[int] = -1
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the log is ``DistrictServer.requests``."""

    def do_GET(self) -> None:
        """Answer collections and single records."""
        self._send(self.server.service.get(self.path, self.headers))

    def do_POST(self) -> None:
        """Answer requests for tokens."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode(errors="replace")
        self._send(self.server.service.post(self.path, self.headers, body))

    def _send(self, reply: Reply) -> None:
        parts = urlsplit(self.path)
        query = parsed(parse_qsl(parts.query, keep_blank_values=True))
        self.server.requests.append(Request(self.command, parts.path, query, reply.status))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        broken = reply.cut or reply.stall
        self.wfile.write(reply.body[: len(reply.body) // 2] if broken else reply.body)
        if broken:
            self.wfile.flush()
            if reply.stall:
                self.server.service.closing.wait()
            self.close_connection = True


def status_counts(requests: list[Request]) -> dict[int, int]:
    """Count requests by the status of their answers."""
    return dict(Counter(request.status for request in requests))
