"""Reasons why a source could not be read; each says which field of the group to change."""

from shared.domain.counted import plural_of
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Reason


def unknown_host(host: str) -> Reason:
    """The host's name does not resolve."""
    return Reason(
        code="unknown_host",
        field="connection.url",
        message=f"There is no server named {host}. Check the spelling of the URL.",
    )


def unreachable(host: str) -> Reason:
    """Nothing answers at the address."""
    return Reason(
        code="unreachable",
        field="connection.url",
        message=f"The server {host} does not answer. Check the URL and its port, and whether the "
        "server's firewall lets Homeroom in.",
    )


def bad_certificate(host: str) -> Reason:
    """TLS failed."""
    return Reason(
        code="bad_certificate",
        field="connection.url",
        message=f"The certificate of {host} is not valid for this address. Correct the URL, or "
        "have the server's certificate renewed.",
    )


def forbidden_address(host: str) -> Reason:
    """The address is not one we may connect to."""
    return Reason(
        code="forbidden_address",
        field="connection.url",
        message=f"{host} is not a public https address. Give the address at which the source can "
        "be reached over the internet.",
    )


def redirected(field: str) -> Reason:
    """The source redirects, which we do not follow."""
    return Reason(
        code="redirected",
        field=field,
        message="The server redirects to another address. Give the address that it redirects to.",
    )


def credentials_refused() -> Reason:
    """The source does not accept key and secret."""
    return Reason(
        code="credentials_refused",
        field="connection.secretKey",
        message="The source does not accept the consumer key and secret key. Enter both "
        "again, without spaces around them, and check the type of authorization.",
    )


def scope_refused() -> Reason:
    """The token endpoint does not grant the scope."""
    return Reason(
        code="scope_refused",
        field="connection.scope",
        message="The source does not grant the requested scope. Give the scope that the vendor "
        "names, or an empty one.",
    )


def not_permitted(collection: Collection) -> Reason:
    """The source forbids a collection."""
    return Reason(
        code="not_permitted",
        field="connection.scope",
        message=f"The source does not let us read {collection}. Have the key allowed to read "
        "rostering data, or correct the scope.",
    )


def bad_token_url() -> Reason:
    """There is no token endpoint at the token URL."""
    return Reason(
        code="bad_token_url",
        field="connection.tokenUrl",
        message="No token could be fetched at the token URL. Give the token URL that the vendor "
        "names.",
    )


def token_unreachable(host: str) -> Reason:
    """Nothing answers at the token URL."""
    return Reason(
        code="token_unreachable",
        field="connection.tokenUrl",
        message=f"No token could be fetched: the server {host} does not answer. Check the token "
        "URL, or the URL if no token URL is given.",
    )


def path_not_found(collection: Collection) -> Reason:
    """There is no OneRoster service at the path."""
    return Reason(
        code="path_not_found",
        field="connection.path",
        message=f"There are no {plural_of(collection)} at this path. Give the path of the "
        "OneRoster service, such as /ims/oneroster/v1p1.",
    )


def not_oneroster(collection: Collection) -> Reason:
    """The answer is not JSON."""
    return Reason(
        code="not_oneroster",
        field="connection.path",
        message=f"The answer for {plural_of(collection)} is not JSON, so this is not a OneRoster "
        "service. Check URL and path.",
    )


def missing_envelope(collection: Collection) -> Reason:
    """The answer is a 200 without the collection."""
    return Reason(
        code="missing_envelope",
        message=f"The source answered for {collection} without a list of {collection}. Nothing "
        "was changed; ask the vendor, or try again later.",
    )


def error_in_answer(collection: Collection) -> Reason:
    """The answer is a 200 with an error in it."""
    return Reason(
        code="error_in_answer",
        message=f"The source answered with an error for {collection}. Nothing was changed; ask "
        "the vendor, or try again later.",
    )


def too_large() -> Reason:
    """A page is larger than the limit."""
    return Reason(
        code="page_too_large",
        field="connection.pageSize",
        message="A page of the source is larger than 64 MB. Give a smaller page size.",
    )


def unavailable(collection: Collection | None, status: int | None) -> Reason:
    """The source is busy or broken for longer than we wait."""
    what = f" while {collection} were read" if collection else ""
    how = f" (HTTP {status})" if status else ""
    return Reason(
        code="source_unavailable",
        message=f"The source kept failing{what}{how}. Nothing was changed; try again later.",
    )


def unexpected(collection: Collection, status: int) -> Reason:
    """The answer has a status without a known meaning."""
    return Reason(
        code="unexpected_answer",
        message=f"The source answered HTTP {status} for {collection}. Nothing was changed; ask "
        "the vendor.",
    )
