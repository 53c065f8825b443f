"""How a group's source is reached."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from shared.domain.described import Described, Kept
from shared.domain.group.choices import Authorization, OnboardingType
from shared.domain.group.public_addresses import host_is_public, is_host, url_problem
from shared.domain.request_body import Line, Path, Text, Url, wrong

AUTHORIZATIONS = {
    OnboardingType.ONEROSTER_1_1: (Authorization.OAUTH_1, Authorization.OAUTH_2),
    OnboardingType.ONEROSTER_1_2: (Authorization.OAUTH_2,),
}
"""Which ways of authorization a version of OneRoster has."""
DEFAULT_PATHS = {
    OnboardingType.ONEROSTER_1_1: "/ims/oneroster/v1p1",
    OnboardingType.ONEROSTER_1_2: "/ims/oneroster/rostering/v1p2",
}


_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


def _insecure_allowed(info: ValidationInfo) -> bool:
    return bool((info.context or {}).get("allow_insecure"))


def _reachable(url: str, info: ValidationInfo) -> str:
    if text := url_problem(url, allow_insecure=_insecure_allowed(info)):
        raise wrong(text)
    return url


def _without_query(url: str) -> str:
    if "?" in url:
        raise wrong("Leave the ? part out of the URL.")
    return url


def _public(host: str, info: ValidationInfo) -> str:
    if not is_host(host):
        raise wrong("Give the name or address of a host, nothing else.")
    if not _insecure_allowed(info) and not host_is_public(host):
        raise wrong("The host must be reachable over the internet.")
    return host


def _fingerprint(text: str) -> str:
    if not _FINGERPRINT.fullmatch(text):
        raise wrong("Give the fingerprint as ssh-keygen -l shows it: SHA256:…")
    return text


class ApiFields(Described):
    """How a REST source is reached."""

    url: Annotated[Url, AfterValidator(_reachable), AfterValidator(_without_query)] | None = Field(
        None, description="API: the source's base URL, without the path of its OneRoster service."
    )
    path: Path | None = Field(
        None,
        description="API: the path of the OneRoster service below `url`; by default the "
        "standard's own. SFTP: the folder or file in which bundles lie.",
    )
    authorization: Authorization | None = Field(
        None,
        description="API: how requests are authorized. OneRoster 1.2 has `OAuth2.0` only; with 1.1 "
        "say which one the source wants.",
    )
    consumer_key: Line | None = Field(
        None, description="API: the consumer key, or client id, that the source has given out."
    )
    token_url: Annotated[Url, AfterValidator(_reachable)] | None = Field(
        None,
        description="API with OAuth 2.0: where access tokens are fetched; null for `/token` below "
        "`url`.",
    )
    scope: Text | None = Field(
        None,
        description="API with OAuth 2.0: the scopes to ask for, separated by spaces; null for "
        "those of the standard, an empty text for none.",
    )
    page_size: int | None = Field(
        None,
        ge=1,
        le=10_000,
        strict=True,
        description="API: how many records to ask for at a time; null for 1000.",
    )


class SftpFields(Described):
    """How an SFTP server is reached."""

    host: Annotated[Line, AfterValidator(_public)] | None = Field(
        None, description="SFTP: the server's name or address."
    )
    port: int | None = Field(
        None, ge=1, le=65_535, strict=True, description="SFTP: the server's port; 22 by default."
    )
    username: Line | None = Field(None, description="SFTP: the name to log in with.")
    host_key_fingerprint: Annotated[Line, AfterValidator(_fingerprint)] | None = Field(
        None,
        description="SFTP: the fingerprint of the server's key as `ssh-keygen -l` shows it "
        "(`SHA256:…`). Until it is given nothing is fetched; a connection test shows it.",
    )


class ApiConnection(ApiFields, Kept):
    """Where and how a REST source is asked. The secret key is kept apart, encrypted."""

    kind: Literal["API"] = "API"
    url: str
    path: str
    authorization: Authorization
    consumer_key: str


class SftpConnection(SftpFields, Kept):
    """Where a bundle lies on an SFTP server. Password and private key are kept apart, encrypted.

    path: the folder or file in which bundles lie.
    """

    kind: Literal["SFTP"] = "SFTP"
    host: str
    port: int = 22
    path: str
    username: str


Connection = Annotated[ApiConnection | SftpConnection, Field(discriminator="kind")]
