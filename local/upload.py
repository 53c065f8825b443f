"""Uploads a bundle to an address from the API, as a browser's form does."""

import uuid
from typing import Any
from urllib.request import Request, urlopen


def upload(address: dict[str, Any], bundle: bytes, name: str = "roster.zip") -> None:
    """Send ``bundle`` to the address in an answer of ``POST …/uploads``.

    :raises urllib.error.HTTPError: the address does not accept it.
    """
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'
        f"{value}\r\n".encode()
        for field, value in address["fields"].items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/zip\r\n\r\n".encode()
    )
    body = b"".join([*parts, bundle, f"\r\n--{boundary}--\r\n".encode()])
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with urlopen(Request(address["url"], data=body, headers=headers), timeout=60):
        return
