"""Accepts a bundle that was dropped into the bucket: makes a run of it, which waits its turn."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.bundles.open_bundle import open_bundle, read_contents
from shared.domain.errors import GiveUpError, MissingObjectError, NotFoundError
from shared.domain.events import DropRefused
from shared.domain.group.choices import SyncType
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.object_keys import parse_upload
from shared.domain.roster.collection import CollectionStatus
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.requests import Drop
from shared.domain.run.run import Mode, Run
from shared.ports.bucket import Objects
from shared.ports.groups import Groups
from shared.ports.messaging import Announcements, ExtractQueues
from shared.ports.runs import Drops, Runs
from shared.sync.send_work import send_leg


@dataclass(frozen=True)
class DropPorts:
    """What accepting a drop needs of the world.

    ``groups``: the groups, to find whose drop it is.
    ``runs``: the runs of groups.
    ``drops``: the bundles that wait.
    ``objects``: the data bucket.
    ``extract_queues``: where the first leg of the run waits.
    ``announcements``: the event bus.
    ``clock``: gives the time.
    """

    groups: Groups
    runs: Runs
    drops: Drops
    objects: Objects
    extract_queues: ExtractQueues
    announcements: Announcements
    clock: Callable[[], datetime]


def accept_drop(key: str, version: str | None, size: int, ports: DropPorts) -> str | None:
    """Make a run of a dropped object, and begin it if its group is free.

    Refuses a drop that does not belong to a zip group, and publishes the refusal.

    :param version: the object's version.
    :param size: its size in bytes.
    :return: the code of the refusal; None if the drop was accepted.
    """
    upload = parse_upload(key)
    enterprise = ports.groups.enterprise_of(upload.group_id) if upload else None

    def refuse(reason: str) -> str:
        # What is not a group's id could be a person's name, and is not published.
        known = upload.group_id if upload and enterprise else None
        ports.announcements.publish(
            DropRefused(
                enterprise=enterprise,
                group_id=known,
                version_id=version,
                size=size,
                reason=reason,
            )
        )
        return reason

    try:
        if upload is None or enterprise is None:
            return refuse("no_such_group")
        group = ports.groups.get(enterprise, upload.group_id)
        if group.config.sync_type is not SyncType.ZIP:
            return refuse("not_a_zip_group")
        bundle = Bundle(
            objects=(BundleObject(name=upload.name, key=key, version=version, size=size),),
            upload_id=upload.upload_id,
            accept_older=upload.accept_older,
        )
        superseded = _find_superseded(enterprise, group.group_id, upload.mode, bundle, ports)
        drop = Drop(enterprise, group.group_id, upload.mode, bundle, superseded)
        ports.drops.take(drop, ports.clock())
    except NotFoundError:
        return refuse("no_such_group")
    begin_waiting_run(enterprise, group.group_id, ports)
    return None


def begin_waiting_run(enterprise: EnterpriseId, group_id: GroupId, ports: DropPorts) -> None:
    """Begin the run of the drop that has waited longest, if the group is free."""
    now = ports.clock()
    run = ports.drops.begin(enterprise, group_id, now)
    if run is not None:
        send_leg(run, ports.extract_queues[run.extractor], ports.runs, now)


def _find_superseded(
    enterprise: EnterpriseId, group_id: GroupId, mode: Mode, bundle: Bundle, ports: DropPorts
) -> tuple[int, ...]:
    """Find the Waiting runs that ``bundle`` makes unnecessary.

    It must hold in bulk everything that they hold. Deltas are all applied, in their order.
    """
    waiting = ports.drops.waiting(enterprise, group_id)
    if not waiting:
        return ()
    bulk = {
        stem
        for stem, status in _carried(bundle, ports).items()
        if status is CollectionStatus.COMPLETE
    }
    return tuple(run.seq for run in waiting if run.mode is mode and _within(run, bulk, ports))


def _within(run: Run, bulk: set[str], ports: DropPorts) -> bool:
    carried = _carried(run.bundle, ports) if run.bundle else {}
    return bool(carried) and set(carried) <= bulk


def _carried(bundle: Bundle, ports: DropPorts) -> dict[str, CollectionStatus]:
    """What a bundle holds; nothing if it cannot be opened, which its own run reports."""
    try:
        opened = open_bundle(bundle, ports.objects.open)
        return read_contents(opened).carried(opened)
    except (GiveUpError, MissingObjectError):
        return {}
