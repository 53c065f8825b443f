"""The secrets of a group, by name."""

from enum import StrEnum


class SecretName(StrEnum):
    """The secrets that a group can have."""

    SECRET_KEY = "secretKey"
    PASSWORD = "password"
    PRIVATE_KEY = "privateKey"
    PASSPHRASE = "passphrase"
    WEBHOOK = "webhookSecret"


CONNECTION_SECRETS = (
    SecretName.SECRET_KEY, SecretName.PASSWORD, SecretName.PRIVATE_KEY, SecretName.PASSPHRASE,
)  # fmt: skip
"""Those by which a source is asked."""
