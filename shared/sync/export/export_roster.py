"""Exports a group's roster as a OneRoster 1.2 bundle, once for each run that has changed it."""

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
    """What an export needs of the world.

    ``groups``: the groups.
    ``batches``: what the roster holds.
    ``objects``: the data bucket.
    """

    groups: Groups
    batches: Batches
    objects: Objects


def export_roster(message: ExportRoster, ports: ExportPorts, directory: Path) -> bool:
    """Write the export that a message asks for; returns False if there is nothing to write.

    A group that is being deleted is not exported: its objects may have been deleted already. If
    another run has changed the roster since, its export is asked for separately.

    :param directory: empty scratch space.
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
        return False  # it was replaced meanwhile, and is no longer kept
    target = directory / "export.zip"
    with open_workspace(directory, MEMORY_LIMIT, 2) as connection:
        write_bundle(connection, files, directory, target)
    ports.objects.upload(key, target)
    return True
