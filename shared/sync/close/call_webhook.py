"""Sends a signed event to the address that a group names for its own system."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.domain.errors import NotFoundError
from shared.domain.group.secrets import SecretName
from shared.domain.group.webhook import Webhook
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.webhook_signature import signed_headers
from shared.ports.groups import Groups, Secrets

Post = Callable[[str, bytes, Mapping[str, str]], None]
"""Sends a body with headers to a URL; raises TryLaterError unless the answer is 2xx."""


class BusEvent(BaseModel):
    """An event as EventBridge delivers it (AWS: event structure)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str = Field(alias="detail-type")
    time: AwareDatetime
    detail: dict[str, object]


class _Body(BaseModel):
    id: str
    type: str
    time: AwareDatetime
    detail: dict[str, object]


@dataclass(frozen=True)
class WebhookPorts:
    """What calling webhooks needs of the world.

    ``groups``: the groups.
    ``secrets``: decrypts the webhook's secret.
    ``post``: sends the event.
    ``clock``: gives the time.
    """

    groups: Groups
    secrets: Secrets
    post: Post
    clock: Callable[[], datetime]


def call_webhook(event: BusEvent, ports: WebhookPorts) -> bool:
    """Send an event to its group's webhook; returns False if the group has none.

    :raises TryLaterError: the receiver did not accept it. When sent again, it has the same id.
    """
    enterprise = EnterpriseId(str(event.detail["enterprise"]))
    group_id = GroupId(str(event.detail["groupId"]))
    try:
        group = ports.groups.get(enterprise, group_id)
    except NotFoundError:
        return False
    if group.webhook is None:
        return False
    secret = _secret(group_id, group.webhook, ports.secrets)
    event_id = _event_id(event)
    body = _Body(id=event_id, type=event.kind, time=event.time, detail=event.detail)
    text = body.model_dump_json().encode()
    ports.post(group.webhook.url, text, signed_headers(secret, text, event_id, ports.clock()))
    return True


def _event_id(event: BusEvent) -> str:
    """Identify what happened, not its delivery: the end of a run may be published twice."""
    named = (event.detail["groupId"], event.detail.get("runId"), event.kind)
    return sha256("\x1f".join(map(str, named)).encode()).hexdigest()[:32]


def _secret(group_id: GroupId, webhook: Webhook, secrets: Secrets) -> str:
    return secrets.decrypt(group_id, SecretName.WEBHOOK, webhook.secret)
