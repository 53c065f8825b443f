"""Writes a group's roster as a OneRoster 1.2 bundle, once for each state of it."""

from dataclasses import dataclass
from pathlib import Path

from shared.domain.errors import MissingObjectError, NotFoundError, TryLaterError
from shared.domain.object_keys import export_key
from shared.messages import ExportRoster
from shared.planning.columns import SHAPE_VERSION
from shared.planning.export import write_bundle
from shared.planning.working_tables import MEMORY_LIMIT, open_workspace
from shared.ports.bucket import Objects
from shared.ports.groups import Groups
from shared.ports.runs import Batches


@dataclass(frozen=True)
class ExportPorts:
    """What an export needs of the world."""

    groups: Groups
    batches: Batches
    objects: Objects


def export_roster(message: ExportRoster, ports: ExportPorts, directory: Path) -> bool:
    """Write the export that ``message`` asks for; False if there is nothing (more) to write.

    Nothing is written of a group that is being deleted: it may have been swept already. A roster
    that has moved on is not exported any more: whoever asks again asks for the new one.

    :raises TryLaterError: a newer version has written the roster, and will export it.
    """
    try:
        ports.groups.get(message.enterprise, message.group_id)
    except NotFoundError:
        return False
    base = ports.batches.base(message.key)
    key = export_key(message.group_id, message.seq)
    if base.snapshot is None or base.snapshot.seq != message.seq or ports.objects.has(key):
        return False
    if base.snapshot.shape_version > SHAPE_VERSION:
        raise TryLaterError("the roster was written by a newer version")
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
