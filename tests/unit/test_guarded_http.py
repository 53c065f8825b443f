"""The way out to sources: what it refuses, and what it bounds."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from local.loopback import LoopbackServer
from shared.adapters.egress import guarded_http
from shared.adapters.egress.guarded_http import (
    AnswerTooLargeError,
    open_session,
    read_bounded,
)
from shared.adapters.egress.guarded_socket import ForbiddenAddressError
from shared.adapters.oneroster_rest.client import OneRosterRestSource
from shared.domain.errors import GiveUpError
from shared.domain.group.choices import Authorization as AuthorizationType
from shared.domain.group.connection import ApiConnection
from shared.domain.roster.collection import Collection

pytestmark = pytest.mark.loopback


class _Handler(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        if self.path.startswith("/redirect"):
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"x" * 100_000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    _Handler.asked = 0
    with LoopbackServer(ThreadingHTTPServer(("127.0.0.1", 0), _Handler)) as server:
        yield server.url


class _Unsigned(requests.auth.AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _NoAuthorization:
    def apply(self, session: requests.Session) -> requests.auth.AuthBase:
        return _Unsigned()

    def refused(self, used: requests.auth.AuthBase) -> bool:
        return False

    def accepted(self) -> None:
        pass

    def learned(self) -> dict[str, str]:
        return {}


def _source(url: str, *, allow_insecure: bool) -> OneRosterRestSource:
    connection = ApiConnection(
        url=url, path="/", authorization=AuthorizationType.OAUTH_1, consumer_key="k"
    )
    return OneRosterRestSource(connection, _NoAuthorization(), allow_insecure)


def test_plain_http_is_refused(url: str) -> None:
    with open_session(requests.Session(), False) as session, pytest.raises(ForbiddenAddressError):
        session.get(url)
    assert _Handler.asked == 0


def test_a_local_address_is_refused_before_anything_is_sent(url: str) -> None:
    """Whatever name led there: the address of the connected socket is looked at."""
    with open_session(requests.Session(), False) as session:
        with pytest.raises(ForbiddenAddressError):
            session.get(url.replace("http:", "https:"))
        session.mount("http://", session.get_adapter("https://"))
        with pytest.raises(ForbiddenAddressError):
            session.get(url)
    assert _Handler.asked == 0


def test_a_local_source_ends_the_run_with_its_reason(url: str) -> None:
    source = _source(url.replace("http:", "https:"), allow_insecure=False)
    with pytest.raises(GiveUpError) as failure:
        source.page(Collection.ORGS, offset=0, limit=1, in_order=True)
    assert failure.value.reason.code == "forbidden_address"
    assert failure.value.reason.field == "connection.url"


def test_the_local_stack_may_reach_local_sources(url: str) -> None:
    with open_session(requests.Session(), True) as session:
        assert session.get(url).status_code == 200


def test_proxies_of_the_environment_are_not_used(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with open_session(requests.Session(), True) as session:
        assert session.get(url).status_code == 200


def test_redirects_are_not_followed(url: str) -> None:
    with pytest.raises(GiveUpError) as failure:
        _source(url + "/redirect", allow_insecure=True).page(
            Collection.ORGS, offset=0, limit=1, in_order=True
        )
    assert failure.value.reason.code == "redirected"
    assert _Handler.asked == 1


def test_an_answer_has_a_largest_size(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_http, "MAX_PAGE_BYTES", 50_000)
    with (
        open_session(requests.Session(), True) as session,
        session.get(url, stream=True) as response,
        pytest.raises(AnswerTooLargeError),
    ):
        read_bounded(response)


def test_an_answer_has_a_longest_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_http, "PAGE_SECONDS", -1)
    with (
        open_session(requests.Session(), True) as session,
        session.get(url, stream=True) as response,
        pytest.raises(requests.Timeout),
    ):
        read_bounded(response)


def test_what_is_no_json_is_no_oneroster(url: str) -> None:
    with pytest.raises(GiveUpError) as failure:
        _source(url, allow_insecure=True).page(Collection.ORGS, offset=0, limit=1, in_order=True)
    assert failure.value.reason.code == "not_oneroster"
