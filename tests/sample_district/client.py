"""A consumer of the sample server, signing as requests-oauthlib does."""

from typing import Any

import requests
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from local.sample_district.server import PATHS, DistrictServer

SECONDS = 5
Json = dict[str, Any]


class Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def signer(
    key: str = "sample-key", secret: str = "sample-secret", method: str = "HMAC-SHA256", **more: Any
) -> AuthBase:
    auth: AuthBase = OAuth1(key, client_secret=secret, signature_method=method, **more)
    return auth


class Client:
    """Speaks to one server over one connection, with signatures unless told otherwise."""

    def __init__(self, server: DistrictServer) -> None:
        self.server = server
        self.session = requests.Session()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def get(
        self,
        path: str,
        *,
        version: str = "1.1",
        auth: AuthBase | None = None,
        timeout: float = SECONDS,
        **query: str | int,
    ) -> requests.Response:
        """Ask for a collection (``users``) or one record (``users/1``)."""
        base = next(base for base, of in PATHS.items() if of == version)
        if auth is None:
            auth = signer() if version == "1.1" else Bearer(self.token())
        url = f"{self.server.url}{base}/{path}"
        return self.session.get(
            url, params=query, auth=auth, timeout=timeout, allow_redirects=False
        )

    def rows(self, path: str, **query: Any) -> list[Json]:
        """One page, as it stands in the answer."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()[path]
        return found

    def all(self, path: str, limit: int = 50, **query: Any) -> list[str]:
        """The sourcedIds of a collection, page by page to an empty one."""
        found: list[str] = []
        while rows := self.rows(path, limit=limit, offset=len(found), **query):
            found.extend(row["sourcedId"] for row in rows)
        return found

    def ask_token(self, *, basic: bool = True, **form: Any) -> requests.Response:
        """Ask for a token at the server's token endpoint."""
        pair = (
            form.pop("client_id", self.server.credentials.key),
            form.pop("client_secret", self.server.credentials.secret),
        )
        body = {"grant_type": "client_credentials"} | form
        if not basic:
            body |= {"client_id": pair[0], "client_secret": pair[1]}
        return self.session.post(
            self.server.url + self.server.quirks.token_path,
            data=body,
            auth=pair if basic else None,
            timeout=SECONDS,
        )

    def token(self, **form: Any) -> str:
        """Get a token."""
        answer = self.ask_token(**form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])
