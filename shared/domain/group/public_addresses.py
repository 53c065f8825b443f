"""Which addresses we connect to: public ones over https, unless the stack allows others."""

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


def is_host(host: str) -> bool:
    """Whether this can be a host: a name, or an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return bool(_NAME.fullmatch(host))
    return True


def host_is_public(host: str) -> bool:
    """Whether a name or literal address can be a public one.

    This catches mistakes early. ``adapters.egress`` checks what the name resolves to.
    """
    name = unicodedata.normalize("NFKC", host).casefold().rstrip(".").strip("[]")
    if not name or name in _LOCAL_NAMES or name.endswith(_LOCAL_ENDINGS):
        return False
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        # Some resolvers take a name that ends in a number for an address (127.1, 0x7f.0.0.1).
        return "." in name and not _NUMBER.fullmatch(name.rpartition(".")[2])
    return address_is_public(address)


def address_is_public(address: Address) -> bool:
    """Whether an address is on the public internet.

    An IPv6 address that contains an IPv4 address counts as that one, for NAT64 and 6to4 deliver
    there.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return address_is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return address_is_public(inner)
    return address.is_global and not address.is_multicast


def url_problem(url: str, *, allow_insecure: bool) -> str | None:
    """Say what is wrong with a URL; None if nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is not a URL."
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "Enter a whole URL, such as https://sis.example."
    if "@" in parts.netloc:
        return "Leave user and password out of the URL."
    if "#" in url:
        return "Leave the # part out of the URL."
    if not is_host(parts.hostname) or re.search(r"[\s\\]", url):
        return "This is not a URL."
    if allow_insecure:
        return None
    if parts.scheme != "https":
        return "The URL must begin with https://."
    if not host_is_public(parts.hostname):
        return "The host must be reachable over the internet; local addresses are refused."
    return None
