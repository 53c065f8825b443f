"""The signature of webhooks: how a receiver can tell that an event comes from us.

It is an HMAC-SHA256 over the time and the body. So the receiver also knows that nobody changed the
event, and that nobody sent an old one again.
"""

import hmac
from datetime import datetime
from hashlib import sha256


def signed_headers(secret: str, body: bytes, event_id: str, now: datetime) -> dict[str, str]:
    """Make the headers that identify and sign an event.

    ``Homeroom-Signature`` is ``v1=`` and the hex HMAC-SHA256 of ``Homeroom-Timestamp`` (seconds
    since the epoch), a dot, and the body.

    :param secret: the webhook's secret, the key of the HMAC.
    """
    moment = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "Homeroom-Event-Id": event_id,
        "Homeroom-Timestamp": moment,
        "Homeroom-Signature": f"v1={digest}",
    }
