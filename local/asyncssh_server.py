"""AsyncSSH's SFTP server as a separate process; ``local.sftp_server`` starts it.

python -m local.asyncssh_server FOLDER --port N --username NAME --host-key FILE --authorized FILE
"""

import argparse
import asyncio
from functools import partial
from pathlib import Path

import asyncssh

from local.arguments import port
from local.entry import run_command


class _OneUser(asyncssh.SSHServer):
    """Lets one user in, by public key. It also offers passwords, but accepts none."""

    def __init__(self, username: str, authorized: Path) -> None:
        self._username = username
        self._authorized = authorized

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        if username == self._username:
            self._connection.set_authorized_keys(str(self._authorized))
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return False


async def serve(given: argparse.Namespace) -> None:
    """Serve the folder on the loopback address until the process ends."""
    await asyncssh.listen(
        "127.0.0.1",
        given.port,
        server_factory=partial(_OneUser, given.username, given.authorized),
        server_host_keys=[str(given.host_key)],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=bytes(given.folder)),
        allow_scp=False,
    )
    await asyncio.Event().wait()


def main() -> None:
    """Serve the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Serve a folder over SFTP.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=port, required=True)
    parser.add_argument("--username", required=True)
    parser.add_argument("--host-key", type=Path, required=True)
    parser.add_argument("--authorized", type=Path, required=True)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    run_command(main)
