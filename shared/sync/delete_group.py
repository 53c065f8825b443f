"""Deletes a group with all that it has: in a run of its own, in the background, in two sweeps.

Workers of the run that the deletion has stopped may write on for as long as an invocation lives.
So what is left is swept, and swept again when none of them can be alive any more; only then are the
group's names and customers free.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain import timers
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run import Run, RunState
from shared.errors import ConflictError, StoppedError
from shared.messages import DeleteGroup
from shared.ports import (
    Announcements,
    Deletions,
    Groups,
    Legs,
    Objects,
    Queue,
    Remains,
    RunLog,
    Runs,
)
from shared.sync.finish_run import announce
from shared.sync.send_work import at_leg, send_deletion

SECOND_SWEEP_SECONDS = 900
"""How long an invocation can live (AWS Lambda quotas), and how long SQS can hold a message back."""
_STATES = frozenset({RunState.ACCEPTED, RunState.APPLYING})


@dataclass(frozen=True)
class RequestDeletionPorts:
    """What the request to delete a group needs of the world; ``remains`` are an empty group's."""

    groups: Groups
    runs: Runs
    deletions: Deletions
    remains: Sequence[Remains]
    delete_queue: Queue


@dataclass(frozen=True)
class DeletePorts:
    """What the deletion of a group needs of the world; ``leg`` is how long one goes on.

    ``beat`` is a third of the lease.
    """

    runs: Runs
    legs: Legs
    deletions: Deletions
    remains: Sequence[Remains]
    objects: Objects
    announcements: Announcements
    run_log: RunLog
    delete_queue: Queue
    clock: Callable[[], datetime]
    leg: timedelta
    beat: timedelta = timers.LEASE / timers.BEATS_PER_LEASE
    second_sweep_seconds: int = SECOND_SWEEP_SECONDS


def request_deletion(
    enterprise: EnterpriseId,
    group_id: GroupId,
    confirmed_name: str,
    person: str,
    ports: RequestDeletionPorts,
    now: datetime,
) -> Run | None:
    """Delete a group, once its name has been confirmed.

    Returns the run that does it, or None where there was nothing but the group itself, which is
    gone then. Asked again while that run is under way, it is the same run.

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
    if group.empty and group.deleting_since is None:
        ports.groups.delete(group)
        for remains in ports.remains:
            for _ in remains.sweep(enterprise, group_id):
                pass
        return None
    run = ports.deletions.begin(enterprise, group_id, person, now)
    if run.sent_at is None and run.owner is None:
        send_deletion(run, ports.delete_queue, ports.runs, now)
    return run


def delete_leg(message: DeleteGroup, ports: DeletePorts, owner: str) -> None:
    """Sweep for one leg: go on in the next, wait for the second sweep, or end."""
    run = ports.legs.claim(message.key, _STATES, message.leg, owner, ports.clock())
    if run is None:
        return
    try:
        _sweep(run, ports, owner)
    except StoppedError:
        return


def _sweep(run: Run, ports: DeletePorts, owner: str) -> None:
    second = bool((run.cursor or {}).get("second"))
    deleted = int(run.progress.get("deleted", 0))
    began = beaten = ports.clock()
    for remains in ports.remains:
        for count in remains.sweep(run.enterprise, run.group_id):
            deleted += count
            now = ports.clock()
            if now - began >= ports.leg:
                _hand_on(run, ports, owner, second=second, deleted=deleted)
                return
            if now - beaten >= ports.beat:
                beaten = now
                ports.legs.beat(run.key, owner, now, _progress(deleted))
    if not second:
        wait = ports.second_sweep_seconds
        _hand_on(run, ports, owner, second=True, deleted=deleted, delay_seconds=wait)
        return
    ports.deletions.finish(run.key, owner, ports.clock())
    announce(run.key, ports.runs, ports.legs, ports)


def _hand_on(
    run: Run, ports: DeletePorts, owner: str, *, second: bool, deleted: int, delay_seconds: int = 0
) -> None:
    now = ports.clock()
    leg = ports.legs.hand_on(
        run.key,
        owner,
        now,
        state=RunState.APPLYING,
        cursor={"second": second},
        progress=_progress(deleted),
        delay_seconds=delay_seconds,
    )
    run = at_leg(run, RunState.APPLYING, leg)
    send_deletion(run, ports.delete_queue, ports.runs, now, delay_seconds)


def _progress(deleted: int) -> dict[str, object]:
    return {"stage": "deleting", "deleted": deleted}
