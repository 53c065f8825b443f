"""How the demonstration waits, and what it says of an API that does not answer as it must."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local import waiting
from local.api import Api, UnexpectedAnswerError, UnreachableError
from local.emulator import free_port
from local.entry import CommandError
from local.loopback import LoopbackServer
from local.run_view import ended, follow
from local.waiting import Seen, wait_for

pytestmark = pytest.mark.loopback

RUN = {"runId": "7", "open": True, "state": "Applying", "reason": None, "seconds": None}
Json = dict[str, Any]


class Clock:
    """A clock that goes on only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(waiting, "time", made)
    return made


@dataclass
class Gateway:
    """An API that gives the answers it was told, the last one for ever, and notes who asks."""

    url: str = ""
    answers: list[tuple[int, Json]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    known = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.tokens.append(self.headers["Authorization"])
            status, body = known.answers[0]
            if len(known.answers) > 1:
                known.answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with LoopbackServer(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        known.url = server.url
        yield known


def applying(done: int) -> tuple[int, Json]:
    return 200, RUN | {"progress": {"stage": "applying", "batches": 900, "batchesApplied": done}}


def test_what_moves_is_waited_for_however_long_it_takes(clock: Clock) -> None:
    signs = iter(range(1000))

    def look() -> Seen[str]:
        sign = next(signs)
        return Seen("done" if sign == 999 else None, sign)

    assert wait_for(look, lambda: "silent", silence=10, every=9) == "done"
    assert clock.now > 8000


def test_what_is_silent_is_given_up_in_words(clock: Clock) -> None:
    with pytest.raises(CommandError, match="look at the log"):
        wait_for(lambda: Seen[str](sign=1), lambda: "look at the log", silence=10, every=3)
    assert 10 < clock.now < 20


def test_a_run_is_followed_for_as_long_as_it_moves(clock: Clock, gateway: Gateway) -> None:
    done = RUN | {
        "open": False,
        "state": "Succeeded",
        "progress": {},
        "seconds": 300,
        "reason": None,
    }
    # A gateway that has too much to do is no end, and neither is half a silence.
    gateway.answers = [
        *(applying(number) for number in range(60)),
        *[(504, {"message": "Endpoint request timed out"})] * 20,
        *[applying(60)] * 20,
        (200, done),
    ]
    assert follow(Api(gateway.url), "g", "7") == done
    gateway.answers = [(200, done)]
    assert Api(gateway.url).follow_run("g", "7", silence=1) == done


def test_a_silent_run_is_given_up_with_what_to_look_at(clock: Clock, gateway: Gateway) -> None:
    gateway.answers = [applying(0), applying(3)]
    with pytest.raises(CommandError) as raised:
        Api(gateway.url).follow_run("g", "7", silence=600)
    said = str(raised.value)
    assert "has not moved for 600 s: it is Applying" in said
    assert "'batchesApplied': 3" in said
    assert "GET /groups/g/syncs/7" in said
    assert clock.now > 600


def test_a_run_that_ended_otherwise_says_its_own_reason() -> None:
    run = RUN | {"state": "Failed", "reason": {"message": "The server is not reachable."}}
    with pytest.raises(CommandError, match=r"as Failed, not as Succeeded. The server is not"):
        ended(run)


def test_a_token_that_has_ended_is_renewed_once(gateway: Gateway) -> None:
    refused = (401, {"message": "The incoming token has expired"})
    gateway.answers = [refused, (200, {"groups": []})]
    api = Api(gateway.url, "old", lambda: "new")
    assert api.get("/groups") == {"groups": []}
    assert api.get("/groups") == {"groups": []}
    assert gateway.tokens == ["Bearer old", "Bearer new", "Bearer new"]

    gateway.answers = [refused]
    with pytest.raises(UnexpectedAnswerError, match="401 to GET /groups: The incoming token"):
        api.get("/groups")
    assert len(gateway.tokens) == 5


def test_what_was_refused_is_said_with_its_fields(gateway: Gateway) -> None:
    fields = [{"field": "name", "message": "It is taken."}]
    gateway.answers = [(409, {"detail": "There is another one.", "errors": fields})]
    with pytest.raises(
        CommandError, match=r"409 to GET /x: There is another one. name: It is taken."
    ):
        Api(gateway.url).get("/x")


def test_nobody_at_the_address_is_said_so() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UnreachableError, match=f"Is the stack at {url} still running"):
        Api(url).call("GET", "/groups")
