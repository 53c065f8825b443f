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
from shared.observability import log_failure, make_logger

STATUS: dict[type[RefusedError], HTTPStatus] = {
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
}
"""By error; ``BY_CODE`` goes first."""

BY_CODE = {"version_conflict": HTTPStatus.PRECONDITION_FAILED}

CODES: dict[str, str] = {
    "bad_json": "The body is not JSON, or not an object.",
    "certificate_not_found": "There is no certificate of this group's deletion, or not any more.",
    "client_group_id_taken": "Another group of the enterprise has this client group id.",
    "customer_exists": "There is a customer with this id.",
    "customer_in_group": "The customer is in a group: take it out of the group first.",
    "customer_not_found": "There is no such customer in this enterprise.",
    "customer_taken": "A customer is in another group already.",
    "forbidden": "The gateway refuses the call.",
    "group_not_found": "There is no such group in this enterprise.",
    "hold_changed": "What waits has changed since it was shown.",
    "idempotency_key_reused": "The Idempotency-Key came before with another body.",
    "internal_error": "Something went wrong on our side.",
    "invalid_fields": "Fields are wrong; `errors` names each.",
    "method_not_allowed": "The address does not take this method.",
    "mark_waits": "What the roster's mark asks for waits for a decision: reject that.",
    "name_not_confirmed": "Deleting a group needs its exact name.",
    "name_taken": "Another group of the enterprise has this name.",
    "nothing_to_test": "A zip group has no connection to test.",
    "no_hold": "Nothing of the group waits for a decision.",
    "nothing_to_restore": "The run has left no roster to go back to.",
    "no_report": "The run has no report, or it is no longer kept.",
    "not_a_zip_group": "Bundles are uploaded to groups of sync type ZIP only.",
    "not_an_admin": "The caller is no Enterprise Admin.",
    "no_roster": "The group has no roster yet.",
    "not_found": "There is nothing at this address.",
    "record_not_found": "The group's roster has no such record, or not any more.",
    "refused": "The gateway refuses the call: too many requests, too large a body, and their like.",
    "request_in_progress": "The same request is being answered at this moment.",
    "roster_marked": "The roster is marked for deletion, and takes nothing in.",
    "run_not_found": "The group has no such run.",
    "run_under_way": "A run of the group is under way; `runId` names it.",
    "test_not_found": "There is no such connection test; they are kept for a day.",
    "try_later": "Somebody else changes the same thing, or reads too much; repeat the request.",
    "upload_needed": "A zip group is synced by uploading a bundle.",
    "unauthorized": "There is no valid ID token.",
    "version_conflict": "The group has been changed meanwhile.",
    "wrong_token": "The ID token is wanted, not the access token.",
}
"""What each code means; the documentation lists the same."""


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    **extra: str,
) -> Response[str]:
    """Make an answer that says what is wrong."""
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
    """Give a resolver the answers to all errors."""
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

FIELD_CODES: dict[str, tuple[str, str]] = {
    "missing": ("required", "This is required."),
    "extra_forbidden": ("unknown_field", "There is no such field."),
    "string_type": ("wrong_type", "Give a text."),
    "int_type": ("wrong_type", "Give a whole number."),
    "tuple_type": ("wrong_type", "Give a list."),
    "model_type": ("wrong_type", "Give an object."),
    "enum": ("not_allowed", "Give one of {expected}."),
    "literal_error": ("not_allowed", "Give one of {expected}."),
    "string_too_short": ("too_short", "Give at least {least}."),
    "string_too_long": ("too_long", "Give at most {most}."),
    "too_short": ("too_short", "Give at least {least}."),
    "too_long": ("too_long", "Give at most {most}."),
    "greater_than_equal": ("too_small", "Give at least {ge}."),
    "less_than_equal": ("too_large", "Give at most {le}."),
    "string_pattern_mismatch": ("bad_format", "Use letters, digits, - and _ only."),
    "string_unicode": ("bad_format", "This is not readable text."),
    "value": ("invalid", "{text}"),
}
"""By pydantic's type of error: the code that the API gives it, and what to say."""


def _entry(details: ErrorDetails) -> dict[str, str]:
    """One wrong field, in the API's spelling, without its value (it may be a secret)."""
    code, message = FIELD_CODES.get(details["type"], ("invalid", "This is not allowed here."))
    return {
        "field": ".".join(str(part) for part in details["loc"]),
        "code": code,
        "message": message.format_map(_words(details)),
    }


def _words(details: ErrorDetails) -> dict[str, object]:
    """What the message of a wrong field is made with; lengths as counted nouns."""
    words: dict[str, object] = dict(details.get("ctx", {}))
    nouns = ("character",) if details["type"].startswith("string") else ("entry", "entries")
    for word, length in (("least", "min_length"), ("most", "max_length")):
        if isinstance(number := words.get(length), int):
            words[word] = counted(number, *nouns)
    return words


def _methods(app: APIGatewayRestResolver) -> list[str]:
    """The methods that the address asked for does take (Powertools has no public way to ask)."""
    path = app.current_event.path
    routes = app._static_routes + app._dynamic_routes
    return sorted({route.method for route in routes if route.rule.match(path)})
