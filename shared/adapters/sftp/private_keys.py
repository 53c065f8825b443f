"""Reads private keys in the formats that people have: OpenSSH and PEM (PKCS#1, SEC 1, PKCS#8)."""

import io

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from shared.adapters.sftp import server_reasons
from shared.domain.errors import GiveUpError

_KEY_TYPES: tuple[tuple[type, type[paramiko.PKey]], ...] = (
    (rsa.RSAPrivateKey, paramiko.RSAKey),
    (ec.EllipticCurvePrivateKey, paramiko.ECDSAKey),
    (ed25519.Ed25519PrivateKey, paramiko.Ed25519Key),
)


def read_private_key(text: str, passphrase: str | None) -> paramiko.PKey:
    """Read a private key.

    :raises GiveUpError: it cannot be read, or the passphrase is wrong.
    """
    data = text.strip().replace("\r\n", "\n").encode() + b"\n"
    password = passphrase.encode() if passphrase else None
    if b"OPENSSH PRIVATE KEY" in data:
        load = serialization.load_ssh_private_key
    else:
        load = serialization.load_pem_private_key  # type: ignore[assignment]  # alike in use
    try:
        key = load(data, password)
    except TypeError as error:
        if passphrase is not None:
            # A passphrase does no harm to a key that needs none.
            return read_private_key(text, None)
        raise GiveUpError(server_reasons.bad_passphrase()) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        wrong = passphrase is not None and "BEGIN" in text
        raise GiveUpError(
            server_reasons.bad_passphrase() if wrong else server_reasons.bad_private_key()
        ) from error
    for kind, key_class in _KEY_TYPES:
        if isinstance(key, kind):
            plain = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.OpenSSH,
                serialization.NoEncryption(),
            )
            return key_class.from_private_key(io.StringIO(plain.decode()))
    raise GiveUpError(server_reasons.bad_private_key())
