"""HTTP servers in this process, on a socket that only this machine reaches."""

from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Self

POLL_SECONDS = 0.05


class LoopbackServer:
    """A context manager: the server answers while the block runs."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._http_server = server
        self._thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)

    @property
    def url(self) -> str:
        """Where the server answers, without a path."""
        return f"http://127.0.0.1:{self._http_server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http_server.shutdown()
        self._http_server.server_close()
        self._thread.join()
