"""Takes a bundle that was dropped into the bucket: whose it is, and when it has its turn.

People drop under ``drops/{groupId}/…zip``. An address that was asked for has the mode in it:
``drops/{groupId}/{mode}/{uploadId}.zip``, with ``older/`` before the id where an older bundle than
the last one is meant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.bundles.contents import open_bundle, read_contents
from shared.domain.errors import GiveUpError, MissingObjectError, NotFoundError
from shared.domain.events import DropRefused
from shared.domain.group.choices import SyncType
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.roster.collection import CollectionStatus
from shared.domain.run.bundle import Bundle, BundleObject
from shared.domain.run.requests import Drop
from shared.domain.run.run import FETCHING_MODES, Mode, Run
from shared.ports.bucket import Objects
from shared.ports.groups import Groups
from shared.ports.messaging import Announcements, ExtractQueues
from shared.ports.runs import Drops, Runs
from shared.sync.request.send_work import send_extract_leg

DROPS = "drops/"
OLDER = "older"


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


def drop_key(group_id: GroupId, mode: Mode, upload_id: str, *, accept_older: bool) -> str:
    """The key at which an upload of this id is a drop of the group."""
    older = f"{OLDER}/" if accept_older else ""
    return f"{DROPS}{group_id}/{mode}/{older}{upload_id}.zip"


def take_drop(key: str, version: str | None, size: int, ports: DropPorts) -> str | None:
    """Make a run of a dropped object, and begin it if its group is free.

    A drop that is of no zip group is refused, which is published; the code of the refusal is
    returned.
    """
    group_id, _, rest = key.removeprefix(DROPS).partition("/")
    enterprise = ports.groups.enterprise_of(GroupId(group_id))

    def refuse(reason: str) -> str:
        # What is no group's id may be anybody's name.
        known = None if enterprise is None else group_id
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
        if enterprise is None or not rest:
            return refuse("no_such_group")
        group = ports.groups.get(enterprise, GroupId(group_id))
        if group.config.sync_type is not SyncType.ZIP:
            return refuse("not_a_zip_group")
        mode, bundle = _read_place(
            rest, BundleObject(name=key.rpartition("/")[2], key=key, version=version, size=size)
        )
        needless = _needless(enterprise, group.group_id, mode, bundle, ports)
        ports.drops.take(Drop(enterprise, group.group_id, mode, bundle, needless), ports.clock())
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


def _read_place(rest: str, place: BundleObject) -> tuple[Mode, Bundle]:
    *folders, name = rest.split("/")
    # What is dropped by hand, in no mode's place, may do least.
    asked = bool(folders) and folders[0] in FETCHING_MODES
    mode = Mode(folders[0]) if asked else Mode.SYNC
    return mode, Bundle(
        objects=(place,),
        upload_id=name[: -len(".zip")] if asked else None,
        accept_older=OLDER in folders[1:],
    )


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
