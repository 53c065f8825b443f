"""Reasons why a bundle could not be fetched over SFTP; each says which field to change."""

from shared.domain.run.run import Reason


def unknown_host(host: str) -> Reason:
    """The host's name does not resolve."""
    return Reason(
        code="sftp_unknown_host",
        field="connection.host",
        message=f"There is no server named {host}. Check the spelling of the host.",
    )


def unreachable(host: str, port: int) -> Reason:
    """Nothing answers, or not any more."""
    return Reason(
        code="sftp_unreachable",
        field="connection.host",
        message=f"The server {host} does not answer on port {port}, or stopped answering. Check "
        "host and port, and whether the server's firewall lets Homeroom in. The next run fetches "
        "everything again.",
    )


def forbidden_address(host: str) -> Reason:
    """The address is not one we may connect to."""
    return Reason(
        code="sftp_forbidden_address",
        field="connection.host",
        message=f"{host} is not at a public address. Give the address at which the server can be "
        "reached over the internet.",
    )


def not_ssh(host: str, port: int) -> Reason:
    """Something other than an SSH server answers, or one with only outdated algorithms."""
    return Reason(
        code="sftp_not_ssh",
        field="connection.port",
        message=f"Port {port} of {host} does not answer as an SSH server that we can talk to. "
        "Check the port; a server that offers only SHA-1 must be updated.",
    )


def host_key_not_confirmed(found: str) -> Reason:
    """Nobody has confirmed the server's key yet."""
    return Reason(
        code="host_key_not_confirmed",
        field="connection.hostKeyFingerprint",
        message=f"The server shows the host key {found}. Ask its administrator whether it "
        "is the right one, then set hostKeyFingerprint to it.",
    )


def host_key_changed(found: str) -> Reason:
    """The server's key is not the confirmed one."""
    return Reason(
        code="host_key_changed",
        field="connection.hostKeyFingerprint",
        message=f"The server shows a host key that is not the confirmed one: {found}. "
        "Nothing was sent to it. Ask its administrator; if the key was replaced, set "
        "hostKeyFingerprint to the new one.",
    )


def login_refused(field: str) -> Reason:
    """The server does not accept user and password, or key."""
    what = "password" if field == "password" else "private key"
    return Reason(
        code="sftp_login_refused",
        field=f"connection.{field}",
        message=f"The server does not accept the username with this {what}. Enter both again, "
        "and ask its administrator whether the account may log in this way.",
    )


def bad_private_key() -> Reason:
    """The private key cannot be read."""
    return Reason(
        code="sftp_bad_private_key",
        field="connection.privateKey",
        message="The private key cannot be read. Give it in OpenSSH or PEM format, with its BEGIN "
        "and END lines; a PuTTY key must be converted first.",
    )


def bad_passphrase() -> Reason:
    """The private key's passphrase is missing or wrong."""
    return Reason(
        code="sftp_bad_passphrase",
        field="connection.passphrase",
        message="The private key is encrypted, and the passphrase is missing or wrong.",
    )


def no_sftp(host: str) -> Reason:
    """The server has no file service for this account."""
    return Reason(
        code="sftp_not_offered",
        field="connection.username",
        message=f"The server {host} lets the account in, but offers no SFTP. Ask its "
        "administrator.",
    )


def path_not_found(path: str) -> Reason:
    """There is nothing at the path."""
    return Reason(
        code="sftp_path_not_found",
        field="connection.path",
        message=f"There is nothing at {path} on the server. Check the path; it is case-sensitive.",
    )


def path_forbidden(path: str) -> Reason:
    """The account may not read the path."""
    return Reason(
        code="sftp_path_forbidden",
        field="connection.path",
        message=f"The account may not read {path} on the server. Have it allowed, or correct the "
        "path.",
    )


def too_many_files(path: str, most: int) -> Reason:
    """The folder holds too many files to be a folder of bundles."""
    return Reason(
        code="sftp_too_many_files",
        field="connection.path",
        message=f"The folder {path} holds more than {most} files. Give a folder of bundles, and "
        "remove old ones.",
    )
