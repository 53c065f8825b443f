"""Checks OAuth 1.0a signatures and OAuth 2 tokens as a careful provider does."""

import base64
import hmac
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from oauthlib.oauth1.rfc5849 import signature as oauth_signature

PAST_SECONDS, FUTURE_SECONDS = 600, 300
"""How far a request's timestamp may be off (what Instructure asks of providers)."""

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass
class Credentials:
    """What the server knows of its one consumer, and which requests it has seen of it."""

    key: str = "sample-key"
    secret: str = "sample-secret"
    methods: frozenset[str] = frozenset({"HMAC-SHA256", "HMAC-SHA1"})
    token_seconds: float = 3600
    scopes: frozenset[str] | None = None
    nonces: set[tuple[str, str]] = field(default_factory=set)
    tokens: dict[str, float] = field(default_factory=dict)

    def signed(self, method: str, url: str, authorization: str) -> bool:
        """Whether a request is signed with the consumer's secret; the URL is exactly as sent."""
        if not authorization.startswith("OAuth "):
            return False
        given = {k: unquote(v) for k, v in _PARAMETER.findall(authorization)}
        if given.get("oauth_consumer_key") != self.key:
            return False
        if given.get("oauth_signature_method") not in self.methods:
            return False
        stamp = int(given.get("oauth_timestamp", "0"))
        if not time.time() - PAST_SECONDS <= stamp <= time.time() + FUTURE_SECONDS:
            return False
        nonce = (given.get("oauth_nonce", ""), given["oauth_timestamp"])
        if nonce in self.nonces:
            return False
        self.nonces.add(nonce)
        signature = given.pop("oauth_signature", "")
        return hmac.compare_digest(self._sign(method, url, given), signature)

    def _sign(self, method: str, url: str, oauth: dict[str, str]) -> str:
        parts = urlsplit(url)
        parameters = [
            (name, value)
            for name, values in parse_qs(parts.query, keep_blank_values=True).items()
            for value in values
        ]
        base = oauth_signature.signature_base_string(
            method,  # type: ignore[arg-type]
            oauth_signature.base_string_uri(url),
            oauth_signature.normalize_parameters(
                oauth_signature.collect_parameters(  # type: ignore[arg-type]
                    body=parameters + list(oauth.items()), exclude_oauth_signature=True
                )
            ),
        )
        name = "sha256" if oauth["oauth_signature_method"] == "HMAC-SHA256" else "sha1"
        digest = hmac.new(f"{self.secret}&".encode(), base.encode(), name).digest()
        return base64.b64encode(digest).decode()

    def token_for(self, authorization: str, body: str, placement: str) -> tuple[int, str]:
        """Answer a token request: the status, and the token or the error's name."""
        form = {name: values[0] for name, values in parse_qs(body).items()}
        key, secret = form.get("client_id"), form.get("client_secret")
        if placement != "body" and authorization.startswith("Basic "):
            key, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            key, secret = unquote(key), unquote(secret)
        elif placement == "basic":
            return 401, "invalid_client"
        if key != self.key or not hmac.compare_digest(secret or "", self.secret):
            return 401, "invalid_client"
        if form.get("grant_type") != "client_credentials":
            return 400, "unsupported_grant_type"
        asked = set(form.get("scope", "").split())
        if self.scopes is not None and not asked <= self.scopes:
            return 400, "invalid_scope"
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.time() + self.token_seconds
        return 200, token

    def bears(self, authorization: str) -> bool:
        """Whether a request carries a token that is still good."""
        token = authorization.removeprefix("Bearer ")
        return self.tokens.get(token, 0) > time.time()
