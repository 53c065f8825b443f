"""Accepts the request for a sync: opens the run, then sends its first message."""

from contextlib import suppress
from datetime import datetime

from shared.domain.group import SyncType
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run import Mode, Run, Trigger
from shared.errors import ConflictError, TryLaterError
from shared.messages import ExtractLeg
from shared.ports import ExtractQueues, Groups, RunRequest, Runs

FETCHED_TYPES = frozenset({SyncType.API, SyncType.SFTP})
"""The sync types whose roster can be fetched on request; a zip is brought by somebody."""


def request_sync(
    enterprise: EnterpriseId,
    group_id: GroupId,
    mode: Mode,
    trigger: Trigger,
    requested_by: str,
    groups: Groups,
    runs: Runs,
    extract_queues: ExtractQueues,
    now: datetime,
    *,
    accept_older: bool = False,
) -> Run:
    """Start a run of a group; ``accept_older`` says that an older bundle than the last is meant.

    If the message is lost after the run was opened, ``close_runs`` sends it again.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: a run is under way, or the group's roster cannot be fetched.
    """
    group = groups.get(enterprise, group_id)
    if group.config.sync_type not in FETCHED_TYPES:
        raise ConflictError(
            "upload_needed",
            "A zip group is synced by uploading a bundle: ask POST …/uploads for an address.",
        )
    request = RunRequest(enterprise, group_id, mode, trigger, requested_by, accept_older)
    run = runs.accept(request, now)
    with suppress(TryLaterError):  # close_runs sends it
        send_extract_leg(run, extract_queues)
    return run


def send_extract_leg(run: Run, extract_queues: ExtractQueues) -> None:
    """Send the message of the run's present extraction leg to whoever extracts it."""
    leg = ExtractLeg(enterprise=run.enterprise, group_id=run.group_id, seq=run.seq, leg=run.leg)
    extract_queues[run.extractor].send([leg])
