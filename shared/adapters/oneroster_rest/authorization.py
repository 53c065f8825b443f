"""Authorizes requests to a source: OAuth 1.0a signatures, or OAuth 2 client-credentials tokens.

Which variant a source accepts is found out by trying, and remembered: HMAC-SHA256 (ClassLink's
libraries) or HMAC-SHA1 (older stacks); the client secret by Basic, or in the body (PowerSchool).
"""

import threading
import time
from typing import Protocol
from urllib.parse import urlsplit

import requests
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1, OAuth2Session

from shared.adapters.egress.guarded_http import (
    CONNECT_SECONDS,
    READ_SECONDS,
    open_session,
)
from shared.adapters.oneroster_rest import source_reasons
from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.choices import OnboardingType
from shared.domain.group.connection import ApiConnection

SIGNATURE_METHOD, TOKEN_AUTH = "signatureMethod", "tokenAuth"
_METHODS = (SIGNATURE_HMAC_SHA256, SIGNATURE_HMAC_SHA1)
_EARLY_SECONDS = 30
_UNKNOWN_LIFE_SECONDS = 300


class Authorization(Protocol):
    """Authorizes requests, and tries another variant when the source refuses one."""

    def apply(self, session: requests.Session) -> AuthBase:
        """Authorize one request of ``session``."""
        ...

    def refused(self, used: AuthBase) -> bool:
        """Note that the source answered ``used`` with 401; True if another variant may work."""
        ...

    def accepted(self) -> None:
        """Note that the source accepted a request."""
        ...

    def learned(self) -> dict[str, str]:
        """Tell which variant works."""
        ...


class Signatures:
    """OAuth 1.0a, two-legged (RFC 5849)."""

    def __init__(self, key: str, secret: str, known: str | None) -> None:
        self._key, self._secret = key, secret
        self._method = known if known in _METHODS else _METHODS[0]
        self._left = [method for method in _METHODS if method != self._method]
        self._works = False
        self._lock = threading.Lock()

    def apply(self, session: requests.Session) -> AuthBase:
        """Sign one request, by the method that works as far as we know."""
        return OAuth1(self._key, client_secret=self._secret, signature_method=self._method)

    def refused(self, used: AuthBase) -> bool:
        """Switch to the other method, once, unless this one has worked."""
        with self._lock:
            if self._works:
                return False
            client = getattr(used, "client", None)
            if client and client.signature_method != self._method:
                return True  # another thread has switched meanwhile
            if not self._left:
                return False
            self._method = self._left.pop()
            return True

    def accepted(self) -> None:
        """Remember that the method works."""
        self._works = True

    def learned(self) -> dict[str, str]:
        """Tell the method, once it has worked."""
        return {SIGNATURE_METHOD: self._method} if self._works else {}


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Tokens:
    """OAuth 2 client credentials (RFC 6749, 4.4); parallel requests share one token."""

    def __init__(
        self, connection: ApiConnection, version: OnboardingType, secret: str, known: str | None,
        allow_insecure: bool,
    ) -> None:  # fmt: skip
        self._connection, self._secret = connection, secret
        self._url = connection.token_url or connection.url.rstrip("/") + "/token"
        self._scope = _scope(connection, version)
        self._in_body = known == "body"
        self._allow_insecure = allow_insecure
        self._token: str | None = None
        self._good_until = 0.0
        self._renewed = False
        self._lock = threading.Lock()

    def apply(self, session: requests.Session) -> AuthBase:
        """Authorize one request by the token; fetch or renew it if necessary."""
        with self._lock:
            if self._token is None or time.monotonic() > self._good_until:
                self._fetch(session)
            assert self._token is not None
            return _Bearer(self._token)

    def refused(self, used: AuthBase) -> bool:
        """Fetch a new token, once until one has worked: the old one may have ended early."""
        with self._lock:
            if isinstance(used, _Bearer) and used.token != self._token:
                return True
            if self._renewed:
                return False
            self._renewed = True
            self._token = None
            return True

    def accepted(self) -> None:
        """Remember that the token works."""
        self._renewed = False

    def learned(self) -> dict[str, str]:
        """Tell where the secret goes, once it has brought a token."""
        return {TOKEN_AUTH: "body" if self._in_body else "basic"} if self._token else {}

    def _fetch(self, session: requests.Session) -> None:
        for in_body in (self._in_body, not self._in_body):
            status, token = self._ask(session, in_body)
            if token is not None:
                self._in_body = in_body
                self._token = token["access_token"]
                life = float(token.get("expires_in") or _UNKNOWN_LIFE_SECONDS)
                self._good_until = time.monotonic() + max(life - _EARLY_SECONDS, life / 2)
                return
        if status in (400, 401, 403):
            raise GiveUpError(source_reasons.credentials_refused())
        raise GiveUpError(source_reasons.bad_token_url())

    def _ask(self, session: requests.Session, in_body: bool) -> tuple[int, dict[str, str] | None]:
        client = BackendApplicationClient(self._connection.consumer_key, scope=self._scope)
        oauth = OAuth2Session(client=client)
        open_session(oauth, self._allow_insecure)
        oauth.max_redirects = 0  # fetch_token has no parameter for it
        status = 0

        def keep_status(response: requests.Response) -> requests.Response:
            nonlocal status
            status = response.status_code
            return response

        oauth.register_compliance_hook("access_token_response", keep_status)
        key, secret = self._connection.consumer_key, self._secret
        try:
            token = oauth.fetch_token(
                self._url,
                auth=None if in_body else HTTPBasicAuth(key, secret),
                client_secret=secret if in_body else None,
                include_client_id=in_body,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
        except requests.TooManyRedirects as error:
            raise GiveUpError(source_reasons.redirected("connection.tokenUrl")) from error
        except requests.ConnectionError as error:
            raise SourceBusyError(source_reasons.token_unreachable(host_of(self._url))) from error
        except (OAuth2Error, ValueError) as error:
            if getattr(error, "error", None) == "invalid_scope":
                raise GiveUpError(source_reasons.scope_refused()) from error
            if status == 429 or status >= 500:
                raise SourceBusyError(source_reasons.unavailable(None, status)) from error
            return status, None
        # Aeries wants the cookies of the token's session with every request.
        session.cookies.update(oauth.cookies)
        return status, token


def _scope(connection: ApiConnection, version: OnboardingType) -> str | None:
    if connection.scope is not None:
        return connection.scope or None
    release = "v1p1" if version is OnboardingType.ONEROSTER_1_1 else "v1p2"
    prefix = f"https://purl.imsglobal.org/spec/or/{release}/scope/"
    return f"{prefix}roster.readonly {prefix}roster-core.readonly"


def host_of(url: str) -> str:
    """The host of a URL, for messages that must not show its query."""
    return urlsplit(url).hostname or url
