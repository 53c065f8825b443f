"""Which addresses a source may have: public https ones, unless the stack is told otherwise."""

import ipaddress
from urllib.parse import urlsplit

_LOCAL_NAMES = ("localhost", "localhost.localdomain")
_LOCAL_ENDINGS = (".localhost", ".local", ".internal")


def host_is_public(host: str) -> bool:
    """Whether a host's name or literal address can be a public one.

    What the name resolves to is checked when the connection is made; this catches mistakes early.
    """
    name = host.casefold().rstrip(".").strip("[]")
    if not name or name in _LOCAL_NAMES or name.endswith(_LOCAL_ENDINGS):
        return False
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        # Numbers without four parts (127.1, 2130706433) are addresses to some resolvers.
        return "." in name and not name.replace(".", "").isdigit()
    return (getattr(address, "ipv4_mapped", None) or address).is_global


def url_problem(url: str, *, allow_insecure: bool) -> str | None:
    """Say what is wrong with a source's URL, or None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is not a URL."
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "Give a whole URL, such as https://sis.example."
    if parts.username or parts.password:
        return "Leave user and password out of the URL."
    if parts.fragment:
        return "Leave the # part out of the URL."
    if allow_insecure:
        return None
    if parts.scheme != "https":
        return "The URL must begin with https://."
    if not host_is_public(parts.hostname):
        return "The host must be reachable over the internet; local addresses are refused."
    return None
