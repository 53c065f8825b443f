"""Who is let in: signatures as requests-oauthlib makes them, and tokens."""

import base64
import hmac
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
import requests
from requests.auth import AuthBase

from local.sample_district.quirks import Quirks
from local.sample_district.records import District
from local.sample_district.server import PATHS, DistrictServer
from local.sample_district.signatures import FUTURE_SECONDS, PAST_SECONDS, Credentials
from tests.sample_district.client import Bearer, Client, signer

pytestmark = pytest.mark.loopback

SCOPE = "https://purl.imsglobal.org/spec/or/{}/scope/{}"


class _Fixed(AuthBase):
    """Sends the same header again and again."""

    def __init__(self, header: str) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


@pytest.mark.parametrize("method", ["HMAC-SHA256", "HMAC-SHA1"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"limit": 2, "offset": 1, "sort": "sourcedId", "orderBy": "asc"},
        {"filter": "familyName='O''Neill'"},
        {"filter": "email~'/+& %=~ø'"},
        {"fields": ""},
    ],
    ids=["no query", "paging", "quotes", "reserved characters", "an empty value"],
)
def test_a_right_signature_is_let_in(client: Client, method: str, query: dict[str, Any]) -> None:
    status = client.get("users", auth=signer(method=method), **query).status_code
    assert status == (400 if query == {"fields": ""} else 200)


@pytest.mark.parametrize(
    "auth",
    [
        signer(secret="wrong"),
        signer(key="wrong"),
        signer(secret=""),
        signer(method="PLAINTEXT"),
        signer(method="HMAC-SHA512"),
        signer(timestamp="never"),
        signer(nonce=""),
        _Fixed("OAuth"),
        _Fixed("OAuth nonsense"),
        _Fixed('OAuth oauth_consumer_key="sample-key"'),
        _Fixed("Basic c2FtcGxlLWtleTpzYW1wbGUtc2VjcmV0"),
        _Fixed("Bearer "),
        _Fixed(""),
    ],
)
def test_everything_else_is_not(client: Client, auth: AuthBase) -> None:
    answer = client.get("orgs", auth=auth)
    assert answer.status_code == 401
    [status] = answer.json()["statusInfoSet"]
    assert status["imsx_codeMinor"] == "unauthorized"


def _sign_by_hand(url: str, secret: str, stamp: int) -> str:
    """RFC 5849 written out, without a library and without ``oauth_version``, as ClassLink does."""
    oauth = {
        "oauth_consumer_key": "sample-key",
        "oauth_nonce": "n",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(stamp),
    }
    parameters = sorted((oauth | {"limit": "3"}).items())
    normal = "&".join(f"{name}={quote(value, safe='~')}" for name, value in parameters)
    base = f"GET&{quote(url, safe='')}&{quote(normal, safe='')}"
    digest = hmac.new(f"{secret}&".encode(), base.encode(), "sha256").digest()
    signed = oauth | {"oauth_signature": base64.b64encode(digest).decode()}
    return "OAuth " + ", ".join(f'{name}="{quote(value)}"' for name, value in signed.items())


def test_a_signature_made_by_hand(client: Client) -> None:
    url = f"{client.server.url}/ims/oneroster/v1p1/orgs"
    header = _sign_by_hand(url, "sample-secret", int(time.time()))
    assert client.get("orgs", auth=_Fixed(header), limit=4).status_code == 401, "another query"
    assert client.get("users", auth=_Fixed(header), limit=3).status_code == 401, "another path"
    assert client.get("orgs", auth=_Fixed(header), limit=3).status_code == 200
    assert client.get("orgs", auth=_Fixed(header), limit=3).status_code == 401, "a replay"


@pytest.mark.parametrize(
    ("off", "status"),
    [
        (-PAST_SECONDS - 30, 401),
        (-PAST_SECONDS + 30, 200),
        (FUTURE_SECONDS - 30, 200),
        (FUTURE_SECONDS + 30, 401),
    ],
)
def test_the_clock_may_be_off_by_so_much(client: Client, off: int, status: int) -> None:
    stamp = str(int(time.time()) + off)
    assert client.get("orgs", auth=signer(timestamp=stamp)).status_code == status


def test_a_nonce_counts_once_and_only_after_its_signature(client: Client) -> None:
    def signed(secret: str = "sample-secret") -> AuthBase:
        return signer(secret=secret, nonce="one", timestamp=str(int(time.time())))

    assert client.get("orgs", auth=signed("wrong")).status_code == 401
    now = int(time.time())
    again = signer(nonce="one", timestamp=str(now))
    assert client.get("orgs", auth=again).status_code == 200
    assert client.get("orgs", auth=again).status_code == 401
    other = signer(nonce="two", timestamp=str(now))
    assert client.get("orgs", auth=other).status_code == 200


def test_a_secret_with_characters_that_must_be_encoded(district: District) -> None:
    credentials = Credentials(key="k:1", secret="a&b +%ü/")
    with DistrictServer(district, credentials=credentials) as server, Client(server) as client:
        auth = signer(credentials.key, credentials.secret)
        assert client.get("orgs", auth=auth).status_code == 200
        body = client.ask_token(basic=False)
        assert body.status_code == 200
        # The standard encodes both before Basic does.
        encoded: dict[str, Any] = {
            "client_id": quote("k:1", safe=""),
            "client_secret": quote("a&b +%ü/", safe=""),
        }
        assert client.ask_token(**encoded).status_code == 200


def test_1_2_knows_no_signatures(client: Client) -> None:
    assert client.get("orgs", version="1.2", auth=signer()).status_code == 401


def test_only_these_methods(client: Client) -> None:
    client.server.quirks = Quirks(signature_methods=frozenset({"HMAC-SHA1"}))
    assert client.get("orgs", auth=signer(method="HMAC-SHA256")).status_code == 401
    assert client.get("orgs", auth=signer(method="HMAC-SHA1")).status_code == 200


@pytest.mark.parametrize("version", sorted(PATHS.values()))
@pytest.mark.parametrize("basic", [True, False])
def test_a_token_is_let_in(client: Client, version: str, basic: bool) -> None:
    answer = client.ask_token(basic=basic).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
    auth = Bearer(answer["access_token"])
    assert client.get("orgs", version=version, auth=auth).status_code == 200


@pytest.mark.parametrize(
    ("ask", "status", "error"),
    [
        (lambda c: c.ask_token(client_secret="wrong"), 401, "invalid_client"),
        (lambda c: c.ask_token(client_id="wrong", basic=False), 401, "invalid_client"),
        (lambda c: c.ask_token(grant_type="password"), 400, "unsupported_grant_type"),
    ],
)
def test_no_token(
    client: Client, ask: Callable[[Client], requests.Response], status: int, error: str
) -> None:
    answer = ask(client)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_tokens_do_not_end_each_other(client: Client) -> None:
    first, second = client.token(), client.token()
    for token in (first, second, first):
        assert client.get("orgs", auth=Bearer(token)).status_code == 200


@pytest.mark.parametrize(
    ("version", "scope", "status"),
    [
        ("1.2", SCOPE.format("v1p2", "roster.readonly"), 200),
        ("1.2", SCOPE.format("v1p2", "roster-core.readonly"), 200),
        ("1.1", SCOPE.format("v1p1", "roster.readonly"), 200),
        ("1.2", "", 200),
        ("1.2", SCOPE.format("v1p2", "roster-demographics.readonly"), 403),
        ("1.2", SCOPE.format("v1p1", "roster.readonly"), 403),
    ],
)
def test_scopes_are_checked(client: Client, version: str, scope: str, status: int) -> None:
    auth = Bearer(client.token(scope=scope))
    assert client.get("orgs", version=version, auth=auth).status_code == status


def test_a_scope_that_is_not_granted(district: District) -> None:
    credentials = Credentials(scopes=frozenset({"a"}))
    with DistrictServer(district, credentials=credentials) as server, Client(server) as client:
        assert client.ask_token(scope="a b").json() == {"error": "invalid_scope"}
        assert client.ask_token(scope="a").status_code == 200


def test_a_scope_of_the_server_s_own(client: Client) -> None:
    client.server.quirks = Quirks(required_scope="OneRoster")
    for scope in ("", SCOPE.format("v1p1", "roster.readonly")):
        assert client.ask_token(scope=scope).json() == {"error": "invalid_scope"}
    assert client.get("orgs", auth=Bearer(client.token(scope="OneRoster"))).status_code == 200


@pytest.mark.parametrize(("placement", "basic"), [("basic", True), ("body", False)])
def test_where_the_secret_must_be(client: Client, placement: str, basic: bool) -> None:
    client.server.quirks = Quirks(token_placement=placement)
    assert client.ask_token(basic=basic).status_code == 200
    assert client.ask_token(basic=not basic).status_code == 401


def test_the_query_of_the_token_url_must_be_kept(client: Client) -> None:
    quirks = Quirks(token_path="/oauth2/token?appName=homeroom")
    client.server.quirks = quirks
    assert client.ask_token().status_code == 200
    answer = client.session.post(f"{client.server.url}/oauth2/token", timeout=5)
    assert answer.status_code == 404


def test_tokens_that_end_before_they_say(client: Client) -> None:
    client.server.quirks = Quirks(token_lifetime_seconds=0)
    answer = client.ask_token()
    assert answer.json()["expires_in"] == 3600
    auth = Bearer(answer.json()["access_token"])
    assert client.get("orgs", auth=auth).status_code == 401
    client.server.quirks = Quirks(token_serves=2)
    auth = Bearer(client.token())
    assert [client.get("orgs", auth=auth).status_code for _ in range(3)] == [200, 200, 401]


def test_a_token_that_does_not_say_how_long(client: Client) -> None:
    client.server.quirks = Quirks(send_expires_in=False)
    assert "expires_in" not in client.ask_token().json()


def test_a_token_endpoint_out_of_order(client: Client) -> None:
    client.server.quirks = Quirks(token_status=503)
    assert client.ask_token().status_code == 503


def test_the_cookie_of_the_token_must_come_back(client: Client) -> None:
    client.server.quirks = Quirks(session_cookie_required=True)
    auth = Bearer(client.token())
    assert client.get("orgs", auth=auth).status_code == 200
    client.session.cookies.clear()
    assert client.get("orgs", auth=auth).status_code == 401


def test_no_secret_is_logged(client: Client) -> None:
    client.token()
    client.get("orgs")
    seen = client.server.requests
    assert [(r.method, r.path, r.status) for r in seen] == [
        ("POST", "/token", 200),
        ("GET", "/ims/oneroster/v1p1/orgs", 200),
    ]
    assert "sample-secret" not in str([replace(request) for request in seen])
