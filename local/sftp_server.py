"""A real OpenSSH server on this machine, for the demonstration and the tests.

It runs as whoever starts it, on loopback and a port of its own, with nothing of the system's
configuration, and serves one folder. Debian has it as ``openssh-server``.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
START_SECONDS = 10
PASSPHRASE = "a passphrase for tests"


def sshd_problem() -> str | None:
    """Say what is missing for such a server, and how to have it; None if nothing is."""
    if SSHD is None:
        return "There is no sshd on this machine. Install it: apt-get install openssh-server"
    return None


class SftpServer:
    """An sshd that serves ``files`` (also as the folder where a login begins) until it is left.

    The user who runs it logs in with one of the private keys in ``keys``: ``openssh``, ``pem`` and
    ``encrypted`` (with ``PASSPHRASE``), each Ed25519 or RSA.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = folder / "files"
        self.keys = folder / "keys"
        self.host = "127.0.0.1"
        self.port = _free_port()
        self.username = getpass.getuser()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "SftpServer":
        if problem := sshd_problem():
            raise RuntimeError(problem)
        for folder in (self.files, self.keys):
            folder.mkdir(parents=True, exist_ok=True)
        self._make_keys()
        self.change_host_key()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the host key, as ``ssh-keygen -l`` shows it."""
        shown = _run("ssh-keygen", "-l", "-f", str(self._host_key) + ".pub")
        return shown.split()[1]

    @property
    def _host_key(self) -> Path:
        return self._folder / "host_key"

    def private_key(self, name: str) -> str:
        """One of the private keys that may log in."""
        return (self.keys / name).read_text()

    def change_host_key(self) -> None:
        """Give the server another host key, as if it had been set up anew, and start it again."""
        self.stop()
        for path in (self._host_key, Path(f"{self._host_key}.pub")):
            path.unlink(missing_ok=True)
        _make_key(self._host_key, "ed25519")
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        assert SSHD is not None
        if os.getuid() == 0:
            # Where sshd, run by root, puts aside what it must not touch.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        config = self._folder / "sshd_config"
        config.write_text(self._config())
        log = (self._folder / "sshd.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [SSHD, "-D", "-e", "-f", str(config)], stdout=log, stderr=log
            )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                message = f"sshd did not start: {(self._folder / 'sshd.log').read_text()[-500:]}"
                raise RuntimeError(message)
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_SECONDS)
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), 1) as connected:
                return connected.recv(4) == b"SSH-"
        except OSError:
            return False

    def _config(self) -> str:
        return f"""
            ListenAddress {self.host}
            Port {self.port}
            HostKey {self._host_key}
            PidFile none
            AuthorizedKeysFile {self.keys / "authorized_keys"}
            StrictModes no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            UsePAM no
            PermitRootLogin prohibit-password
            Subsystem sftp internal-sftp -d {self.files}
            LogLevel ERROR
        """

    def _make_keys(self) -> None:
        if (self.keys / "authorized_keys").exists():
            return
        _make_key(self.keys / "openssh", "ed25519")
        _make_key(self.keys / "pem", "rsa", "-b", "2048", "-m", "PEM")
        _make_key(self.keys / "encrypted", "ed25519", passphrase=PASSPHRASE)
        public = "".join(path.read_text() for path in sorted(self.keys.glob("*.pub")))
        (self.keys / "authorized_keys").write_text(public)


def _make_key(path: Path, kind: str, *options: str, passphrase: str = "") -> None:
    _run("ssh-keygen", "-q", "-t", kind, *options, "-N", passphrase, "-C", "", "-f", str(path))


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
