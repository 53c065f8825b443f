"""Issues OAuth 2 tokens for client credentials (RFC 6749 4.4), and checks them."""

import base64
import binascii
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from local.sample_district.query import parsed
from local.sample_district.quirks import Quirks
from local.sample_district.replies import Reply, json_reply
from local.sample_district.signatures import Credentials

_PREFIXES = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/",
}
_READING = ("roster.readonly", "roster-core.readonly")


@dataclass
class _Token:
    until: float
    scopes: frozenset[str]
    served: int = 0


class Tokens:
    """The tokens of one consumer; a new token does not invalidate earlier ones."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._tokens: dict[str, _Token] = {}
        self._sessions: set[str] = set()
        self._lock = threading.Lock()

    def grant(self, authorization: str, body: str, quirks: Quirks) -> Reply:
        """Answer a request for a token."""
        if quirks.token_status:
            return json_reply(quirks.token_status, {"error": "temporarily_unavailable"})
        form = parsed(parse_qsl(body))
        if not self._knows(_presented(authorization, form, quirks.token_placement)):
            return json_reply(401, {"error": "invalid_client"}, {"WWW-Authenticate": "Basic"})
        if form.get("grant_type") != "client_credentials":
            return json_reply(400, {"error": "unsupported_grant_type"})
        scopes = frozenset(form.get("scope", "").split())
        allowed = self._credentials.scopes
        if quirks.required_scope is not None:
            allowed = frozenset({quirks.required_scope})
        if (allowed is not None and not scopes <= allowed) or (
            quirks.required_scope and not scopes
        ):
            return json_reply(400, {"error": "invalid_scope"})
        return self._give(scopes, quirks)

    def _give(self, scopes: frozenset[str], quirks: Quirks) -> Reply:
        told = self._credentials.token_seconds
        life = told if quirks.token_lifetime_seconds is None else quirks.token_lifetime_seconds
        token, session = secrets.token_urlsafe(24), secrets.token_urlsafe(12)
        with self._lock:
            self._tokens[token] = _Token(time.monotonic() + life, scopes)
            self._sessions.add(session)
        answer: dict[str, object] = {"access_token": token, "token_type": "bearer"}
        if quirks.send_expires_in:
            answer["expires_in"] = int(told)
        headers = {"Cache-Control": "no-store"}
        if quirks.session_cookie_required:
            headers["Set-Cookie"] = f"session={session}; Path=/"
        return json_reply(200, answer, headers)

    def good(self, authorization: str, quirks: Quirks) -> bool:
        """Whether a request has a valid token."""
        with self._lock:
            token = self._tokens.get(authorization.removeprefix("Bearer "))
            if token is None or token.until <= time.monotonic():
                return False
            token.served += 1
            return quirks.token_serves is None or token.served <= quirks.token_serves

    def may_read(self, authorization: str, version: str, quirks: Quirks) -> bool:
        """Whether a valid token's scopes allow reading rosters; no scope means all."""
        scopes = self._tokens[authorization.removeprefix("Bearer ")].scopes
        if not scopes or quirks.required_scope in scopes:
            return True
        return any(_PREFIXES[version] + name in scopes for name in _READING)

    def in_session(self, cookies: str) -> bool:
        """Whether a request has a cookie that came with a token."""
        return any(f"session={session}" in cookies for session in self._sessions)

    def _knows(self, presented: tuple[str, str]) -> bool:
        key, secret = presented
        same = hmac.compare_digest(secret.encode(), self._credentials.secret.encode())
        return key == self._credentials.key and same


def _presented(authorization: str, form: dict[str, str], placement: str) -> tuple[str, str]:
    """The key and secret, from the allowed place; inside Basic they are URL-encoded."""
    if placement != "body" and authorization.startswith("Basic "):
        try:
            pair = base64.b64decode(authorization[6:], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        key, _, secret = pair.partition(":")
        return unquote_plus(key), unquote_plus(secret)
    if placement == "basic":
        return "", ""
    return form.get("client_id", ""), form.get("client_secret", "")
