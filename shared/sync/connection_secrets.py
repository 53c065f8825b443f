"""Decrypts the secrets of a group's connection."""

from shared.domain.group.group import GroupConfig
from shared.domain.group.secrets import SecretName
from shared.domain.ids import GroupId
from shared.ports.groups import Secrets


def decrypt_secrets(
    group_id: GroupId, config: GroupConfig, secrets: Secrets
) -> dict[SecretName, str]:
    """Decrypt all secrets of a group's connection."""
    return {
        name: secrets.decrypt(group_id, name, ciphertext)
        for name, ciphertext in config.secrets.items()
    }
