"""Which addresses a source may have: public https ones, unless the stack is told otherwise."""

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAMES = ("localhost", "localhost.localdomain")
_LOCAL_ENDINGS = (".localhost", ".local", ".internal")
_NAME = re.compile(r"\w([\w-]*\w)?(\.\w([\w-]*\w)?)*\.?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


def host_is_one(host: str) -> bool:
    """Whether this can be a host at all: a name, or an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return bool(_NAME.fullmatch(host))
    return True


def host_is_public(host: str) -> bool:
    """Whether a host's name or literal address can be a public one.

    What the name resolves to is checked when the connection is made; this catches mistakes early.
    """
    name = unicodedata.normalize("NFKC", host).casefold().rstrip(".").strip("[]")
    if not name or name in _LOCAL_NAMES or name.endswith(_LOCAL_ENDINGS):
        return False
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        # A name that ends in a number (127.1, 0x7f.0.0.1) is an address to some resolvers.
        return "." in name and not _NUMBER.fullmatch(name.rpartition(".")[2])
    return address_is_public(address)


def address_is_public(address: Address) -> bool:
    """Whether an address is one of the internet's.

    Addresses that hold an IPv4 address are judged by it: translators (NAT64, 6to4) deliver there.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return address_is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return address_is_public(inner)
    return address.is_global and not address.is_multicast


def url_problem(url: str, *, allow_insecure: bool) -> str | None:
    """Say what is wrong with a source's URL, or None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is not a URL."
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "Give a whole URL, such as https://sis.example."
    if "@" in parts.netloc:
        return "Leave user and password out of the URL."
    if "#" in url:
        return "Leave the # part out of the URL."
    if not host_is_one(parts.hostname) or re.search(r"[\s\\]", url):
        return "This is not a URL."
    if allow_insecure:
        return None
    if parts.scheme != "https":
        return "The URL must begin with https://."
    if not host_is_public(parts.hostname):
        return "The host must be reachable over the internet; local addresses are refused."
    return None
