"""Reads pages of OneRoster collections over REST, 1.1 and 1.2."""

import json
import socket
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import requests
from urllib3.exceptions import NameResolutionError

from shared.adapters.egress.guarded_http import (
    CONNECT_SECONDS,
    READ_SECONDS,
    AnswerTooLargeError,
    open_session,
    read_bounded,
)
from shared.adapters.egress.guarded_socket import ForbiddenAddressError
from shared.adapters.oneroster_rest import source_reasons
from shared.adapters.oneroster_rest.authorization import (
    SIGNATURE_METHOD,
    TOKEN_AUTH,
    Authorization,
    Signatures,
    Tokens,
    host_of,
)
from shared.domain.errors import GiveUpError, ParameterRefusedError, SourceBusyError
from shared.domain.group.choices import Authorization as AuthorizationType
from shared.domain.group.connection import ApiConnection
from shared.domain.group.group import GroupConfig
from shared.domain.roster.collection import Collection
from shared.ports.sources import Page

# Some servers name the list after the path or the role, not after the entity (as Moodle found).
_ALIASES: dict[Collection, tuple[str, ...]] = {
    Collection.ORGS: ("orgs", "schools"),
    Collection.ACADEMIC_SESSIONS: ("academicSessions", "terms", "gradingPeriods"),
    Collection.USERS: ("users", "students", "teachers"),
}
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_WRONG = {400, 416, 422}


class OneRosterRestSource:
    """``Source`` over HTTP. It never shows the secret that it holds."""

    def __init__(
        self, connection: ApiConnection, authorization: Authorization, allow_insecure: bool
    ) -> None:
        self._base = connection.url.rstrip("/") + "/" + connection.path.strip("/")
        self._host = host_of(connection.url)
        self._authorization = authorization
        self._session = open_session(requests.Session(), allow_insecure)

    def page(self, collection: Collection, *, offset: int, limit: int, in_order: bool) -> Page:
        """Read one page; see ``ports.Source.page``."""
        parameters: dict[str, str] = {"limit": str(limit), "offset": str(offset)}
        if in_order:
            parameters |= {"sort": "sourcedId", "orderBy": "asc"}
        response, body = self._get(str(collection), collection, parameters)
        total = _total(response)
        return Page(_entities(collection, body, total), total)

    def record(self, collection: Collection, sourced_id: str) -> dict[str, Any] | None:
        """Ask for one record; see ``ports.Source.record``.

        An unknown id gets 404 (OneRoster 1.1, section 3.3).
        """
        try:
            _, body = self._get(f"{collection}/{quote(sourced_id, safe='')}", collection, {})
        except ParameterRefusedError as error:
            if error.status == 404:
                return None
            raise GiveUpError(error.reason) from error
        return _record(collection, body)

    def learned(self) -> dict[str, str]:
        """Tell what was found out about the source."""
        return self._authorization.learned()

    def _get(
        self, path: str, collection: Collection, parameters: dict[str, str]
    ) -> tuple[requests.Response, bytes]:
        while True:
            try:
                used = self._authorization.apply(self._session)
                with self._session.get(
                    f"{self._base}/{path}",
                    params=parameters,
                    auth=used,
                    headers={"Accept": "application/json"},
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    body = read_bounded(response)
            except ForbiddenAddressError as error:
                raise GiveUpError(source_reasons.forbidden_address(self._host)) from error
            except AnswerTooLargeError as error:
                raise GiveUpError(source_reasons.too_large()) from error
            except requests.exceptions.SSLError as error:
                raise GiveUpError(source_reasons.bad_certificate(self._host)) from error
            except requests.RequestException as error:
                raise SourceBusyError(self._silence(error)) from error
            if response.status_code == 401 and self._authorization.refused(used):
                continue
            self._judge(collection, response)
            self._authorization.accepted()
            return response, body

    def _silence(self, error: requests.RequestException) -> Any:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, NameResolutionError | socket.gaierror):
                return source_reasons.unknown_host(self._host)
            reason = getattr(cause.args[0], "reason", None) if cause.args else None
            cause = reason if isinstance(reason, BaseException) else cause.__cause__
        return source_reasons.unreachable(self._host)

    def _judge(self, collection: Collection, response: requests.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        if status in _BUSY:
            raise SourceBusyError(
                source_reasons.unavailable(collection, status), _retry_after(response)
            )
        if status in _WRONG:
            raise ParameterRefusedError(source_reasons.unexpected(collection, status), status)
        if 300 <= status < 400:
            raise GiveUpError(source_reasons.redirected("connection.url"))
        if status == 401:
            raise GiveUpError(source_reasons.credentials_refused())
        if status == 403:
            raise GiveUpError(source_reasons.not_permitted(collection))
        if status == 404:
            raise ParameterRefusedError(source_reasons.path_not_found(collection), status)
        raise GiveUpError(source_reasons.unexpected(collection, status))


def open_source(config: GroupConfig, secret: str, allow_insecure: bool) -> OneRosterRestSource:
    """Open a group's REST source, without a request yet."""
    connection = config.connection
    assert isinstance(connection, ApiConnection)
    authorization: Authorization
    if connection.authorization is AuthorizationType.OAUTH_1:
        known = config.learned.get(SIGNATURE_METHOD)
        authorization = Signatures(connection.consumer_key, secret, known)
    else:
        known = config.learned.get(TOKEN_AUTH)
        authorization = Tokens(connection, config.onboarding_type, secret, known, allow_insecure)
    return OneRosterRestSource(connection, authorization, allow_insecure)


def _total(response: requests.Response) -> int | None:
    text = response.headers.get("X-Total-Count", "").strip()
    return int(text) if text.isdecimal() else None


def _retry_after(response: requests.Response) -> float:
    """Read ``Retry-After``: seconds, or a date counted from the server's own clock (RFC 9110)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        here = parsedate_to_datetime(response.headers.get("Date", ""))
    except (TypeError, ValueError):
        return 0
    at, here = (moment.replace(tzinfo=moment.tzinfo or UTC) for moment in (at, here))
    return max(0.0, (at - here).total_seconds())


def _entities(collection: Collection, body: bytes, total: int | None) -> list[dict[str, Any]]:
    answer = _json_object(collection, body)
    for name in _lists(collection):
        if name in answer:
            entities = answer[name]
            if entities is None and total == 0:
                return []
            if not isinstance(entities, list):
                raise GiveUpError(source_reasons.missing_envelope(collection))
            # A row that is not an object names no record: keep it, so that it is rejected as one.
            return [entity if isinstance(entity, dict) else {} for entity in entities]
    if _is_error(answer):
        raise GiveUpError(source_reasons.error_in_answer(collection))
    if total == 0:
        return []
    # Taken for an empty list, this would look as if everybody had left.
    raise GiveUpError(source_reasons.missing_envelope(collection))


def _record(collection: Collection, body: bytes) -> dict[str, Any] | None:
    """The record in an answer about one, under whatever name; None if an object holds none."""
    answer = _json_object(collection, body)
    if _is_error(answer):
        raise GiveUpError(source_reasons.error_in_answer(collection))
    if any(isinstance(value, list) for name, value in answer.items() if name in _lists(collection)):
        # A source that takes the sourcedId for nothing, and lists what it has.
        raise GiveUpError(source_reasons.missing_envelope(collection))
    places = [answer, *(value for value in answer.values() if isinstance(value, dict))]
    return next((place for place in places if "sourcedId" in place), None)


def _lists(collection: Collection) -> tuple[str, ...]:
    return _ALIASES.get(collection, (collection.value,))


def _json_object(collection: Collection, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise GiveUpError(source_reasons.not_oneroster(collection)) from error
    if not isinstance(answer, dict):
        raise GiveUpError(source_reasons.missing_envelope(collection))
    return answer


def _is_error(answer: dict[str, Any]) -> bool:
    """Whether an answer says failure, at its top level or in a shape that 1.1 servers use."""
    places = [answer, answer.get("imsx_StatusInfo"), answer.get("imsx_statusInfo")]
    for name in ("statusInfoSet", "errors"):
        found = answer.get(name)
        if isinstance(found, list):
            places.extend(found[:1])
    majors = [
        place.get("imsx_codeMajor", place.get("codeMajor"))
        for place in places
        if isinstance(place, dict)
    ]
    return any(str(major).casefold() == "failure" for major in majors if major)
