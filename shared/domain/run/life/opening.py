"""How a run begins: what it takes from its group, and what the group gives it.

These functions look at the group as a store has read it, and answer with a new run and the change
of the group that goes with it. A store writes both, if the group is still what it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.domain.errors import ConflictError, NotDueError, TryLaterError, group_not_found
from shared.domain.group.group import GroupConfig
from shared.domain.group.hold import Hold
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.roster.staged_rows import NOTHING_STAGED
from shared.domain.run.bundle import Bundle
from shared.domain.run.decision import check_decision
from shared.domain.run.life.end import superseded, without_secrets
from shared.domain.run.life.table import Event, states_before
from shared.domain.run.life.transition import GroupStep, IfNone, Transition
from shared.domain.run.requests import Drop, RunRequest
from shared.domain.run.run import Mode, Reason, Run, RunState, Trigger

MAX_WAITING = 50
"""How many bundles of a group may wait. A bundle and those that it supersedes change in one
transaction, which takes at most 100 actions (Amazon DynamoDB)."""


@dataclass(frozen=True)
class GroupRuns:
    """Where a group stands with its runs.

    ``config``: the settings that its next run copies, with what was learned about the source.
    ``run_seq``: the number that it gave out last.
    ``active_run``: the number of the run that has the group to itself, None if none has.
    ``waiting``: the numbers of the runs that wait for their turn, oldest first.
    ``hold``: what waits for a person.
    ``kept``: what a person has rejected.
    ``next_run_at``: when the clock starts its next run, None if it never does.
    ``marked``: whether its roster is marked for deletion.
    ``deleting``: whether it is being deleted itself.
    ``deletion_run``: the number of the last run that was to delete it.
    """

    config: GroupConfig
    run_seq: int = 0
    active_run: int | None = None
    waiting: tuple[int, ...] = ()
    hold: Hold | None = None
    kept: Hold | None = None
    next_run_at: datetime | None = None
    marked: bool = False
    deleting: bool = False
    deletion_run: int | None = None

    @property
    def version(self) -> int:
        """Counts the changes of its settings."""
        return self.config.version


@dataclass(frozen=True)
class Opening:
    """A run that begins, and what else changes in the same write.

    ``run``: the new run.
    ``look_at``: when somebody looks after it, if nothing is heard of it.
    ``group``: what changes of its group.
    ``ends``: the runs that end by it.
    """

    run: Run
    look_at: datetime
    group: GroupStep
    ends: tuple[tuple[RunKey, Transition], ...] = ()


def accepted(
    request: RunRequest, group: GroupRuns, now: datetime, resend_after: timedelta
) -> Opening:
    """Open the run that was asked for; it has the group to itself until it ends.

    :raises NotFoundError: the group is being deleted.
    :raises NotDueError: the clock has been here before.
    :raises ConflictError: ``run_under_way``; or what was decided on is not what waits.
    """
    _check_stays(group)
    _check_due(request, group)
    if group.active_run is not None or group.waiting:
        raise under_way(group.active_run or group.waiting[0])
    check_decision(request.decision, group.hold, group.kept)
    state = RunState.ACCEPTED if request.fetches else RunState.PLANNING
    run = _next_run(
        request,
        group,
        now,
        state=state,
        cursor=None if request.fetches else NOTHING_STAGED,
        bundle=Bundle(accept_older=True) if request.accept_older else None,
    )
    look_at = now + resend_after + timedelta(seconds=request.delay_seconds)
    step = _takes_number(run, group, request)
    seen = {**step.seen, "active_run": None, "waiting": ()}
    return Opening(run, look_at, GroupStep(seen, {**step.changes, "active_run": run.seq}))


def skipped(request: RunRequest, group: GroupRuns, reason: Reason, now: datetime) -> Opening:
    """Note that the clock's run does not begin, and why: it ends at once as Cancelled.

    :raises NotFoundError: the group is being deleted.
    :raises NotDueError: the clock has been here before.
    """
    _check_stays(group)
    _check_due(request, group)
    run = _next_run(
        request,
        group,
        now,
        state=RunState.CANCELLED,
        config=without_secrets(group.config),
        reason=reason,
        finished_at=now,
    )
    return Opening(run, now, _takes_number(run, group, request))


def dropped(
    drop: Drop, group: GroupRuns, waiting: Sequence[Run], now: datetime, resend_after: timedelta
) -> Opening:
    """Open a run for a bundle; it waits for its turn. ``waiting`` are the runs that wait already.

    Those among them that the bundle supersedes end as Superseded.

    :raises NotFoundError: the group is being deleted.
    :raises TryLaterError: too many bundles wait.
    """
    _check_stays(group)
    needless = [run for run in waiting if run.seq in drop.supersedes]
    left = [seq for seq in group.waiting if seq not in drop.supersedes]
    if len(left) >= MAX_WAITING:
        raise TryLaterError("too many bundles of the group wait")
    request = RunRequest(drop.enterprise, drop.group_id, drop.mode, Trigger.DROP, "drop")
    run = _next_run(request, group, now, state=RunState.WAITING, bundle=drop.bundle)
    reason = Reason(
        code="superseded",
        message=f"A later bundle (run {run.seq}) holds all that this one held; it was not needed.",
    )
    step = _takes_number(run, group, request)
    return Opening(
        run,
        now + resend_after,
        GroupStep(
            {**step.seen, "waiting": group.waiting}, {**step.changes, "waiting": (*left, run.seq)}
        ),
        tuple((old.key, superseded(old, reason, now)) for old in needless),
    )


def begun(group: GroupRuns, now: datetime, resend_after: timedelta) -> Transition | None:
    """Give the group to the run that has waited longest; None if none can begin now.

    The group's settings may have changed while the bundle waited: those of now count. So does the
    mark of its roster; if there is one by now, the bundle is not loaded.
    """
    if group.deleting or group.active_run is not None or not group.waiting:
        return None
    first, *rest = group.waiting
    return Transition(
        Event.BEGUN,
        states_before(Event.BEGUN),
        now,
        changes={
            "state": RunState.ACCEPTED,
            "config": group.config,
            **({"marked": True} if group.marked else {}),
        },
        look_at=now + resend_after,
        group=GroupStep(
            seen={
                "deleting": False,
                "active_run": None,
                "marked": group.marked,
                "waiting": group.waiting,
                "version": group.version,
            },
            changes={"active_run": first, "waiting": tuple(rest)},
        ),
    )


def deletes(run: Run) -> bool:
    """Whether a run under way deletes its group already; a second deletion does not begin then."""
    return run.mode is Mode.DELETE


def deletion_begun(
    key: tuple[EnterpriseId, GroupId],
    person: str,
    group: GroupRuns,
    others: Sequence[Run],
    given_up: Run | None,
    now: datetime,
    resend_after: timedelta,
) -> Opening:
    """Open the run that deletes a group. The group's ``others``, under way or waiting, end.

    ``given_up`` is an earlier run that failed to delete it. What that run counted is gone, so its
    counts go on in the new run.
    """
    request = RunRequest(*key, Mode.DELETE, Trigger.REQUEST, person)
    run = _next_run(
        request,
        group,
        now,
        state=RunState.ACCEPTED,
        config=without_secrets(group.config),
        progress=given_up.progress if given_up else {},
    )
    reason = Reason(code="group_deleted", message=f"The group is being deleted (run {run.seq}).")
    return Opening(
        run,
        now + resend_after,
        GroupStep(
            seen={
                "run_seq": group.run_seq,
                "version": group.version,
                "active_run": group.active_run,
            },
            changes={
                "run_seq": run.seq,
                "active_run": run.seq,
                "deletion_run": run.seq,
                "deleting_since": IfNone(now),
                "waiting": (),
                "hold": None,
                "marked_at": None,
                "next_run_at": None,
            },
        ),
        tuple((old.key, superseded(old, reason, now)) for old in others),
    )


def under_way(seq: int) -> ConflictError:
    """What a second request is told: which run of the group is under way."""
    return ConflictError(
        "run_under_way",
        f"Run {seq} of this group is still under way; wait until it has ended.",
        runId=str(seq),
    )


def _next_run(request: RunRequest, group: GroupRuns, now: datetime, **fields: Any) -> Run:
    """The group's next run."""
    return Run.model_validate(
        {
            "enterprise": request.enterprise,
            "group_id": request.group_id,
            "seq": group.run_seq + 1,
            "mode": request.mode,
            "trigger": request.trigger,
            "requested_by": request.requested_by,
            "config": group.config,
            "decision": request.decision,
            "marked": request.marked,
            "restores": request.restores,
            "created_at": now,
            **fields,
        }
    )


def _takes_number(run: Run, group: GroupRuns, request: RunRequest) -> GroupStep:
    """How a group gives out its next number, and, if the clock asks, goes on to its next time."""
    seen: dict[str, Any] = {"deleting": False, "run_seq": group.run_seq, "version": group.version}
    changes: dict[str, Any] = {"run_seq": run.seq}
    if request.due is not None:
        seen["next_run_at"] = request.due.at
        changes["next_run_at"] = request.due.next_at
        if request.due.next_at is not None:
            changes["anchor"] = IfNone(request.due.anchor)
    return GroupStep(seen, changes)


def _check_stays(group: GroupRuns) -> None:
    """See that the group is not being deleted."""
    if group.deleting:
        raise group_not_found()


def _check_due(request: RunRequest, group: GroupRuns) -> None:
    """See that the clock has not been here before: the group is due at that very moment."""
    if request.due is not None and group.next_run_at != request.due.at:
        raise NotDueError
