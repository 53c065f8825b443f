"""A webhook receiver on this machine that accepts and keeps everything it gets."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self


class Receiver:
    """The receiver: a context manager that listens on the loopback address while the block runs."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        taken = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Accept an event, with the headers for verifying it."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                ours = {k: v for k, v in self.headers.items() if k.startswith("Homeroom-")}
                taken.append({"headers": ours, "body": json.loads(body)})
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Log nothing: events are in ``received``."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The address to send events to."""
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
