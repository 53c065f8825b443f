"""A OneRoster server for the sample district: 1.1 and 1.2, signatures, tokens, pages, quirks."""

import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, cast
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from local.sample_district.quirks import Quirks
from local.sample_district.render import COLLECTIONS, SINGULAR, render
from local.sample_district.roster import District
from local.sample_district.signatures import Credentials

PATHS = {"/ims/oneroster/v1p1": "1.1", "/ims/oneroster/rostering/v1p2": "1.2"}
DEFAULT_LIMIT = 100
_ALIASES = {"users": "students", "orgs": "schools", "academicSessions": "terms"}
_CLAUSE = re.compile(r"(\w+)(!=|>=|<=|=|>|<|~)'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Request:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    status: int


@dataclass
class _State:
    district: District
    quirks: Quirks
    credentials: Credentials
    requests: list[Request] = field(default_factory=list)
    served: int = 0
    dropped: bool = False
    pages: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class DistrictServer:
    """The server; a context manager that listens on loopback while the block runs."""

    def __init__(
        self,
        district: District,
        quirks: Quirks | None = None,
        *,
        credentials: Credentials | None = None,
        port: int = 0,
    ) -> None:
        self._state = _State(district, quirks or Quirks(), credentials or Credentials())
        handler = type("Handler", (_Handler,), {"state": self._state})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self) -> "DistrictServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where the server is, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def credentials(self) -> Credentials:
        """The consumer's key and secret, and what is demanded of it."""
        return self._state.credentials

    @property
    def requests(self) -> list[Request]:
        """All requests so far."""
        return list(self._state.requests)

    @property
    def district(self) -> District:
        """The roster that is served."""
        return self._state.district

    @district.setter
    def district(self, district: District) -> None:
        with self._state.lock:
            self._state.district = district
            self._state.pages.clear()

    @property
    def quirks(self) -> Quirks:
        """How the server misbehaves."""
        return self._state.quirks

    @quirks.setter
    def quirks(self, quirks: Quirks) -> None:
        with self._state.lock:
            self._state.quirks = quirks
            self._state.dropped = False
            self._state.pages.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: ClassVar[_State]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the log is ``DistrictServer.requests``."""

    def do_POST(self) -> None:
        """Answer token requests."""
        quirks = self.state.quirks
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode()
        if self.path != quirks.token_path:
            self._json(404, _problem("unknownobject", "1.2"))
            return
        status, text = self.state.credentials.token_for(
            self.headers.get("Authorization", ""), body, quirks.token_placement
        )
        if status != 200:
            self._json(status, {"error": text})
            return
        seconds = int(self.state.credentials.token_seconds)
        self._json(200, {"access_token": text, "token_type": "bearer", "expires_in": seconds})

    def do_GET(self) -> None:
        """Answer collections and single records."""
        state, quirks = self.state, self.state.quirks
        if quirks.latency_seconds:
            time.sleep(quirks.latency_seconds)
        parts = urlsplit(self.path)
        base = next((path for path in PATHS if parts.path.startswith(path + "/")), None)
        if base is None:
            self._json(404, _problem("unknownobject", "1.2"))
            return
        version = PATHS[base]
        if quirks.redirect:
            self._send(302, b"", {"Location": "http://127.0.0.1:1/elsewhere"})
            return
        if quirks.html:
            self._send(200, b"<html>Please sign in</html>", {"Content-Type": "text/html"})
            return
        if not self._allowed(version):
            self._json(401, _problem("unauthorisedrequest", version))
            return
        with state.lock:
            state.served += 1
            served = state.served
        for every, status in (
            (quirks.too_many_requests_every, 429),
            (quirks.server_error_every, 503),
        ):
            if every and served % every == 0:
                self._json(
                    status, _problem("server_busy", version), {"Retry-After": quirks.retry_after}
                )
                return
        name, _, sourced_id = parts.path.removeprefix(base + "/").partition("/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if name not in COLLECTIONS:
            self._json(404, _problem("unknownobject", version))
        elif sourced_id:
            self._one(name, unquote(sourced_id), version)
        else:
            self._page(name, query, version, parts.path)

    def _allowed(self, version: str) -> bool:
        given = self.headers.get("Authorization", "")
        if given.startswith("Bearer "):
            return self.state.credentials.bears(given)
        url = f"http://{self.headers['Host']}{self.path}"
        return version == "1.1" and self.state.credentials.signed("GET", url, given)

    def _records(self, name: str, version: str, text: str = "") -> list[dict[str, Any]]:
        with self.state.lock:
            key = (name, version, text)
            if key not in self.state.pages:
                records = render(self.state.district, name, version)
                if name == "users" and self.state.quirks.bad_users:
                    records = [self._spoiled(record) for record in records]
                if text:
                    records = [record for record in records if _matches(record, text)]
                self.state.pages[key] = records
            return self.state.pages[key]

    def _spoiled(self, record: dict[str, Any]) -> dict[str, Any]:
        if record["sourcedId"] not in self.state.quirks.bad_users:
            return record
        if "role" in record:
            return record | {"role": "wizard"}
        return record | {"roles": [role | {"role": "wizard"} for role in record["roles"]]}

    def _one(self, name: str, sourced_id: str, version: str) -> None:
        for record in self._records(name, version):
            if record["sourcedId"] == sourced_id:
                self._json(200, {SINGULAR[name]: record})
                return
        self._json(404, _problem("unknownobject", version))

    def _page(self, name: str, query: dict[str, str], version: str, path: str) -> None:
        quirks = self.state.quirks
        limit, offset = int(query.get("limit", DEFAULT_LIMIT)), int(query.get("offset", 0))
        if quirks.max_limit and limit > quirks.max_limit:
            self._json(400, _problem("invaliddata", version))
            return
        if quirks.reject_sort and "sort" in query:
            self._json(400, _problem("invalid_sort_field", version))
            return
        limit = min(limit, quirks.cap_limit or limit)
        records = self._records(name, version, query.get("filter", ""))
        if quirks.ignore_offset:
            offset = 0
        rows = records[offset : offset + limit]
        number = offset // limit + 1
        if quirks.page_error and quirks.page_error[:2] == (name, number):
            self._json(quirks.page_error[2], _problem("internal_server_error", version))
            return
        headers = {}
        if quirks.send_total:
            headers["X-Total-Count"] = str(len(records) + quirks.wrong_total)
        if quirks.send_link and offset + limit < len(records):
            following = urlencode(query | {"offset": str(offset + limit), "limit": str(limit)})
            headers["Link"] = f'<{path}?{following}>; rel="next"'
        key = _ALIASES.get(name, name) if quirks.wrong_envelope else name
        body: dict[str, Any] = {key: rows}
        if quirks.missing_envelope == name:
            body, headers = {"message": "nothing here"}, {}
        if quirks.error_in_success == name:
            body, headers = _problem("internal_server_error", version), {}
        with self.state.lock:
            drop = quirks.drop_connection_at == (name, number) and not self.state.dropped
            self.state.dropped = self.state.dropped or drop
        self._json(200, body, headers, cut=drop)
        self._delete_after(name, number)

    def _delete_after(self, name: str, number: int) -> None:
        wish = self.state.quirks.delete_while_paging
        if wish and wish[:2] == (name, number):
            with self.state.lock:
                for key, records in self.state.pages.items():
                    if key[0] == name:
                        kept = [r for r in records if r["sourcedId"] != wish[2]]
                        self.state.pages[key] = kept

    def _json(
        self, status: int, body: Any, headers: dict[str, str] | None = None, *, cut: bool = False
    ) -> None:
        data = json.dumps(body).encode()
        self._send(status, data, {"Content-Type": "application/json"} | (headers or {}), cut=cut)

    def _send(
        self, status: int, data: bytes, headers: dict[str, str], *, cut: bool = False
    ) -> None:
        parts = urlsplit(self.path)
        seen = Request(self.command, parts.path, dict(parse_qsl(parts.query)), status)
        with self.state.lock:
            self.state.requests.append(seen)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)


def _problem(code: str, version: str) -> dict[str, Any]:
    status = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": code,
    }
    if version == "1.1":
        return {"statusInfoSet": [status | {"imsx_codeMinor": code}]}
    field_ = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code}
    return status | {"imsx_CodeMinor": {"imsx_codeMinorField": [field_]}}


def _matches(record: dict[str, Any], text: str) -> bool:
    """Whether a record fits a filter: one clause, or two joined by AND or OR."""
    for word, joined in ((" AND ", all), (" OR ", any)):
        if word in text:
            return joined(_fits(record, clause) for clause in text.split(word))
    return _fits(record, text)


def _fits(record: dict[str, Any], clause: str) -> bool:
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        return False
    name, operator, wanted = match.groups()
    found, wanted = str(record.get(name, "")), wanted.replace("''", "'")
    outcomes = {
        "=": found == wanted,
        "!=": found != wanted,
        ">": found > wanted,
        ">=": found >= wanted,
        "<": found < wanted,
        "<=": found <= wanted,
        "~": wanted in found,
    }
    return outcomes[operator]


def status_counts(requests: list[Request]) -> dict[int, int]:
    """Count requests by the status that they were answered with."""
    return dict(cast("Counter[int]", Counter(request.status for request in requests)))
