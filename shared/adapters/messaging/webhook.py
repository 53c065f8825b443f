"""The way out to webhooks: as guarded as that to sources, and in a hurry."""

from collections.abc import Mapping

import requests

from shared.adapters.egress.guarded_http import open_session
from shared.adapters.egress.guarded_socket import ForbiddenAddressError
from shared.domain.errors import TryLaterError

CONNECT_SECONDS, READ_SECONDS = 5, 10


class WebhookPost:
    """Posts bodies: no redirects, no proxies, only public addresses, and nothing of the answer is
    read but its status."""

    def __init__(self, *, allow_insecure: bool) -> None:
        self._allow_insecure = allow_insecure

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post a body.

        :raises TryLaterError: it could not be delivered, or the answer was none of 2xx.
        """
        try:
            # A session for each call: groups must not share cookies.
            with (
                open_session(requests.Session(), self._allow_insecure) as session,
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
            # Its message would quote the address, and what stands in it.
            raise TryLaterError(
                f"the webhook could not be reached: {type(error).__name__}"
            ) from None
        if not 200 <= status < 300:
            raise TryLaterError(f"the webhook answered {status}")
