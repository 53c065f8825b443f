"""A client of the HTTP API, for the demonstration and the tests."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Answer:
    """Status, headers and JSON body of an answer."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Api:
    """The API at ``url``, called with an ID token (or without)."""

    url: str
    token: str | None = None

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request; errors are answers, too."""
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | (headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        request = Request(self.url + path, data=data, method=method, headers=sent)
        try:
            with urlopen(request, timeout=60) as answer:
                return _answer(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return _answer(error.code, dict(error.headers), error.read())

    def get(self, path: str) -> Any:
        """Read something that must be there."""
        answer = self.call("GET", path)
        if answer.status != 200:
            raise AssertionError(answer)
        return answer.body

    def follow_run(
        self,
        group_id: str,
        run_id: str,
        seconds: float,
        show: Callable[[dict[str, Any]], None] = lambda run: None,
    ) -> dict[str, Any]:
        """Wait until a run has ended; ``show`` is called with each state in between."""
        until = time.monotonic() + seconds
        while True:
            run: dict[str, Any] = self.get(f"/groups/{group_id}/syncs/{run_id}")
            show(run)
            if not run["open"]:
                return run
            if time.monotonic() > until:
                message = f"Run {run_id} is still {run['state']}: {run['progress']}"
                raise TimeoutError(message)
            time.sleep(POLL_SECONDS)


def _answer(status: int, headers: dict[str, str], body: bytes) -> Answer:
    try:
        return Answer(status, headers, json.loads(body) if body else None)
    except ValueError:
        return Answer(status, headers, body.decode(errors="replace"))
