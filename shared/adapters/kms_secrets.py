"""The secrets of groups, encrypted with a KMS key and bound to their group."""

import base64
from typing import TYPE_CHECKING

from shared.domain.group.secrets import SecretName
from shared.domain.ids import GroupId

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsSecrets:
    """``Secrets`` over one KMS key. Decryption needs no key id: the ciphertext names its key.

    The encryption context is the group and the secret's name: a ciphertext copied to another
    group, or to another place in the same one, cannot be decrypted there.
    """

    def __init__(self, client: "KMSClient", key_id: str = "") -> None:
        self._client = client
        self._key_id = key_id

    def encrypt(self, group_id: GroupId, name: SecretName, secret: str) -> str:
        """Encrypt one secret (at most 4,096 bytes, the limit of KMS); the answer is base64."""
        answer = self._client.encrypt(
            KeyId=self._key_id,
            Plaintext=secret.encode(),
            EncryptionContext=_context(group_id, name),
        )
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def decrypt(self, group_id: GroupId, name: SecretName, ciphertext: str) -> str:
        """Decrypt what ``encrypt`` gave for the same group and name."""
        answer = self._client.decrypt(
            CiphertextBlob=base64.b64decode(ciphertext),
            EncryptionContext=_context(group_id, name),
        )
        return answer["Plaintext"].decode()


def _context(group_id: GroupId, name: SecretName) -> dict[str, str]:
    return {"groupId": group_id, "secret": name.value}
