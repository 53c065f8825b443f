"""Accepts the request to delete a group: begins the run that does it, or does it at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import ConflictError
from shared.domain.group.choices import SyncType
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.deletion_certificate import Deletion, Tally, added, certify
from shared.domain.run.run import Run
from shared.ports.deletion import Deletions, GroupSweeper
from shared.ports.groups import Groups
from shared.ports.messaging import Queue
from shared.ports.runs import Runs
from shared.sync.send_work import send_leg


@dataclass(frozen=True)
class RequestDeletionPorts:
    """What the request to delete a group needs of the world.

    ``groups``: the groups.
    ``runs``: the runs of groups.
    ``deletions``: begins the run that deletes a group.
    ``sweepers``: delete what the stores may hold of an untouched group.
    ``delete_queue``: where the first leg of that run waits.
    ``backup_days``: for how long a backup of the tables may still hold what was deleted.
    """

    groups: Groups
    runs: Runs
    deletions: Deletions
    sweepers: Sequence[GroupSweeper]
    delete_queue: Queue
    backup_days: int


def request_deletion(
    enterprise: EnterpriseId,
    group_id: GroupId,
    confirmed_name: str,
    person: str,
    ports: RequestDeletionPorts,
    now: datetime,
) -> Run | None:
    """Delete a group, once its name has been confirmed.

    Returns the run that deletes the group, also if that run is already under way. Returns None if
    there was nothing but the group itself, which is gone then.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: ``name_not_confirmed``, or ``version_conflict``: a run began meanwhile.
    """
    group = ports.groups.get(enterprise, group_id, deleting=True)
    if confirmed_name != group.config.name:
        raise ConflictError(
            "name_not_confirmed",
            "To delete the group, repeat its exact name in the query: ?name=…",
            field="name",
        )
    # A bundle may be on its way to a zip group: a request for an upload address leaves no trace.
    at_once = group.untouched and group.config.sync_type is not SyncType.ZIP
    if at_once and group.deleting_since is None:
        _delete_untouched(group, person, ports, now)
        return None
    run = ports.deletions.begin(enterprise, group_id, person, now)
    if run.sent_at is None and run.owner is None:
        send_leg(run, ports.delete_queue, ports.runs, now)
    return run


def _delete_untouched(
    group: Group, person: str, ports: RequestDeletionPorts, now: datetime
) -> None:
    """Delete a group that never had a run, and the image and topic that it may have."""
    tally: Tally = {}
    for sweeper in ports.sweepers:
        for page in sweeper.sweep(group.enterprise, group.group_id, None):
            tally = added(tally, page.tally)
    deletion = Deletion(requested_by=person, requested_at=now, deleted_at=now)
    ports.groups.delete(group, certify(group, tally, deletion, ports.backup_days))
