"""A receiver of webhooks on this machine, which takes all that comes and keeps it."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self


class Receiver:
    """The receiver; a context manager that listens on loopback while the block runs."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        taken = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Take an event, with the headers by which it is verified."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                ours = {k: v for k, v in self.headers.items() if k.startswith("Homeroom-")}
                taken.append({"headers": ours, "body": json.loads(body)})
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: what came is in ``received``."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where events are to be sent."""
        return f"http://127.0.0.1:{self._server.server_port}/homeroom"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
