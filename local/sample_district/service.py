"""The OneRoster service: from a request to a reply, without sockets."""

import threading
import time
from email.message import Message
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from local.sample_district.catalogue import Catalogue
from local.sample_district.evolution import without_records
from local.sample_district.query import Span, parsed, project, span_of, unknown_fields
from local.sample_district.quirks import Quirks
from local.sample_district.records import COLLECTIONS, District
from local.sample_district.render import SINGULAR
from local.sample_district.replies import RefusedError, Reply, json_reply, problem, status_info
from local.sample_district.signatures import Credentials, Signatures
from local.sample_district.tokens import Tokens

PATHS = {"/ims/oneroster/v1p1": "1.1", "/ims/oneroster/rostering/v1p2": "1.2"}
_ALIASES = {"users": "students", "orgs": "schools", "academicSessions": "terms"}


class Service:
    """Serves a district; the district and the quirks can be replaced at any time."""

    def __init__(
        self, district: District, quirks: Quirks, credentials: Credentials, url: str
    ) -> None:
        self.credentials = credentials
        self.closing = threading.Event()
        self._signatures, self._tokens = Signatures(credentials), Tokens(credentials)
        self._url = url
        self._lock = threading.RLock()
        self._served = self._pages = 0
        self._done: set[str] = set()
        self._state = (district, quirks, self._catalogue(district, quirks))

    @property
    def district(self) -> District:
        """The served roster."""
        return self._state[0]

    @district.setter
    def district(self, district: District) -> None:
        with self._lock:
            quirks = self._state[1]
            self._state = (district, quirks, self._catalogue(district, quirks))

    @property
    def quirks(self) -> Quirks:
        """How the service misbehaves; one-time quirks happen again after a change."""
        return self._state[1]

    @quirks.setter
    def quirks(self, quirks: Quirks) -> None:
        with self._lock:
            self._done.clear()
            self._pages = 0
            district = self._state[0]
            self._state = (district, quirks, self._catalogue(district, quirks))

    def _catalogue(self, district: District, quirks: Quirks) -> Catalogue:
        bases = {version: self._url + path for path, version in PATHS.items()}
        return Catalogue(district, quirks, bases)

    def post(self, target: str, headers: Message, body: str) -> Reply:
        """Answer a request for a token."""
        if target != self.quirks.token_path:
            return json_reply(404, problem("1.2", "unknownobject"))
        return self._tokens.grant(headers.get("Authorization", ""), body, self.quirks)

    def get(self, target: str, headers: Message) -> Reply:
        """Answer a request for a collection or one record."""
        _, quirks, catalogue = self._state
        self.closing.wait(quirks.latency_seconds)
        parts = urlsplit(target)
        base = next((path for path in PATHS if parts.path.startswith(path + "/")), None)
        if base is None:
            return json_reply(404, problem("1.2", "unknownobject"))
        version = PATHS[base]
        if quirks.redirect:
            return Reply(302, b"", {"Location": "http://127.0.0.1:1/elsewhere"})
        if quirks.html:
            return Reply(200, b"<html>Please sign in</html>", {"Content-Type": "text/html"})
        try:
            self._authorize(target, headers, version, quirks)
            self._be_busy(quirks)
            collection, _, sourced_id = parts.path.removeprefix(base + "/").partition("/")
            if collection not in COLLECTIONS:
                raise RefusedError(404, "unknownobject")
            query = parsed(parse_qsl(parts.query, keep_blank_values=True))
            if sourced_id and quirks.no_single_records == 200:
                return json_reply(200, {})
            if sourced_id and quirks.no_single_records:
                raise RefusedError(quirks.no_single_records, "unknownobject")
            if sourced_id and quirks.single_records_as == "html":
                return Reply(200, b"<html>No such page</html>", {"Content-Type": "text/html"})
            if sourced_id and not quirks.single_records_as:
                if set(unquote(sourced_id)).intersection(quirks.refuse_in_ids):
                    raise RefusedError(404, "unknownobject")
                return _one(catalogue, collection, version, unquote(sourced_id), query)
            return self._page(quirks, catalogue, collection, version, parts.path, query)
        except RefusedError as error:
            return json_reply(error.status, problem(version, error.code), error.headers)

    def _authorize(self, target: str, headers: Message, version: str, quirks: Quirks) -> None:
        given = headers.get("Authorization", "")
        if given.startswith("Bearer "):
            good = self._tokens.good(given, quirks)
            if quirks.session_cookie_required:
                good = good and self._tokens.in_session(headers.get("Cookie", ""))
            if good and not self._tokens.may_read(given, version, quirks):
                raise RefusedError(403, "forbidden")
        else:
            methods = quirks.signature_methods or self.credentials.methods
            host = headers.get("Host")
            # 1.2 does not support signatures.
            good = (
                version == "1.1"
                and host is not None
                and self._signatures.good("GET", f"http://{host}{target}", given, methods)
            )
        if not good:
            raise RefusedError(401, "unauthorisedrequest")

    def _be_busy(self, quirks: Quirks) -> None:
        with self._lock:
            self._served += 1
            served = self._served
        for every, status in (
            (quirks.too_many_requests_every, 429),
            (quirks.server_error_every, 503),
        ):
            if every and served % every == 0:
                after = quirks.retry_after
                if quirks.retry_after_as_date:
                    after = formatdate(time.time() + int(after), usegmt=True)
                raise RefusedError(status, "server_busy", {"Retry-After": after})

    def _page(
        self, quirks: Quirks, catalogue: Catalogue, collection: str, version: str, path: str,
        query: dict[str, str],
    ) -> Reply:  # fmt: skip
        self._forbid(quirks, collection)
        span = span_of(query)
        if quirks.max_limit and span.limit > quirks.max_limit:
            raise RefusedError(400, "invaliddata")
        if quirks.reject_sort and "sort" in query:
            raise RefusedError(400, "invalid_sort_field")
        span = Span(
            min(span.limit, quirks.cap_limit or span.limit),
            0 if quirks.ignore_offset else span.offset,
        )
        if quirks.page_error and quirks.page_error[:2] == (collection, span.page):
            raise RefusedError(quirks.page_error[2], "internal_server_error")
        names = catalogue.names(collection, version)
        fields = None if unknown_fields(query, names, version) else query.get("fields")
        entities = catalogue.all(collection, version, query)
        rows = [project(row, fields) for row in entities[span.offset : span.offset + span.limit]]
        headers = {}
        if quirks.send_total:
            headers["X-Total-Count"] = str(len(entities) + quirks.wrong_total)
        if quirks.send_link:
            origin = quirks.link_internal_host or self._url
            links = _links(origin + path, query, span, len(entities))
            opened, closed = ("", "") if quirks.link_without_brackets else ("<", ">")
            headers["Link"] = ", ".join(
                f'{opened}{url}{closed}; rel="{name}"' for name, url in links.items()
            )
        reply = _body(quirks, collection, version, rows, headers, _warning(query, names))
        self._delete_after(quirks, collection, span)
        here = (collection, span.page)
        return Reply(
            reply.status,
            reply.body,
            reply.headers,
            cut=quirks.drop_connection_at == here and (quirks.drop_every_time or self._once("cut")),
            stall=quirks.stall_at == here and self._once("stall"),
        )

    def _forbid(self, quirks: Quirks, collection: str) -> None:
        if quirks.forbid_after and quirks.forbid_after[0] == collection:
            with self._lock:
                self._pages += 1
                if self._pages > quirks.forbid_after[1]:
                    raise RefusedError(403, "forbidden")

    def _delete_after(self, quirks: Quirks, collection: str, span: Span) -> None:
        wanted = quirks.delete_while_paging
        if wanted and wanted[:2] == (collection, span.page) and self._once("delete"):
            with self._lock:
                self.district = without_records(self.district, collection, [wanted[2]])

    def _once(self, what: str) -> bool:
        with self._lock:
            first = what not in self._done
            self._done.add(what)
            return first


def _one(
    catalogue: Catalogue, collection: str, version: str, sourced_id: str, query: dict[str, str]
) -> Reply:
    unknown = unknown_fields(query, catalogue.names(collection, version), version)
    entity = catalogue.one(collection, version, sourced_id)
    if entity is None:
        raise RefusedError(404, "unknownobject")
    fields = None if unknown else query.get("fields")
    return json_reply(200, {SINGULAR[collection]: project(entity, fields)})


def _warning(query: dict[str, str], names: frozenset[str]) -> str | None:
    """The warning that 1.1 adds to its data if it does not understand the whole request."""
    if not names.issuperset(filter(None, query.get("fields", "").split(","))):
        return "invalid_selection_field"
    sort = query.get("sort", "")
    return "invalid_sort_field" if sort and sort.partition(".")[0] not in names else None


def _links(url: str, query: dict[str, str], span: Span, total: int) -> dict[str, str]:
    last = max(0, total - 1) // span.limit * span.limit
    offsets = {"first": 0, "last": last}
    if span.offset + span.limit < total:
        offsets["next"] = span.offset + span.limit
    if span.offset:
        offsets["prev"] = max(0, span.offset - span.limit)
    return {
        name: f"{url}?" + urlencode(
            query | {"limit": str(span.limit), "offset": str(offset)}, quote_via=quote
        )
        for name, offset in offsets.items()
    }  # fmt: skip


def _body(
    quirks: Quirks, collection: str, version: str, rows: list[Any], headers: dict[str, str],
    warning: str | None,
) -> Reply:  # fmt: skip
    if quirks.missing_envelope == collection:
        return json_reply(200, {"message": "nothing here"})
    if quirks.error_in_success == collection:
        return json_reply(200, problem(version, "internal_server_error"))
    if quirks.empty_object == collection:
        return json_reply(200, {})
    if quirks.empty_body == collection:
        return Reply(200, b"", {"Content-Type": "application/json"})
    body: dict[str, Any] = {_ALIASES.get(collection, collection): rows}
    if not quirks.wrong_envelope:
        body = {collection: rows}
    if warning and version == "1.1":
        body |= status_info(version, "success", "warning", warning)
    elif quirks.status_beside_data:
        body |= status_info(version, "success", "status", "fullsuccess")
    return json_reply(200, body, headers)
