"""Asks for a group's roster as a bundle: what is there is fetched from S3, what is not is made."""

from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.errors import NotFoundError
from shared.messages import ExportRoster
from shared.ports import Batches, Objects, Queue


def export_key(group_id: GroupId, seq: int) -> str:
    """Where the export of the roster that run ``seq`` has left lies."""
    return f"exports/{group_id}/{seq}.zip"


def request_export(
    enterprise: EnterpriseId, group_id: GroupId, batches: Batches, objects: Objects, queue: Queue
) -> str | None:
    """Return the key of the export of the roster as it is now, or have it made and return None.

    :raises NotFoundError: the group has no roster yet.
    """
    base = batches.base(RunKey(enterprise, group_id, 0))
    if base.snapshot is None:
        raise NotFoundError("no_roster", "The group has no roster yet: sync it first.")
    key = export_key(group_id, base.snapshot.seq)
    if objects.has(key):
        return key
    queue.send([ExportRoster(enterprise=enterprise, group_id=group_id, seq=base.snapshot.seq)])
    return None
