"""Real SFTP servers on this machine, for the demo and the tests.

There are two, and neither shares code with our client: AsyncSSH, which comes with the development
tools, and OpenSSH if there is an sshd (Debian's ``openssh-server``). Both run as the current user,
on the loopback address and a free port, without the system's configuration, and serve a folder.
"""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import asyncssh

from local.emulator import free_port
from local.entry import CommandError

ROOT = Path(__file__).parents[1]
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
START_SECONDS = 60
STOP_SECONDS = 10
# Rounds of hashing a passphrase: the fewest that bcrypt accepts without a warning.
ROUNDS = 50
PASSPHRASE = "a passphrase for tests"

# The keys that may log in: type, form (as AsyncSSH names it), passphrase.
KEYS = {
    "openssh": ("ssh-ed25519", "openssh", None),
    "pem": ("ssh-rsa", "pkcs1-pem", None),
    "encrypted": ("ssh-ed25519", "openssh", PASSPHRASE),
}


class SftpServer(ABC):
    """A context manager that serves the folder ``files``, in which a login also begins.

    ``username`` logs in with one of the private keys named ``openssh``, ``pem`` and ``encrypted``
    (with ``PASSPHRASE``).
    """

    product: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = folder / "files"
        self.host = "127.0.0.1"
        self.port = free_port()
        self._keys: dict[str, asyncssh.SSHKey] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.files.mkdir(parents=True, exist_ok=True)
        self._keys = {
            name: asyncssh.generate_private_key(kind) for name, (kind, _, _) in KEYS.items()
        }
        public = b"".join(key.export_public_key() for key in self._keys.values())
        self._authorized.write_bytes(public)
        self.change_host_key()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the host key, as ``ssh-keygen -l`` shows it."""
        return self._host_key.get_fingerprint()

    def private_key(self, name: str) -> str:
        """One of the private keys that may log in."""
        _, form, passphrase = KEYS[name]
        return self._keys[name].export_private_key(form, passphrase, rounds=ROUNDS).decode()

    def connection(self, path: str, key: str = "openssh") -> dict[str, Any]:
        """The connection of a group that reads ``path`` here, and logs in with this key."""
        return {
            "host": self.host,
            "port": self.port,
            "path": path,
            "username": self.username,
            "privateKey": self.private_key(key),
            "hostKeyFingerprint": self.fingerprint,
        }

    def change_host_key(self) -> None:
        """Give the server a new host key, as if it had been reinstalled, and start it again."""
        self.stop()
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._host_key_file.write_bytes(self._host_key.export_private_key())
        # sshd refuses a key that others can read.
        self._host_key_file.chmod(0o600)
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = self._folder / "server.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command(), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                said = log.read_text(errors="replace")[-500:]
                self.stop()
                message = f"The SFTP server ({self.product}) did not start:\n{said}"
                raise CommandError(message)
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)
            self._process = None

    @property
    @abstractmethod
    def username(self) -> str:
        """Who may log in."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command that runs the server in the foreground."""

    @property
    def _authorized(self) -> Path:
        return self._folder / "authorized_keys"

    @property
    def _host_key_file(self) -> Path:
        return self._folder / "host_key"

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), 1) as connected:
                return connected.recv(4) == b"SSH-"
        except OSError:
            return False


class AsyncSshServer(SftpServer):
    """AsyncSSH's server. A login sees the served folder as its whole file system."""

    product = "AsyncSSH"
    username = "district"

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "local.asyncssh_server", str(self.files)),
            *("--port", str(self.port), "--username", self.username),
            *("--host-key", str(self._host_key_file), "--authorized", str(self._authorized)),
        ]


class OpenSshServer(SftpServer):
    """OpenSSH's server. A login begins in the served folder, and may look outside it."""

    product = "OpenSSH"

    @property
    def username(self) -> str:
        """The current user: sshd can let in other users only if root runs it."""
        return getpass.getuser()

    def _command(self) -> list[str]:
        assert SSHD is not None
        if os.getuid() == 0:
            # sshd needs this folder for privilege separation if root runs it.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        config = self._folder / "sshd_config"
        config.write_text(self._config())
        return [SSHD, "-D", "-e", "-f", str(config)]

    def _config(self) -> str:
        return f"""
            ListenAddress {self.host}
            Port {self.port}
            HostKey {self._host_key_file}
            PidFile none
            AuthorizedKeysFile {self._authorized}
            StrictModes no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            UsePAM no
            PermitRootLogin prohibit-password
            Subsystem sftp internal-sftp -d {self.files}
            LogLevel ERROR
        """


def available_servers() -> tuple[type[SftpServer], ...]:
    """The servers that can run here, OpenSSH's first, because most schools use it."""
    return (AsyncSshServer,) if SSHD is None else (OpenSshServer, AsyncSshServer)


def not_tried() -> str | None:
    """Say in a line which server cannot run here, and how to install it; None if all can."""
    if SSHD is not None:
        return None
    return (
        "Not tried: OpenSSH's SFTP server, because this machine has no sshd. To install it: "
        "apt-get install openssh-server, or your system's package."
    )
