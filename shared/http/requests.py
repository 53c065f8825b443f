"""Reads a request: its caller, body, page, version and headers."""

import base64
import json
import re
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from shared.domain.read_fields import wrong_cursor, wrong_field
from shared.http.identity import Caller, caller_of
from shared.http.problems import BadJsonError

DEFAULT_PAGE, MAX_PAGE = 50, 200
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def caller(app: APIGatewayRestResolver) -> Caller:
    """Read who calls.

    :raises ForbiddenError: the caller is not allowed to.
    """
    return caller_of(app.current_event.raw_event)


def json_body(app: APIGatewayRestResolver) -> dict[str, Any]:
    """Read the body of a request; a missing body is an empty object.

    :raises BadJsonError: it is not a JSON object.
    """
    try:
        text = app.current_event.decoded_body
        body = json.loads(text, parse_constant=_no_constant) if text else {}
    except (ValueError, RecursionError) as error:
        raise BadJsonError from error
    if not isinstance(body, dict):
        raise BadJsonError
    return body


def header(app: APIGatewayRestResolver, name: str) -> str:
    """Read a header, whatever the case of its name; "" if it is missing."""
    headers = {key.casefold(): value for key, value in (app.current_event.headers or {}).items()}
    return (headers.get(name.casefold()) or "").strip()


def version_of(app: APIGatewayRestResolver, body: dict[str, Any]) -> int | None:
    """Take the version that a change is meant for from its body, or from ``If-Match``.

    :raises InvalidFieldsError: it is not a version.
    """
    if "version" in body:
        version = body.pop("version")
        if type(version) is not int:
            raise wrong_field("Give the version that was read, a number.", "version")
        return version
    tag = header(app, "If-Match").removeprefix("W/").strip('"')
    if tag in ("", "*"):
        return None
    if not tag.isdecimal():
        raise wrong_field("Give the version that was read.", "If-Match")
    return int(tag)


def page_of(app: APIGatewayRestResolver, place: re.Pattern[str] = _ID) -> tuple[int, str | None]:
    """Read ``limit`` and ``cursor`` of a list request.

    A cursor is the id after which the page begins, or another ``place`` in the list. It names no
    tenant: the key to continue from is made from the path.

    :raises InvalidFieldsError: either cannot be read.
    """
    parameters = app.current_event.query_string_parameters or {}
    text = parameters.get("limit") or str(DEFAULT_PAGE)
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MAX_PAGE:
        raise wrong_field(f"Give a number from 1 to {MAX_PAGE}.", "limit")
    cursor = parameters.get("cursor")
    if not cursor:
        return int(text), None
    try:
        after = base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        after = ""
    if not place.fullmatch(after):
        raise wrong_cursor()
    return int(text), after


def _no_constant(name: str) -> None:
    raise ValueError(name)
