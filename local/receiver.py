"""A webhook receiver on this machine that accepts and keeps everything it gets."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.loopback import LoopbackServer


class Receiver(LoopbackServer):
    """The receiver; ``received`` holds the headers and the body of each event."""

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

        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), Handler))

    @property
    def webhook_url(self) -> str:
        """The address to send events to."""
        return f"{self.url}/homeroom"
