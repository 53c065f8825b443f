"""The way out to the internet: a connection goes to a public address, or nowhere.

REST sources, their token endpoints, webhooks and SFTP servers are all reached this way. The check
looks at the connected socket, before a byte is sent: what the name resolved to a moment ago, or
would resolve to next time, does not matter.
"""

import ipaddress
import socket

from shared.domain.group.public_addresses import address_is_public


class ForbiddenAddressError(Exception):
    """The address is not one that we may connect to."""


def connect(host: str, port: int, timeout: float, *, allow_insecure: bool) -> socket.socket:
    """Connect over TCP.

    :param timeout: in seconds.
    :param allow_insecure: permits any address.
    :raises ForbiddenAddressError: the host is not at a public address.
    :raises OSError: the name does not resolve (``socket.gaierror``), or nothing answers.
    """
    connected = socket.create_connection((host.strip("[]"), port), timeout)
    return connected if allow_insecure else require_public(connected)


def require_public(connected: socket.socket) -> socket.socket:
    """Give a connected socket back if it leads to a public address; otherwise close it.

    :raises ForbiddenAddressError: it leads elsewhere.
    """
    address = ipaddress.ip_address(connected.getpeername()[0].split("%")[0])
    if not address_is_public(address):
        connected.close()
        raise ForbiddenAddressError
    return connected
