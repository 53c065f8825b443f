"""What a request says about how a group's source is reached, and the rules between its fields."""

import re

from pydantic import Field, SecretStr
from pydantic.alias_generators import to_camel

from shared.domain.group.choices import Authorization, OnboardingType, SyncType
from shared.domain.group.connection import (
    AUTHORIZATIONS,
    DEFAULT_PATHS,
    ApiConnection,
    ApiFields,
    Connection,
    SftpConnection,
    SftpFields,
)
from shared.domain.group.secrets import CONNECTION_SECRETS, SecretName
from shared.domain.request_body import Input, Secret

Problem = tuple[str, str]
"""The place of a wrong field, with dots, and what is wrong with it."""


class ConnectionInput(SftpFields, ApiFields, Input):
    """How the source is reached; which fields there are depends on the sync type.

    API: `url`, `consumerKey`, `secretKey`, with OneRoster 1.1 also `authorization`; optionally
    `path`, `tokenUrl`, `scope` and `pageSize`. SFTP: `host`, `path`, `username` and a `password` or
    a `privateKey` (with its `passphrase`); optionally `port` and `hostKeyFingerprint`.
    """

    secret_key: Secret | None = Field(
        None,
        description="API: the secret that belongs to `consumerKey`. Like all secrets it is stored "
        "encrypted and never shown.",
    )
    password: Secret | None = Field(None, description="SFTP: the password to log in with.")
    private_key: Secret | None = Field(
        None, description="SFTP: the private key to log in with, in place of a password."
    )
    passphrase: Secret | None = Field(
        None, description="SFTP: the passphrase of `privateKey`, if it has one."
    )


_ATTRIBUTES = {
    SecretName.SECRET_KEY: "secret_key",
    SecretName.PASSWORD: "password",
    SecretName.PRIVATE_KEY: "private_key",
    SecretName.PASSPHRASE: "passphrase",
}
_API = {*ApiFields.model_fields, "secret_key"}
_SFTP = {*SftpFields.model_fields, "path", "password", "private_key", "passphrase"}


def connection_problems(
    sync_type: SyncType,
    version: OnboardingType,
    connection: ConnectionInput | None,
    kept: frozenset[SecretName],
) -> list[Problem]:
    """Say which fields of a connection do not go together; ``kept`` names the stored secrets."""
    if sync_type is SyncType.ZIP:
        return [("connection", "A zip group has no connection.")] if connection else []
    if connection is None:
        return [("connection", "Say how the source is reached.")]
    api = sync_type is SyncType.API
    allowed = _API if api else _SFTP
    problems = [
        (f"connection.{to_camel(name)}", f"This is not for sync type {sync_type}.")
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
    if api and (text := _authorization_problem(version, connection.authorization)):
        problems.append(("connection.authorization", text))
    return problems + _secret_problems(api, connection, kept)


def _authorization_problem(version: OnboardingType, given: Authorization | None) -> str | None:
    """Say what is wrong with the choice of authorization; None if it is clear."""
    ways = AUTHORIZATIONS[version]
    name = version.value.replace("OneRoster", "OneRoster ")
    if given is None and len(ways) > 1:
        return f"{name} knows {' and '.join(ways)}: say which of them the source wants."
    if given is not None and given not in ways:
        return f"{name} needs {' or '.join(ways)}."
    return None


def _secret_problems(
    api: bool, connection: ConnectionInput, kept: frozenset[SecretName]
) -> list[tuple[str, str]]:
    given = {name for name in CONNECTION_SECRETS if _secret(connection, name)} | kept
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
    secret: SecretStr | None = getattr(connection, _ATTRIBUTES[name])
    return secret


def given_secrets(connection: ConnectionInput | None) -> dict[SecretName, str]:
    """Return the secrets that a request gives for its connection, in plain text."""
    if connection is None:
        return {}
    found = {name: _secret(connection, name) for name in CONNECTION_SECRETS}
    return {name: secret.get_secret_value() for name, secret in found.items() if secret}


def make_connection(
    sync_type: SyncType, version: OnboardingType, given: ConnectionInput | None
) -> Connection | None:
    """Make the connection that a request describes: without its secrets, with sound defaults.

    ``given`` has no ``connection_problems``.
    """
    if given is None:
        return None
    values = given.model_dump(exclude_none=True)
    if sync_type is SyncType.SFTP:
        return SftpConnection.model_validate(values)
    path = given.path or DEFAULT_PATHS[version]
    authorization = given.authorization or AUTHORIZATIONS[version][0]
    return ApiConnection.model_validate(values | {"path": path, "authorization": authorization})
