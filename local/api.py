"""A client of the HTTP API, for the demo and the tests."""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from local.entry import CommandError
from local.stack import Stack, sign_in
from local.waiting import Seen, wait_for

POLL_SECONDS = 0.3
ANSWER_SECONDS = 60
TOKEN_REFUSED = 401
TEMPORARY = (429, 502, 503, 504)
"""Statuses of an overloaded gateway: the same request may work later."""

# Ignores any proxy that the environment names.
_directly = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """An answer: status, headers, and the body, read as JSON where it is JSON."""

    status: int
    headers: dict[str, str]
    body: Any


class UnexpectedAnswerError(CommandError):
    """The API answered with another status than expected."""

    def __init__(self, method: str, path: str, answer: Answer) -> None:
        super().__init__(f"The API answers {answer.status} to {method} {path}: {_said(answer)}")
        self.answer = answer


class UnreachableError(CommandError):
    """The API does not answer."""


@dataclass
class Api:
    """The API at ``url``.

    ``token``: the ID token to call it with; None calls it without.
    ``renew``: signs in again if the token is refused. A token is valid for an hour, and the machine
        may have slept meanwhile.
    """

    url: str
    token: str | None = None
    renew: Callable[[], str] | None = field(default=None, repr=False)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request; an error status is an answer, too.

        :raises UnreachableError: there is no answer.
        """
        answer = self._send(method, path, body, headers)
        if answer.status == TOKEN_REFUSED and self.renew is not None:
            self.token = self.renew()
            answer = self._send(method, path, body, headers)
        return answer

    def ask(self, method: str, path: str, body: Any = None, *, status: int) -> Any:
        """Send a request that must get ``status``; returns the answer's body.

        :raises UnexpectedAnswerError: the status is another one.
        """
        answer = self.call(method, path, body)
        if answer.status != status:
            raise UnexpectedAnswerError(method, path, answer)
        return answer.body

    def get(self, path: str) -> Any:
        """Read something that must exist."""
        return self.ask("GET", path, status=200)

    def follow_run(
        self,
        group_id: str,
        run_id: str,
        silence: float,
        show: Callable[[dict[str, Any]], None] = lambda run: None,
    ) -> dict[str, Any]:
        """Wait until a run has ended; ``show`` is called with each state in between.

        Waits as long as the run makes progress.

        :raises CommandError: what the API shows of the run has not changed for ``silence`` seconds.
        """
        path = f"/groups/{group_id}/syncs/{run_id}"
        last: dict[str, Any] = {}

        def look() -> Seen[dict[str, Any]]:
            nonlocal last
            try:
                last = self.get(path)
            except UnreachableError:
                return Seen(sign=last)
            except UnexpectedAnswerError as error:
                if error.answer.status in TEMPORARY:
                    return Seen(sign=last)
                raise
            show(last)
            return Seen(sign=last) if last["open"] else Seen(last)

        def complaint() -> str:
            state = f"is {last['state']}, {last['progress']}" if last else "cannot be read"
            return (
                f"Run {run_id} of group {group_id} has not moved for {silence:.0f} s: it {state}. "
                f"Look at GET {path}, and at the functions' logs."
            )

        return wait_for(look, complaint, silence=silence, every=POLL_SECONDS)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str] | None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | (headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        request = Request(self.url + path, data=data, method=method, headers=sent)
        try:
            with _directly.open(request, timeout=ANSWER_SECONDS) as answer:
                return _answer(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return _answer(error.code, dict(error.headers), error.read())
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            message = (
                f"There is no answer to {method} {path}: {reason}. Is the stack at {self.url} "
                "still running?"
            )
            raise UnreachableError(message) from error


def signed_in(stack: Stack, username: str, password: str) -> Api:
    """The API of a stack for a user who signs in through Cognito, and again when needed."""

    def sign() -> str:
        return sign_in(stack, username, password)

    return Api(stack.api_url, sign(), sign)


def _answer(status: int, headers: dict[str, str], body: bytes) -> Answer:
    try:
        return Answer(status, headers, json.loads(body) if body else None)
    except ValueError:
        return Answer(status, headers, body.decode(errors="replace"))


def _said(answer: Answer) -> str:
    """An answer in one line: a problem's own words if it is one."""
    body = answer.body
    if not isinstance(body, dict):
        return str(body)[:300]
    fields = "; ".join(f"{e.get('field')}: {e.get('message')}" for e in body.get("errors") or ())
    words = body.get("detail") or body.get("title") or body.get("message") or json.dumps(body)
    return f"{words} {fields}".strip()
