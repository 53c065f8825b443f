"""Takes a bundle that was dropped into the bucket: whose it is, and when it has its turn."""

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
from shared.sync.request.send_work import send_extract_leg


@dataclass(frozen=True)
class DropPorts:
    """What taking a drop needs of the world."""

    groups: Groups
    runs: Runs
    drops: Drops
    objects: Objects
    extract_queues: ExtractQueues
    announcements: Announcements
    clock: Callable[[], datetime]


def take_drop(key: str, version: str | None, size: int, ports: DropPorts) -> str | None:
    """Make a run of a dropped object, and begin it if its group is free.

    A drop that is of no zip group is refused, which is published; the code of the refusal is
    returned.
    """
    said = parse_upload(key)
    enterprise = ports.groups.enterprise_of(said.group_id) if said else None

    def refuse(reason: str) -> str:
        # What is no group's id may be anybody's name.
        known = said.group_id if said and enterprise else None
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
        if said is None or enterprise is None:
            return refuse("no_such_group")
        group = ports.groups.get(enterprise, said.group_id)
        if group.config.sync_type is not SyncType.ZIP:
            return refuse("not_a_zip_group")
        bundle = Bundle(
            objects=(BundleObject(name=said.name, key=key, version=version, size=size),),
            upload_id=said.upload_id,
            accept_older=said.accept_older,
        )
        needless = _needless(enterprise, group.group_id, said.mode, bundle, ports)
        drop = Drop(enterprise, group.group_id, said.mode, bundle, needless)
        ports.drops.take(drop, ports.clock())
    except NotFoundError:
        return refuse("no_such_group")
    begin_waiting(enterprise, group.group_id, ports)
    return None


def begin_waiting(enterprise: EnterpriseId, group_id: GroupId, ports: DropPorts) -> None:
    """Begin the run of the bundle that has waited longest, if the group is free."""
    now = ports.clock()
    run = ports.drops.begin(enterprise, group_id, now)
    if run is not None:
        send_extract_leg(run, ports.extract_queues, ports.runs, now)


def _needless(
    enterprise: EnterpriseId, group_id: GroupId, mode: Mode, bundle: Bundle, ports: DropPorts
) -> tuple[int, ...]:
    """The waiting runs of which nothing is left to do once ``bundle`` has been loaded.

    It must be bulk in everything that they carry; deltas are all applied, in their order.
    """
    waiting = ports.drops.waiting(enterprise, group_id)
    if not waiting:
        return ()
    whole = {
        stem
        for stem, status in _carried(bundle, ports).items()
        if status is CollectionStatus.COMPLETE
    }
    return tuple(run.seq for run in waiting if run.mode is mode and _within(run, whole, ports))


def _within(run: Run, whole: set[str], ports: DropPorts) -> bool:
    carried = _carried(run.bundle, ports) if run.bundle else {}
    return bool(carried) and set(carried) <= whole


def _carried(bundle: Bundle, ports: DropPorts) -> dict[str, CollectionStatus]:
    """What a bundle brings; nothing if it cannot be opened, which its own run will say."""
    try:
        opened = open_bundle(bundle, ports.objects.open)
        return read_contents(opened).carried(opened)
    except (GiveUpError, MissingObjectError):
        return {}
