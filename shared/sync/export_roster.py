"""A group's roster as a OneRoster 1.2 bundle: made once for each state of it, fetched from S3."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.errors import MissingObjectError, NotFoundError
from shared.messages import ExportRoster
from shared.planning.export import write_bundle
from shared.planning.tables import open_workspace
from shared.ports import Batches, Objects, Queue

MEMORY_LIMIT = "600MB"
KEPT = timedelta(days=1)
"""How long an export is kept (rule ``exports`` of the bucket)."""


@dataclass(frozen=True)
class ExportPorts:
    """What an export needs of the world."""

    batches: Batches
    objects: Objects


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


def export_roster(message: ExportRoster, ports: ExportPorts, directory: Path) -> bool:
    """Write the export that ``message`` asks for; False if there is nothing (more) to write.

    A roster that has moved on is not exported any more: whoever asks again asks for the new one.
    """
    base = ports.batches.base(message.key)
    key = export_key(message.group_id, message.seq)
    if base.snapshot is None or base.snapshot.seq != message.seq or ports.objects.has(key):
        return False
    files = {}
    try:
        for collection, place in base.snapshot.objects.items():
            files[collection] = directory / f"{collection.name.lower()}.parquet"
            ports.objects.download(place, files[collection])
    except MissingObjectError:
        return False  # replaced meanwhile, and its time was up
    target = directory / "export.zip"
    with open_workspace(directory, MEMORY_LIMIT, 2) as connection:
        write_bundle(connection, files, directory, target)
    ports.objects.upload(key, target)
    return True
