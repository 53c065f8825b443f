"""The SFTP adapter against real servers, over a good line and over bad ones."""

import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import paramiko
import pytest
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL

from local.sftp_server import PASSPHRASE, ROUNDS, SftpServer, available_servers, not_tried
from shared.adapters.sftp.private_keys import read_private_key
from shared.adapters.sftp.server import connect, fingerprint_of, log_in, open_server, show_host_key
from shared.domain.errors import GiveUpError, SourceBusyError
from shared.domain.group.connection import SftpConnection
from shared.domain.group.secrets import SecretName
from shared.sync.fetch.choose_bundle import find_files
from tests.fakes.faulty_line import Line, line_to
from tests.fakes.fetching import Fetching

pytestmark = [
    pytest.mark.loopback,
    # paramiko sends read requests from a thread of its own, which ends with whatever the broken
    # line gave it; the reader sees the fault itself.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
WHOLE = random.Random(1).randbytes(24 * 1024 * 1024)


@pytest.fixture(scope="module", params=available_servers(), ids=lambda each: each.product)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SftpServer]:
    with request.param(tmp_path_factory.mktemp("sftp")) as running:
        (running.files / "roster.zip").write_bytes(WHOLE)
        yield running


@pytest.fixture
def line(server: SftpServer) -> Iterator[Line]:
    with line_to(server.host, server.port) as running:
        yield running


def connection(server: SftpServer, port: int, path: str = "roster.zip") -> SftpConnection:
    return SftpConnection(
        host=server.host,
        port=port,
        path=path,
        username=server.username,
        host_key_fingerprint=server.fingerprint,
    )


def fetching(server: SftpServer, line: Line, silence: float) -> Fetching:
    """A group whose server is the real one, at the end of ``line``."""
    secrets = {SecretName.PRIVATE_KEY: server.private_key("openssh")}
    there = connection(server, line.port)
    return Fetching(
        path="roster.zip", connect=lambda: open_server(there, secrets, True, silence=silence)
    )


def test_openssh_is_among_the_servers() -> None:
    if missing := not_tried():
        pytest.skip(missing)
    assert [each.product for each in available_servers()] == ["OpenSSH", "AsyncSSH"]


def test_a_server_that_cuts_off_at_40_percent_is_read_on_where_it_stopped(
    server: SftpServer, line: Line
) -> None:
    line.faults = [("cut", len(WHOLE) * 4 // 10)]
    group = fetching(server, line, silence=5)
    assert group.fetched(group.fetch()) == {"roster.zip": WHOLE}
    assert len(line.carried) == 2
    # Besides the bundle there are keys and answers, and what was on its way when the line broke.
    assert sum(line.carried) < len(WHOLE) * 1.3


def test_a_server_that_stalls_is_left_and_asked_again(server: SftpServer, line: Line) -> None:
    line.faults = [("stall", len(WHOLE) * 4 // 10)]
    group = fetching(server, line, silence=0.5)
    assert group.fetched(group.fetch()) == {"roster.zip": WHOLE}
    assert len(line.carried) == 2


@pytest.mark.parametrize("fault", ["cut", "stall"])
def test_one_that_never_does_better_ends_the_run_with_a_reason(
    server: SftpServer, line: Line, fault: str
) -> None:
    # So early that not even a part is brought each time.
    line.faults = [("stall" if fault == "stall" else "cut", 100_000)] * 50
    group = fetching(server, line, silence=0.2)
    run = group.fetch()
    assert run.reason is not None
    assert (run.reason.code, run.reason.field) == ("sftp_unreachable", "connection.host")
    assert group.uploads.open == {}, "the parts are given up"
    line.faults.clear()
    assert group.fetched(group.fetch()) == {"roster.zip": WHOLE}


def test_looks_at_files_and_folders(server: SftpServer) -> None:
    folder = server.files / "loose"
    (folder / "sub").mkdir(parents=True)
    (folder / "orgs.csv").write_bytes(b"a")
    secrets = {SecretName.PRIVATE_KEY: server.private_key("pem")}
    there = open_server(connection(server, server.port), secrets, True)
    try:
        seen = there.look("loose")
        assert {(e.name, e.folder) for e in seen.entries} == {("sub", True), ("orgs.csv", False)}
        assert [file.path for file in find_files(there, "loose")] == ["loose/orgs.csv"]
        with pytest.raises(GiveUpError) as raised:
            there.look("nowhere")
        assert raised.value.reason.code == "sftp_path_not_found"
    finally:
        there.close()


def test_nothing_is_sent_to_a_server_with_another_key(server: SftpServer) -> None:
    other = fingerprint_of(paramiko.RSAKey.generate(2048))
    wrong = connection(server, server.port).model_copy(update={"host_key_fingerprint": other})
    with pytest.raises(GiveUpError) as raised:
        open_server(wrong, {SecretName.PASSWORD: "secret"}, True)
    assert raised.value.reason.code == "host_key_changed"
    assert show_host_key(wrong, True) == server.fingerprint


def test_an_address_inside_is_refused(server: SftpServer) -> None:
    with pytest.raises(GiveUpError) as raised:
        open_server(connection(server, server.port), {}, allow_insecure=False)
    assert raised.value.reason.code == "sftp_forbidden_address"


class _PasswordOnly(paramiko.ServerInterface):
    """Lets in whoever knows the password."""

    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == ("us", "right")
        return int(AUTH_SUCCESSFUL if good else AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        return "password"


@pytest.mark.parametrize(("password", "code"), [("right", None), ("wrong", "sftp_login_refused")])
def test_logs_in_with_a_password(password: str, code: str | None) -> None:
    key = paramiko.RSAKey.generate(2048)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            ours, _ = listener.accept()
            theirs = paramiko.Transport(ours)
            theirs.add_server_key(key)
            theirs.start_server(server=_PasswordOnly())
            theirs.join()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        there = SftpConnection(
            host="127.0.0.1",
            port=port,
            path="r.zip",
            username="us",
            host_key_fingerprint=fingerprint_of(key),
        )
        transport, found = connect(there, True)
        try:
            assert found == fingerprint_of(key)
            if code is None:
                log_in(transport, there, {SecretName.PASSWORD: password})
                assert transport.is_authenticated()
            else:
                with pytest.raises(GiveUpError) as raised:
                    log_in(transport, there, {SecretName.PASSWORD: password})
                assert raised.value.reason.code == code
                assert raised.value.reason.field == "connection.password"
        finally:
            transport.close()
        serving.join(10)


def test_what_speaks_no_ssh_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            ours, _ = listener.accept()
            with ours:
                ours.sendall(b"220 ftp.example FTP server ready\r\n" * 200)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        there = SftpConnection(host="127.0.0.1", port=port, path="r.zip", username="us")
        with pytest.raises(SourceBusyError) as raised:
            show_host_key(there, True)
        assert raised.value.reason.code == "sftp_not_ssh"
        serving.join(10)


def written_by_ssh_keygen(folder: Path, kind: str, form: str, passphrase: str) -> tuple[str, str]:
    """A private key as people make it, and the fingerprint that they are shown."""
    path = folder / "key"
    name = kind.removeprefix("ssh-").partition("-")[0]
    arguments = ["ssh-keygen", "-q", "-t", name, "-N", passphrase, "-C", "", "-f", str(path)]
    # Its own format is what it writes unless told otherwise.
    forms = {"openssh": [], "pkcs1-pem": ["-m", "PEM"], "pkcs8-pem": ["-m", "PKCS8"]}
    subprocess.run(arguments + forms[form], check=True)
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{path}.pub"], check=True, capture_output=True, text=True
    ).stdout.split()[1]
    return path.read_text(), shown


def written_by_asyncssh(folder: Path, kind: str, form: str, passphrase: str) -> tuple[str, str]:
    """A private key as a program makes it, and its fingerprint."""
    key = asyncssh.generate_private_key(kind)
    text = key.export_private_key(form, passphrase or None, rounds=ROUNDS)
    return text.decode(), key.get_fingerprint()


WRITERS = [written_by_asyncssh] + ([written_by_ssh_keygen] if shutil.which("ssh-keygen") else [])


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (kind, form)
        for kind in ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256")
        for form in ("openssh", "pkcs1-pem", "pkcs8-pem")
        # There is no such form of it, whoever writes.
        if (kind, form) != ("ssh-ed25519", "pkcs1-pem")
    ],
)
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_reads_every_form_of_private_key(
    tmp_path: Path,
    write: Callable[[Path, str, str, str], tuple[str, str]],
    kind: str,
    form: str,
    passphrase: str,
) -> None:
    text, shown = write(tmp_path, kind, form, passphrase)
    assert fingerprint_of(read_private_key(text, passphrase or None)) == shown
    assert fingerprint_of(read_private_key(text.replace("\n", "\r\n"), passphrase or None)) == shown
    if passphrase:
        for wrong in (None, "another"):
            with pytest.raises(GiveUpError) as raised:
                read_private_key(text, wrong)
            assert raised.value.reason.code == "sftp_bad_passphrase"
    else:
        # A passphrase for a key without one does no harm.
        assert fingerprint_of(read_private_key(text, "needless")) == shown


@pytest.mark.parametrize("text", ["", "not a key", "PuTTY-User-Key-File-3: ssh-ed25519"])
def test_what_is_no_key_is_said_so(text: str) -> None:
    with pytest.raises(GiveUpError) as raised:
        read_private_key(text, None)
    assert raised.value.reason.code == "sftp_bad_private_key"
