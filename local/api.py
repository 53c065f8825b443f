"""A client of the HTTP API, for the demonstration and the tests."""

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
PASSING = (429, 502, 503, 504)
"""What a gateway says that has too much to do; asked again, it may know better."""

# Past any proxy that the environment names.
_directly = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """Status, headers and JSON body of an answer."""

    status: int
    headers: dict[str, str]
    body: Any


class UnexpectedAnswerError(CommandError):
    """An answer is not the one that there must be."""

    def __init__(self, method: str, path: str, answer: Answer) -> None:
        super().__init__(f"The API answers {answer.status} to {method} {path}: {_said(answer)}")
        self.answer = answer


class UnreachableError(CommandError):
    """The API gives no answer."""


@dataclass
class Api:
    """The API at ``url``, called with an ID token (or without).

    ``renew`` signs in again where the token is refused: one is good for an hour, and a machine may
    have slept meanwhile.
    """

    url: str
    token: str | None = None
    renew: Callable[[], str] | None = field(default=None, repr=False)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request; errors are answers, too.

        :raises UnreachableError: there is no answer.
        """
        answer = self._send(method, path, body, headers)
        if answer.status == TOKEN_REFUSED and self.renew is not None:
            self.token = self.renew()
            answer = self._send(method, path, body, headers)
        return answer

    def ask(self, method: str, path: str, body: Any = None, *, status: int) -> Any:
        """Send a request that must be answered with ``status``; returns the answer's body.

        :raises UnexpectedAnswerError: it is answered with another one.
        """
        answer = self.call(method, path, body)
        if answer.status != status:
            raise UnexpectedAnswerError(method, path, answer)
        return answer.body

    def get(self, path: str) -> Any:
        """Read something that must be there."""
        return self.ask("GET", path, status=200)

    def follow_run(
        self,
        group_id: str,
        run_id: str,
        silence: float,
        show: Callable[[dict[str, Any]], None] = lambda run: None,
    ) -> dict[str, Any]:
        """Wait until a run has ended; ``show`` is called with each state in between.

        It is waited for as long as it moves, and given up after ``silence`` seconds in which
        nothing that the API shows of it has changed.
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
                if error.answer.status in PASSING:
                    return Seen(sign=last)
                raise
            show(last)
            return Seen(sign=last) if last["open"] else Seen(last)

        def complaint() -> str:
            state = f"is {last['state']}, {last['progress']}" if last else "cannot be read"
            return (
                f"Run {run_id} of group {group_id} has not moved for {silence:.0f} s: it {state}. "
                f"Look at GET {path}, and at what the functions log."
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
                f"There is no answer to {method} {path}: {reason}. Does the stack at {self.url} "
                "still run?"
            )
            raise UnreachableError(message) from error


def signed_in(stack: Stack, username: str, password: str) -> Api:
    """The API of a stack, as someone who signs in through Cognito, again where need be."""

    def sign() -> str:
        return sign_in(stack, username, password)

    return Api(stack.api_url, sign(), sign)


def _answer(status: int, headers: dict[str, str], body: bytes) -> Answer:
    try:
        return Answer(status, headers, json.loads(body) if body else None)
    except ValueError:
        return Answer(status, headers, body.decode(errors="replace"))


def _said(answer: Answer) -> str:
    """What an answer says, in a line: a problem's own words where it is one."""
    body = answer.body
    if not isinstance(body, dict):
        return str(body)[:300]
    fields = "; ".join(f"{e.get('field')}: {e.get('message')}" for e in body.get("errors") or ())
    words = body.get("detail") or body.get("title") or body.get("message") or json.dumps(body)
    return f"{words} {fields}".strip()
