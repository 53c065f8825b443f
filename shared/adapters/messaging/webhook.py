"""Posts events to webhooks, by the same guarded way out as to sources, with short timeouts."""

from collections.abc import Mapping

import requests

from shared.adapters.egress.guarded_http import open_session
from shared.adapters.egress.guarded_socket import ForbiddenAddressError
from shared.domain.errors import TryLaterError

CONNECT_SECONDS, READ_SECONDS = 5, 10


def post_to_webhook(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_insecure: bool
) -> None:
    """Post a body; of the answer only the status is read.

    :param allow_insecure: permits plain http and any address.
    :raises TryLaterError: it could not be delivered, or the status was not 2xx.
    """
    try:
        # A session for each call: groups must not share cookies.
        with (
            open_session(requests.Session(), allow_insecure) as session,
            session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            status = answer.status_code
    except (requests.RequestException, ForbiddenAddressError) as error:
        # The error's own message would quote the URL, which may hold a secret.
        raise TryLaterError(f"the webhook could not be reached: {type(error).__name__}") from None
    if not 200 <= status < 300:
        raise TryLaterError(f"the webhook answered {status}")
