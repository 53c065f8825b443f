"""Errors as ``application/problem+json`` (RFC 9457), with one entry for each field."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic_core import ErrorDetails

from shared.domain.counted import counted
from shared.domain.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    TryLaterError,
)
from shared.domain.read_fields import InvalidFieldsError
from shared.http.contract.answers import Problem
from shared.http.contract.problem_codes import CODES, FIELD_CODES
from shared.observability import log_failure, make_logger

STATUS: dict[type[RefusedError], HTTPStatus] = {
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
}
"""The status of each error, unless ``BY_CODE`` has its code."""

BY_CODE = {"version_conflict": HTTPStatus.PRECONDITION_FAILED}


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    **extra: str,
) -> Response[str]:
    """Make an error answer."""
    shown = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
        **extra,
        **({"errors": errors} if errors else {}),
    }
    return Response(
        status_code=status.value,
        content_type="application/problem+json",
        body=Problem.model_validate(shown).json_text(),
    )


def install(app: APIGatewayRestResolver) -> None:
    """Make a resolver answer every error with a problem."""
    logger = make_logger()

    @app.exception_handler(InvalidFieldsError)
    def _invalid(error: InvalidFieldsError) -> Response[str]:
        errors = [_entry(details) for details in error.found.errors(include_url=False)]
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return problem(status, "invalid_fields", "Some fields are wrong.", errors)

    @app.exception_handler(RefusedError)
    def _refused(error: RefusedError) -> Response[str]:
        status = BY_CODE.get(error.code) or STATUS[type(error)]
        entry = {"field": error.field or "", "code": error.code, "message": error.detail}
        errors = [entry] if error.field else None
        return problem(status, error.code, error.detail, errors, **error.extra)

    @app.exception_handler(TryLaterError)
    def _later(error: TryLaterError) -> Response[str]:
        return problem(HTTPStatus.CONFLICT, "try_later", CODES["try_later"])

    @app.not_found
    def _nowhere(error: Exception) -> Response[str]:
        if methods := _methods(app):
            code = "method_not_allowed"
            refused = problem(HTTPStatus.METHOD_NOT_ALLOWED, code, CODES[code])
            refused.headers["Allow"] = ", ".join(methods)
            return refused
        return problem(HTTPStatus.NOT_FOUND, "not_found", CODES["not_found"])

    @app.exception_handler(Exception)
    def _unexpected(error: Exception) -> Response[str]:
        log_failure(logger, "request failed", error)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return problem(status, "internal_error", "Something went wrong on our side. Try again.")


class BadJsonError(RefusedError):
    """The body is not a JSON object."""

    def __init__(self) -> None:
        super().__init__("bad_json", "Send a JSON object.")


STATUS[BadJsonError] = HTTPStatus.BAD_REQUEST


def _entry(details: ErrorDetails) -> dict[str, str]:
    """One wrong field, in the API's spelling, without its value (it may be a secret)."""
    code, message = FIELD_CODES.get(details["type"], ("invalid", "This is not allowed here."))
    return {
        "field": ".".join(str(part) for part in details["loc"]),
        "code": code,
        "message": message.format_map(_words(details)),
    }


def _words(details: ErrorDetails) -> dict[str, object]:
    """The values for a wrong field's message; lengths as counted nouns."""
    words: dict[str, object] = dict(details.get("ctx", {}))
    nouns = ("character",) if details["type"].startswith("string") else ("entry", "entries")
    for word, length in (("least", "min_length"), ("most", "max_length")):
        if isinstance(number := words.get(length), int):
            words[word] = counted(number, *nouns)
    return words


def _methods(app: APIGatewayRestResolver) -> list[str]:
    """The methods that the requested address supports (Powertools has no public way to ask)."""
    path = app.current_event.path
    routes = app._static_routes + app._dynamic_routes
    return sorted({route.method for route in routes if route.rule.match(path)})
