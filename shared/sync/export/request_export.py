"""Accepts the request for an export: returns its key if it is there, or else has it made.

A client asks again and again until the export is there. That must not make it several times.
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
    """What the request for an export needs of the world.

    ``batches``: what the roster holds.
    ``objects``: the data bucket.
    ``requests``: which exports have been asked for.
    ``queue``: where the export waits.
    """

    batches: Batches
    objects: Objects
    requests: ExportRequests
    queue: Queue


def request_export(
    enterprise: EnterpriseId, group_id: GroupId, ports: RequestExportPorts, now: datetime
) -> str | None:
    """Return the key of the export of the present roster, or have it made and return None.

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
