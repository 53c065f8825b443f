"""Checks OAuth 1.0a signatures (RFC 5849) like a careful provider."""

import base64
import hmac
import re
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from oauthlib.oauth1.rfc5849 import signature as oauth_signature
from oauthlib.oauth1.rfc5849.utils import escape

PAST_SECONDS, FUTURE_SECONDS = 600, 300
"""How far a request's timestamp may be off, in seconds (Instructure's rule for providers)."""

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_DIGESTS = {"HMAC-SHA256": "sha256", "HMAC-SHA1": "sha1"}


@dataclass
class Credentials:
    """The server's one consumer, and what the server requires of it.

    ``key``, ``secret``: the consumer's key and secret.
    ``methods``: the accepted signature methods.
    ``token_seconds``: how long a token is valid.
    ``scopes``: the only scopes that a token may have; None allows any.
    """

    key: str = "sample-key"
    secret: str = "sample-secret"
    methods: frozenset[str] = frozenset(_DIGESTS)
    token_seconds: float = 3600
    scopes: frozenset[str] | None = None


class Signatures:
    """Checks signatures, and remembers the nonces it has seen."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._nonces: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def good(self, method: str, url: str, authorization: str, methods: frozenset[str]) -> bool:
        """Whether a request is signed with the consumer's secret; ``url`` is exactly as sent."""
        if not authorization.startswith("OAuth "):
            return False
        given = {name: unquote(value) for name, value in _PARAMETER.findall(authorization)}
        given.pop("realm", None)
        signature = given.pop("oauth_signature", "")
        if given.get("oauth_consumer_key") != self._credentials.key:
            return False
        if given.get("oauth_signature_method") not in methods & _DIGESTS.keys():
            return False
        if given.get("oauth_version", "1.0") != "1.0" or not _timely(given):
            return False
        if not hmac.compare_digest(self._sign(method, url, given).encode(), signature.encode()):
            return False
        return self._fresh(given)

    def _sign(self, method: str, url: str, oauth: dict[str, str]) -> str:
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        parameters: Any = [*query, *oauth.items()]  # pairs: a name may come twice
        base = oauth_signature.signature_base_string(
            method,  # type: ignore[arg-type]  # a method the stubs do not list is refused, too
            oauth_signature.base_string_uri(url),
            oauth_signature.normalize_parameters(parameters),
        )
        key = f"{escape(self._credentials.secret)}&"
        digest = _DIGESTS[oauth["oauth_signature_method"]]
        return base64.b64encode(hmac.new(key.encode(), base.encode(), digest).digest()).decode()

    def _fresh(self, given: dict[str, str]) -> bool:
        # Only after the signature was checked, so that nobody else can use up a nonce.
        nonce = (given.get("oauth_nonce", ""), given["oauth_timestamp"])
        with self._lock:
            if not nonce[0] or nonce in self._nonces:
                return False
            self._nonces.add(nonce)
            return True


def _timely(given: dict[str, str]) -> bool:
    stamp = given.get("oauth_timestamp", "")
    if not stamp.isdecimal():
        return False
    return -FUTURE_SECONDS <= time.time() - int(stamp) <= PAST_SECONDS
