"""How a run ends, what its group keeps of it, and how its end is told.

An ended run keeps no secret, owner or cursor. It is looked after until its end is announced.
"""

from datetime import datetime
from typing import Any

from shared.domain.group.group import EndedRun, GroupConfig
from shared.domain.ids import RunKey
from shared.domain.run.counts import Counts
from shared.domain.run.life.table import Event, states_before
from shared.domain.run.life.transition import Allowed, Changes, GroupStep, IfNone, Transition
from shared.domain.run.results import Commit, RunEnd
from shared.domain.run.run import Reason, Run, RunState


def closed(run: Run, now: datetime, end: RunEnd, owner: str | None) -> Transition:
    """A run ends without a new snapshot, by its ``owner`` or once nobody holds it.

    Its change file may be applied in part, so it stays in the group's ``dirty``.
    """
    known = {"bundle": end.bundle, "notices": end.notices, "counts": end.counts}
    more = {**_kept(run), **{name: value for name, value in known.items() if value}}
    return Transition(
        Event.CLOSED,
        states_before(Event.CLOSED, end.state),
        now,
        Allowed.IF_FREE,
        owner,
        changes=_ended(now, end.state, end.reason, more),
        look_at=now,
        group=GroupStep(
            {"active_run": run.seq},
            {"active_run": None, **_last_ended(run, now, end.state, end.reason)},
        ),
    )


def superseded(run: Run, reason: Reason, now: datetime) -> Transition:
    """A run ends because another takes its place, whoever works on it.

    The group changes with that other run.
    """
    return Transition(
        Event.SUPERSEDED,
        states_before(Event.SUPERSEDED) & {run.state},
        now,
        changes=_ended(now, RunState.SUPERSEDED, reason, _kept(run)),
        look_at=now,
    )


def committed(run: Run, now: datetime, commit: Commit) -> Transition:
    """A run ends with a new snapshot: applied by anybody, or with nothing to apply by its planner.

    The group's snapshot, hold and ``dirty`` are those of the commit from then on.
    """
    by_planner = commit.owner is not None
    ready = RunState.PLANNING if by_planner else RunState.APPLYING
    known: dict[str, Any] = {
        "notices": commit.notices,
        "supersedes": commit.supersedes,
        "hold": commit.hold,
    }
    more = {
        **_kept(run),
        "snapshot": commit.snapshot,
        **{name: value for name, value in known.items() if value},
    }
    if commit.counts is not None:
        more["counts"] = commit.counts
    return Transition(
        Event.COMMITTED,
        states_before(Event.COMMITTED, commit.state) & {ready},
        now,
        Allowed.OWNER if by_planner else Allowed.ANYBODY,
        commit.owner,
        changes=_ended(now, commit.state, commit.reason, more),
        look_at=now,
        group=GroupStep(
            {"active_run": run.seq},
            {
                "active_run": None,
                "base": commit.snapshot,
                "base_at": now,
                "dirty": commit.dirty,
                "shards": IfNone(commit.shards),
                "hold": commit.hold,
                **({"marked_at": None} if commit.unmark else {}),
                **({"stamp": None} if commit.distrust else {}),
                **_last_ended(run, now, commit.state, commit.reason),
            },
        ),
    )


def deleted(key: RunKey, owner: str, now: datetime, counts: Counts) -> Transition:
    """A run has deleted its group, which goes in the same write; ``counts`` is what has gone.

    The run had no secrets from its beginning.
    """
    return Transition(
        Event.DELETED,
        states_before(Event.DELETED),
        now,
        Allowed.OWNER,
        owner,
        changes=_ended(now, RunState.SUCCEEDED, None, {"counts": counts}),
        look_at=now,
        group=GroupStep({"active_run": key.seq}),
    )


def recorded() -> Transition:
    """The end of a run is in the log, where it is written only once."""
    states = states_before(Event.RECORDED)
    return Transition(Event.RECORDED, states, seen={"recorded": False}, changes={"recorded": True})


def published() -> Transition:
    """The end of a run was published, while other work still follows."""
    states = states_before(Event.PUBLISHED)
    return Transition(Event.PUBLISHED, states, changes={"published": True})


def announced() -> Transition:
    """Everything that follows the end of a run is done: nobody looks after it any more."""
    states = states_before(Event.ANNOUNCED)
    return Transition(Event.ANNOUNCED, states, changes={"announced": True, "supersedes": ()})


def without_secrets(config: GroupConfig) -> GroupConfig:
    """What an ended run keeps of its configuration."""
    return config.model_copy(update={"secrets": {}})


def _kept(run: Run) -> Changes:
    """What changes in a run's configuration when it ends."""
    return {"config": without_secrets(run.config)}


def _ended(now: datetime, state: RunState, reason: Reason | None, more: Changes) -> dict[str, Any]:
    """What is different in every run that has ended."""
    return {
        "state": state,
        "finished_at": now,
        "owner": None,
        "lease_until": None,
        "cursor": None,
        **({"reason": reason} if reason else {}),
        **more,
    }


def _last_ended(
    run: Run, now: datetime, state: RunState, reason: Reason | None
) -> dict[str, EndedRun]:
    """How the group's last sync ended; nothing if that stays.

    An admin wants to see how the last sync ended. A run that cannot have changed the roster does
    not hide it.
    """
    if not run.mode.changes_roster:
        return {}
    return {
        "last_ended": EndedRun(
            run_id=run.key.run_id,
            mode=run.mode.value,
            state=state.value,
            reason=reason.code if reason else None,
            finished_at=now,
        )
    }
