"""Encrypts the secrets of groups with a KMS key, each for its group and its field alone."""

import base64
from typing import TYPE_CHECKING

from shared.domain.group.secrets import SecretName
from shared.domain.ids import GroupId

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsSecrets:
    """``Secrets`` over one KMS key.

    The encryption context is the group and the secret's name: nobody can decrypt a ciphertext that
    was copied to another group, or to another field. To decrypt needs no key id, because a
    ciphertext names its key.
    """

    def __init__(self, client: "KMSClient", key_id: str = "") -> None:
        self._client = client
        self._key_id = key_id

    def encrypt(self, group_id: GroupId, name: SecretName, secret: str) -> str:
        """Encrypt a secret of at most 4,096 bytes (KMS's limit); return it as base64."""
        answer = self._client.encrypt(
            KeyId=self._key_id,
            Plaintext=secret.encode(),
            EncryptionContext=_context(group_id, name),
        )
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def decrypt(self, group_id: GroupId, name: SecretName, ciphertext: str) -> str:
        """Decrypt what ``encrypt`` returned for the same group and name."""
        answer = self._client.decrypt(
            CiphertextBlob=base64.b64decode(ciphertext),
            EncryptionContext=_context(group_id, name),
        )
        return answer["Plaintext"].decode()


def _context(group_id: GroupId, name: SecretName) -> dict[str, str]:
    return {"groupId": group_id, "secret": name.value}
