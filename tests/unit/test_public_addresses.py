"""Which addresses a source may have."""

import pytest

from shared.domain.group.public_addresses import host_is_public, url_problem


@pytest.mark.parametrize(
    "host",
    [
        "sis.example",
        "SIS.Example.",
        "a-b.c.example",
        "8.8.8.8",
        "[2001:4860:4860::8888]",
        "[64:ff9b::808:808]",
        "ä.example",
    ],
)
def test_public_hosts(host: str) -> None:
    assert host_is_public(host)
    assert url_problem(f"https://{host}", allow_insecure=False) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "LOCALHOST.",
        "x.localhost",
        "printer.local",
        "metadata.google.internal",
        "intranet",
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "１２７.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
    ],
)
def test_hosts_that_are_not_public(host: str) -> None:
    assert not host_is_public(host)
    assert url_problem(f"https://{host}/x", allow_insecure=False)


@pytest.mark.parametrize(
    "url",
    [
        "sis.example",
        "//sis.example",
        "https:///x",
        "https://",
        "ftp://sis.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user@sis.example",
        "https://@sis.example",
        "https://u:p@sis.example",
        "https://sis.example#x",
        "https://sis.example#",
        "https://sis.example:99999",
        "https://sis.example:0",
        "https://sis.example:x",
        "https://sis example",
        "https://sis.example/a b",
        "https://a.example\\@b.example",
        "https://-x.example",
        "https://[::1",
        "https://sis..example",
    ],
)
@pytest.mark.parametrize("allow_insecure", [False, True])
def test_what_is_no_url_is_refused_everywhere(url: str, allow_insecure: bool) -> None:
    assert url_problem(url, allow_insecure=allow_insecure)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost/x", "https://[::1]"])
def test_local_addresses_are_taken_where_the_stack_says_so(url: str) -> None:
    assert url_problem(url, allow_insecure=True) is None
    assert url_problem(url, allow_insecure=False)


def test_plain_http_is_refused() -> None:
    problem = url_problem("http://sis.example", allow_insecure=False)
    assert problem is not None
    assert "https" in problem
