"""Where a group's events are sent."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from shared.domain.described import Described, Kept
from shared.domain.group.public_addresses import url_problem
from shared.domain.request_body import Input, Secret, Url, wrong

SHORTEST_SECRET = 16
"""Characters of a webhook's secret: shorter ones can be guessed."""


def _reachable(url: str, info: ValidationInfo) -> str:
    allow_insecure = bool((info.context or {}).get("allow_insecure"))
    if text := url_problem(url, allow_insecure=allow_insecure):
        raise wrong(text)
    return url


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise wrong(f"Give at least {SHORTEST_SECRET} characters.")
    return secret


class WebhookFields(Described):
    """Where events are sent."""

    url: Annotated[Url, AfterValidator(_reachable)] = Field(
        description="The https URL to which each of the group's events is posted."
    )


class Webhook(WebhookFields, Kept):
    """A webhook as it is kept.

    secret: the key by which events are signed, as base64 KMS ciphertext.
    """

    secret: str


class WebhookInput(WebhookFields, Input):
    """Where the group's events are sent."""

    secret: Annotated[Secret, AfterValidator(_long_enough)] | None = Field(
        None,
        description="The secret by which events are signed, of 16 characters or more. It is never "
        "shown. A change that leaves `url` as it is may leave the secret out.",
    )
