"""Accepts the request for a sync: opens the run, then sends its first message."""

from contextlib import suppress
from datetime import datetime

from shared.domain.group import SyncType
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run import Mode, Run, Trigger
from shared.errors import ConflictError, TryLaterError
from shared.messages import ExtractLeg
from shared.ports import Groups, Queue, RunRequest, Runs

SYNCED_TYPES = frozenset({SyncType.API})
"""The sync types whose roster can be fetched on request."""


def request_sync(
    enterprise: EnterpriseId,
    group_id: GroupId,
    mode: Mode,
    trigger: Trigger,
    requested_by: str,
    groups: Groups,
    runs: Runs,
    extract_queue: Queue,
    now: datetime,
) -> Run:
    """Start a run of a group.

    If the message is lost after the run was opened, ``close_runs`` sends it again.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: a run is under way, or the group's roster cannot be fetched.
    """
    group = groups.get(enterprise, group_id)
    if group.config.sync_type not in SYNCED_TYPES:
        raise ConflictError(
            "sync_type_not_available",
            f"Groups of sync type {group.config.sync_type} cannot be synced on request yet.",
            field="syncType",
        )
    run = runs.accept(RunRequest(enterprise, group_id, mode, trigger, requested_by), now)
    leg = ExtractLeg(enterprise=enterprise, group_id=group_id, seq=run.seq, leg=run.leg)
    with suppress(TryLaterError):  # close_runs sends it
        extract_queue.send([leg])
    return run
