"""What comes in to create or change a group: every field, and the rules between them.

A change is merged into what is kept and judged as a whole by the same model, so that no order of
changes leads to a group that could not have been created.
"""

import re
from datetime import date
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import (
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, ValidationError

from shared.domain.group.calendar_request import PauseInput, Ranges, calendar_of
from shared.domain.group.choices import (
    Authorization,
    AutoMode,
    MatchWith,
    OnboardingType,
    Period,
    RoleScope,
    StatusScope,
    StoredField,
    SyncFrequency,
    SyncType,
    Tolerance,
)
from shared.domain.group.connection import (
    AUTHORIZATIONS,
    DEFAULT_PATHS,
    ApiConnection,
    Connection,
    SftpConnection,
)
from shared.domain.group.group import GroupConfig
from shared.domain.group.guard import GuardSettings
from shared.domain.group.public_addresses import host_is_one, host_is_public, url_problem
from shared.domain.group.scope import Scope
from shared.domain.group.secrets import CONNECTION_SECRETS, SecretName
from shared.domain.ids import CustomerId, SourcedId
from shared.domain.request_body import Id, Input, Line, Path, Secret, Suffix, Text, Url, Word, wrong

MAX_CUSTOMERS = 40
"""A group's customers change in one transaction, which takes 100 actions (AWS)."""
SHORTEST_SECRET = 16
"""Characters of a webhook's secret: shorter ones can be guessed."""
MAX_SCOPE_BYTES = 100_000
"""A group is one item, and a run holds a copy of it: an item takes 400 KB (AWS)."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


class ScopeInput(Input):
    """Which part of the source the group takes in; without ``schools`` or ``classes`` it is all."""

    schools: tuple[Id, ...] | None = Field(None, min_length=1, max_length=500)
    classes: tuple[Id, ...] | None = Field(None, min_length=1, max_length=500)
    statuses: tuple[StatusScope, ...] = Field(Scope().statuses, min_length=1)
    roles: tuple[RoleScope, ...] = Field(Scope().roles, min_length=1)

    @model_validator(mode="after")
    def _fits_into_an_item(self) -> Self:
        ids = (*(self.schools or ()), *(self.classes or ()))
        if sum(len(text.encode()) for text in ids) > MAX_SCOPE_BYTES:
            raise wrong("These are too many sourcedIds; take whole schools instead.")
        return self


class ConnectionInput(Input):
    """How the source is reached; which fields there are depends on the sync type.

    API: ``url``, ``consumer_key``, ``secret_key`` and, with OneRoster 1.1, ``authorization`` (1.2
    has ``OAuth2.0`` alone); if need be ``path``, ``token_url``, ``scope`` and ``page_size``. SFTP:
    ``host``, ``path``, ``username`` and a ``password`` or a ``private_key`` (with its
    ``passphrase``), and if need be ``port`` and ``host_key_fingerprint``.
    """

    url: Url | None = None
    path: Path | None = None
    authorization: Authorization | None = None
    consumer_key: Line | None = None
    secret_key: Secret | None = None
    token_url: Url | None = None
    scope: Text | None = None
    page_size: int | None = Field(None, ge=1, le=10_000, strict=True)
    host: Line | None = None
    port: int | None = Field(None, ge=1, le=65_535, strict=True)
    username: Line | None = None
    password: Secret | None = None
    private_key: Secret | None = None
    passphrase: Secret | None = None
    host_key_fingerprint: Line | None = None

    @field_validator("url", "token_url")
    @classmethod
    def _reachable(cls, url: str | None, info: ValidationInfo) -> str | None:
        allow_insecure = bool((info.context or {}).get("allow_insecure"))
        if url is not None and (text := url_problem(url, allow_insecure=allow_insecure)):
            raise wrong(text)
        return url

    @field_validator("url")
    @classmethod
    def _can_be_continued(cls, url: str | None) -> str | None:
        if url is not None and "?" in url:
            raise wrong("Leave the ? part out of the URL.")
        return url

    @field_validator("host")
    @classmethod
    def _public(cls, host: str | None, info: ValidationInfo) -> str | None:
        allow_insecure = bool((info.context or {}).get("allow_insecure"))
        if host is not None and not host_is_one(host):
            raise wrong("Give the name or address of a host, nothing else.")
        if host is not None and not allow_insecure and not host_is_public(host):
            raise wrong("The host must be reachable over the internet.")
        return host

    @field_validator("host_key_fingerprint")
    @classmethod
    def _fingerprint(cls, text: str | None) -> str | None:
        if text is not None and not _FINGERPRINT.fullmatch(text):
            raise wrong("Give the fingerprint as ssh-keygen -l shows it: SHA256:…")
        return text


_API = {
    "url", "path", "authorization", "consumer_key", "secret_key", "token_url", "scope", "page_size",
}  # fmt: skip
_SFTP = {
    "host", "port", "path", "username", "password", "private_key", "passphrase",
    "host_key_fingerprint",
}  # fmt: skip


Percent = Annotated[int, Field(ge=0, le=100, strict=True)]
Many = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]


class GuardInput(Input):
    """Above which numbers deletions and changes wait for a person.

    Users and classes: above ``deleted_percent`` of the group's (and at least ``deleted_minimum``),
    or above ``deleted_most``, or above ``school_percent`` of one school's. Enrollments: above
    ``enrollment_percent`` (and at least ``enrollment_minimum``), or above ``class_percent`` of a
    class of ``class_size`` or more. Users that become somebody else: above ``changed_percent`` of a
    school's or the group's (and at least ``changed_minimum``). Records numbered anew: above
    ``rekeyed_percent`` gone and as many new (and at least ``rekeyed_minimum``).
    """

    deleted_percent: Percent = GuardSettings().deleted_percent
    deleted_minimum: Many = GuardSettings().deleted_minimum
    deleted_most: Many = GuardSettings().deleted_most
    school_percent: Percent = GuardSettings().school_percent
    enrollment_percent: Percent = GuardSettings().enrollment_percent
    enrollment_minimum: Many = GuardSettings().enrollment_minimum
    class_percent: Percent = GuardSettings().class_percent
    class_size: Many = GuardSettings().class_size
    changed_percent: Percent = GuardSettings().changed_percent
    changed_minimum: Many = GuardSettings().changed_minimum
    rekeyed_percent: Percent = GuardSettings().rekeyed_percent
    rekeyed_minimum: Many = GuardSettings().rekeyed_minimum


class WebhookInput(Input):
    """Where the group's events are sent to; ``secret``, of 16 characters or more, signs them.

    It may be left out of a change that leaves ``url`` as it is.
    """

    url: Url
    secret: Secret | None = None

    @field_validator("url")
    @classmethod
    def _reachable(cls, url: str, info: ValidationInfo) -> str:
        allow_insecure = bool((info.context or {}).get("allow_insecure"))
        if text := url_problem(url, allow_insecure=allow_insecure):
            raise wrong(text)
        return url

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET:
            raise wrong(f"Give at least {SHORTEST_SECRET} characters.")
        return secret


class GroupInput(Input):
    """A whole group as it is asked for.

    Auto needs a ``period``; a ZIP group has no ``connection``, any other needs one. ``time_zone``
    is a name of the IANA database, ``customers`` are ids of customers that are in no other group.
    Above ``max_rejected_percent`` of rejected rows a run stops; a deleted record is kept for
    ``grace_days``. On ``blackouts`` and in a ``pause`` no Auto run starts; on ``additions_only``
    days none deletes.
    """

    name: Line
    description: Text = ""
    email: Line
    client_group_id: Word
    onboarding_type: OnboardingType
    sync_type: SyncType = SyncType.API
    sync_frequency: SyncFrequency = SyncFrequency.MANUAL
    period: Period | None = None
    auto_mode: AutoMode = AutoMode.UPDATE
    time_zone: Line = "UTC"
    sync_hour: int = Field(2, ge=0, le=23, strict=True)
    client_partner_id: Id
    connection: ConnectionInput | None = None
    customers: tuple[Word, ...] = Field((), max_length=MAX_CUSTOMERS)
    match_with: MatchWith = MatchWith.SOURCED_ID
    suffix: Suffix = ""
    scope: ScopeInput = ScopeInput()
    stored_fields: tuple[StoredField, ...] = ()
    tolerance: Tolerance = Tolerance.LENIENT
    max_rejected_percent: int = Field(20, ge=0, le=100, strict=True)
    guard: GuardInput = GuardInput()
    grace_days: int = Field(120, ge=15, le=365, strict=True)
    pause: PauseInput | None = None
    blackouts: Ranges = ()
    additions_only: Ranges = ()
    webhook: WebhookInput | None = None

    @field_validator("email")
    @classmethod
    def _is_email(cls, text: str) -> str:
        if not _EMAIL.fullmatch(text):
            raise wrong("This is not an e-mail address.")
        return text

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, text: str) -> str:
        if text not in available_timezones():
            raise wrong("Give a time zone of the IANA database, such as Europe/Berlin.")
        return text

    @field_validator("customers")
    @classmethod
    def _each_once(cls, customers: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(customers)) != len(customers):
            raise wrong("Name each customer once.")
        return customers

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        kept: frozenset[SecretName] = (info.context or {}).get("kept_secrets", frozenset())
        problems = dict(_frequency_problems(self)) | dict(_connection_problems(self, kept))
        if self.webhook and self.webhook.secret is None and SecretName.WEBHOOK not in kept:
            problems["webhook.secret"] = "Give a secret, by which the receiver knows us."
        if problems:
            raise ValidationError.from_exception_data(
                "group",
                [
                    InitErrorDetails(type=wrong(text), loc=tuple(place.split(".")), input=None)
                    for place, text in problems.items()
                ],
                hide_input=True,
            )
        return self


def _frequency_problems(group: GroupInput) -> list[tuple[str, str]]:
    auto = group.sync_frequency is SyncFrequency.AUTO
    problems = []
    if auto and group.sync_type is SyncType.ZIP:
        problems.append(("syncFrequency", "A zip group is synced by uploading: choose Manual."))
    if auto and group.period is None:
        problems.append(("period", "Auto needs a period."))
    if not auto and group.period is not None:
        problems.append(("period", "Only Auto has a period."))
    return problems


def _connection_problems(group: GroupInput, kept: frozenset[SecretName]) -> list[tuple[str, str]]:
    connection = group.connection
    if group.sync_type is SyncType.ZIP:
        return [("connection", "A zip group has no connection.")] if connection else []
    if connection is None:
        return [("connection", "Say how the source is reached.")]
    api = group.sync_type is SyncType.API
    allowed = _API if api else _SFTP
    problems = [
        (f"connection.{to_camel(name)}", f"This is not for sync type {group.sync_type}.")
        for name in sorted(connection.model_fields_set - allowed)
        if getattr(connection, name) is not None
    ]
    required = ("url", "consumer_key") if api else ("host", "path", "username")
    problems += [
        (f"connection.{to_camel(name)}", "This is required.")
        for name in required
        if not getattr(connection, name)
    ]
    if api and re.search(r"[?#\s]", connection.path or ""):
        problems.append(("connection.path", "Give a path without spaces, ? and #."))
    if api and (text := _authorization_problem(group.onboarding_type, connection.authorization)):
        problems.append(("connection.authorization", text))
    return problems + _secret_problems(api, connection, kept)


def _authorization_problem(version: OnboardingType, given: Authorization | None) -> str | None:
    """What is wrong with how the source is to know us; None if it can be told."""
    ways = AUTHORIZATIONS[version]
    name = version.value.replace("OneRoster", "OneRoster ")
    if given is None and len(ways) > 1:
        return f"{name} knows {' and '.join(ways)}: say which of them the source wants."
    if given is not None and given not in ways:
        return f"{name} needs {' or '.join(ways)}."
    return None


def authorization_of(version: OnboardingType, given: Authorization | None) -> Authorization | None:
    """How the source is to know us: as was said, or the only way that the version has."""
    ways = AUTHORIZATIONS[version]
    return given or (ways[0] if len(ways) == 1 else None)


def _secret_problems(
    api: bool, connection: ConnectionInput, kept: frozenset[SecretName]
) -> list[tuple[str, str]]:
    given = {name for name in CONNECTION_SECRETS if _secret(connection, name) is not None} | kept
    if api:
        if SecretName.SECRET_KEY in given:
            return []
        return [("connection.secretKey", "Give the secret key.")]
    ways = given & {SecretName.PASSWORD, SecretName.PRIVATE_KEY}
    if len(ways) == 1:
        if SecretName.PASSPHRASE in given and SecretName.PRIVATE_KEY not in given:
            return [("connection.passphrase", "Only a private key has a passphrase.")]
        return []
    text = (
        "Give a password or a private key, not both."
        if ways
        else "Give a password, or a private key."
    )
    return [("connection.password", text)]


def _secret(connection: ConnectionInput, name: SecretName) -> SecretStr | None:
    attribute = re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), name.value)
    secret: SecretStr | None = getattr(connection, attribute)
    return secret


def secrets_of(group: GroupInput) -> dict[SecretName, str]:
    """The secrets that a request gives."""
    if group.connection is None:
        return {}
    found = {name: _secret(group.connection, name) for name in CONNECTION_SECRETS}
    return {name: secret.get_secret_value() for name, secret in found.items() if secret}


def connection_of(group: GroupInput) -> Connection | None:
    """The connection that a request describes, without its secrets and with sound defaults."""
    given = group.connection
    if given is None:
        return None
    if group.sync_type is SyncType.API:
        assert given.url is not None
        authorization = authorization_of(group.onboarding_type, given.authorization)
        assert authorization is not None
        assert given.consumer_key is not None
        return ApiConnection(
            url=given.url,
            path=given.path or DEFAULT_PATHS[group.onboarding_type],
            authorization=authorization,
            consumer_key=given.consumer_key,
            token_url=given.token_url,
            scope=given.scope,
            page_size=given.page_size,
        )
    assert given.host is not None
    assert given.path is not None
    assert given.username is not None
    return SftpConnection(
        host=given.host,
        port=given.port or 22,
        path=given.path,
        username=given.username,
        host_key_fingerprint=given.host_key_fingerprint,
    )


def config_of(group: GroupInput, version: int, paused_since: date) -> GroupConfig:
    """What runs need of a group; secrets and customers are filled in by the use case."""
    return GroupConfig(
        name=group.name,
        onboarding_type=group.onboarding_type,
        sync_type=group.sync_type,
        client_partner_id=SourcedId(group.client_partner_id),
        connection=connection_of(group),
        match_with=group.match_with,
        suffix=group.suffix,
        scope=Scope.model_validate(group.scope.model_dump()),
        stored_fields=group.stored_fields,
        tolerance=group.tolerance,
        max_rejected_percent=group.max_rejected_percent,
        guard=GuardSettings.model_validate(group.guard.model_dump()),
        grace_days=group.grace_days,
        calendar=calendar_of(group.pause, group.blackouts, group.additions_only, paused_since),
        version=version,
    )


def customer_ids(group: GroupInput) -> tuple[CustomerId, ...]:
    """The customers that a request picks."""
    return tuple(CustomerId(customer) for customer in group.customers)
