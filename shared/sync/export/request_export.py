"""Asks for a group's roster as a bundle: what is there is fetched from S3, what is not is made.

Whoever asks does so again and again until it is there: that must not have it made as often.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import NotFoundError
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.object_keys import export_key
from shared.messages import ExportRoster
from shared.ports.bucket import Objects
from shared.ports.messaging import Queue
from shared.ports.runs import Batches, ExportRequests


@dataclass(frozen=True)
class RequestExportPorts:
    """What the request for an export needs of the world."""

    batches: Batches
    objects: Objects
    requests: ExportRequests
    queue: Queue


def request_export(
    enterprise: EnterpriseId, group_id: GroupId, ports: RequestExportPorts, now: datetime
) -> str | None:
    """Return the key of the export of the roster as it is now, or have it made and return None.

    :raises NotFoundError: the group has no roster yet.
    """
    base = ports.batches.base(RunKey(enterprise, group_id, 0))
    if base.snapshot is None:
        raise NotFoundError("no_roster", "The group has no roster yet: sync it first.")
    key = export_key(group_id, base.snapshot.seq)
    if ports.objects.has(key):
        return key
    seq = base.snapshot.seq
    if ports.requests.first(group_id, seq, now):
        ports.queue.send([ExportRoster(enterprise=enterprise, group_id=group_id, seq=seq)])
    return None
