"""Accepts requests for syncs: opens the run, then sends the message for its first leg."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.errors import ConflictError, NotFoundError, TryLaterError
from shared.domain.group.choices import SyncFrequency, SyncType
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Reason, Run, Trigger
from shared.domain.run.sync_request import SyncInput
from shared.ports.groups import Groups
from shared.ports.messaging import ExtractQueues, Queue
from shared.ports.runs import Runs
from shared.sync.send_work import send_leg

FETCHED_TYPES = frozenset({SyncType.API, SyncType.SFTP})
"""The sync types whose roster can be fetched on request; a zip has to be uploaded."""
CHANGE_TRIES = 3
"""How often a change of a group is tried while others change it."""

MARKED = Reason(
    code="roster_marked",
    message="The group's roster is marked for deletion, and takes nothing in until that is "
    "settled. Either remove the mark (DELETE …/roster/mark), then sync again; or have the deletion "
    "planned by an update (POST …/syncs), and decide on it.",
)
"""Why a roster that is marked for deletion is not fetched, loaded or restored."""


@dataclass(frozen=True)
class RequestPorts:
    """What requests for runs need of the world.

    ``groups``: the groups.
    ``runs``: the runs of groups.
    ``extract_queues``: where the first leg waits of a run that fetches.
    ``plan_queue``: where the plan waits of a run that does not.
    """

    groups: Groups
    runs: Runs
    extract_queues: ExtractQueues
    plan_queue: Queue


def request_run(
    enterprise: EnterpriseId,
    group_id: GroupId,
    given: SyncInput,
    person: str,
    ports: RequestPorts,
    now: datetime,
) -> tuple[Run, bool | None]:
    """Start the run that a person asks for: a sync, an update, a preview or a restore.

    Returns the run; with it, for a restore, whether the group is still Auto.

    :raises NotFoundError: as ``request_sync`` and ``restore_run``.
    :raises ConflictError: as ``request_sync`` and ``restore_run``.
    """
    request = RunRequest(
        enterprise,
        group_id,
        given.mode,
        Trigger.REQUEST,
        person,
        given.accept_older,
        restores=int(given.run_id) if given.run_id else None,
    )
    if given.mode is Mode.RESTORE:
        return restore_run(request, ports, now, keep_auto=given.keep_auto)
    return request_sync(request, ports, now), None


def request_sync(request: RunRequest, ports: RequestPorts, now: datetime) -> Run:
    """Start the run that a person, or the clock, asks for.

    An update (or its preview) of a roster that is marked for deletion fetches nothing.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: a run is under way; the group's roster cannot be fetched; or it is marked
        for deletion, and takes nothing in.
    """
    group = ports.groups.get(request.enterprise, request.group_id)
    if group.marked_at is not None and request.mode.deletes:
        return start_planning(replace(request, marked=True), ports.runs, ports.plan_queue, now)
    check_mark(group)
    if group.config.sync_type not in FETCHED_TYPES:
        raise ConflictError(
            "upload_needed",
            "A zip group is synced by uploading a bundle: ask POST …/uploads for an address.",
        )
    return start_fetching(request, ports.runs, ports.extract_queues, now)


def check_mark(group: Group) -> None:
    """Check that a group's roster may take something in.

    :raises ConflictError: ``roster_marked``.
    """
    if group.marked_at is not None:
        raise ConflictError(MARKED.code, MARKED.message)


def start_fetching(
    request: RunRequest, runs: Runs, extract_queues: ExtractQueues, now: datetime
) -> Run:
    """Open a run that fetches a roster, and send the message for its first leg.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: a run is under way.
    """
    run = runs.accept(request, now)
    with suppress(TryLaterError):  # close_runs sends it
        send_leg(run, extract_queues[run.extractor], runs, now, request.delay_seconds)
    return run


def restore_run(
    request: RunRequest, ports: RequestPorts, now: datetime, *, keep_auto: bool
) -> tuple[Run, bool]:
    """Start a run that makes the roster what run ``request.restores`` left.

    Returns the run, and whether the group is still Auto.

    :param keep_auto: whether an Auto group stays Auto. Otherwise it becomes Manual, because its
        next update would delete again what the source lacks.
    :raises NotFoundError: no such group, or no such run.
    :raises ConflictError: a run is under way; that run left no snapshot; or the roster is marked
        for deletion.
    """
    group = ports.groups.get(request.enterprise, request.group_id)
    check_mark(group)
    assert request.restores is not None
    past = ports.runs.get(RunKey(request.enterprise, request.group_id, request.restores))
    if past is None:
        raise NotFoundError("run_not_found", "The group has no such run.")
    if past.snapshot is None:
        raise ConflictError(
            "nothing_to_restore",
            f"Run {past.key.run_id} left no roster to go back to.",
            "runId",
        )
    run = start_planning(request, ports.runs, ports.plan_queue, now)
    auto = group.sync_frequency is SyncFrequency.AUTO
    if auto and not keep_auto:
        _make_manual(request, ports, now)
    return run, auto and keep_auto


def _make_manual(request: RunRequest, ports: RequestPorts, now: datetime) -> None:
    """Make a group Manual, even if somebody else changes it at the same moment.

    The run has started by now, and a refusal would say that it had not.
    """
    for _ in range(CHANGE_TRIES):
        group = ports.groups.get(request.enterprise, request.group_id)
        version = group.config.version + 1
        manual = group.model_copy(
            update={
                "sync_frequency": SyncFrequency.MANUAL,
                "period": None,
                "next_run_at": None,
                "updated_at": now,
                "config": group.config.model_copy(update={"version": version}),
            }
        )
        try:
            ports.groups.change(group, manual)
        except ConflictError as error:
            if error.code != "version_conflict":
                raise
        else:
            return
    raise TryLaterError("the group is being changed all the time")


def start_planning(request: RunRequest, runs: Runs, plan_queue: Queue, now: datetime) -> Run:
    """Open a run that fetches nothing, and send the message for its plan.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: a run is under way, or what is decided on has changed.
    """
    run = runs.accept(request, now)
    with suppress(TryLaterError):  # close_runs sends it
        send_leg(run, plan_queue, runs, now, request.delay_seconds)
    return run
