"""How a run is worked on: by whom, for how long, and when it is looked after.

``lease`` is how long an owner may be silent, ``resend_after`` how long nothing may be heard of a
run that nobody works on; both are of ``domain/timers.py``.
"""

from datetime import datetime, timedelta
from typing import Any

from shared.domain import timers
from shared.domain.ids import RunKey
from shared.domain.run.life.table import Event, states_before
from shared.domain.run.life.transition import (
    Allowed,
    Appended,
    GroupStep,
    IfNone,
    Plus,
    Transition,
)
from shared.domain.run.results import NextLeg, PlanResult
from shared.domain.run.run import Run, RunState

NOBODYS = {"owner": None, "lease_until": None}
"""What changes when an owner gives a run up."""
FRESH = {"resends": 0, "sent_at": None}
"""What changes when a run comes to work whose message was never sent."""


def claimed(state: RunState, leg: int, owner: str, now: datetime, lease: timedelta) -> Transition:
    """A worker takes leg ``leg``, which is worked on in ``state``.

    It may if no other worker holds the run, or that one's lease has run out, and as long as the
    run's time is not over.
    """
    until = now + lease
    return Transition(
        Event.CLAIMED,
        states_before(Event.CLAIMED, state),
        now,
        Allowed.IF_FREE,
        owner,
        seen={"leg": leg},
        in_time=True,
        changes={
            "state": state,
            "owner": owner,
            "lease_until": until,
            "started_at": IfNone(now),
        },
        look_at=until,
    )


def beaten(owner: str, now: datetime, lease: timedelta, progress: dict[str, Any]) -> Transition:
    """The owner is alive, and shows how far it has come."""
    until = now + lease
    return Transition(
        Event.BEATEN,
        states_before(Event.BEATEN),
        now,
        Allowed.OWNER,
        owner,
        changes={"lease_until": until, "progress": progress},
        look_at=until,
    )


def handed_on(owner: str, now: datetime, resend_after: timedelta, next_leg: NextLeg) -> Transition:
    """The owner ends its leg, and gives the run up to whoever takes the next one."""
    return Transition(
        Event.HANDED_ON,
        states_before(Event.HANDED_ON, next_leg.state),
        now,
        Allowed.OWNER,
        owner,
        changes={
            "state": next_leg.state,
            "leg": Plus(1),
            "cursor": next_leg.cursor,
            "progress": next_leg.progress,
            **({"bundle": next_leg.bundle} if next_leg.bundle else {}),
            **NOBODYS,
            **FRESH,
        },
        look_at=now + resend_after + timedelta(seconds=next_leg.delay_seconds),
    )


def planned(
    key: RunKey,
    owner: str,
    now: datetime,
    resend_after: timedelta,
    result: PlanResult,
    last_number: int,
) -> Transition:
    """The owner has planned: the changes may be written, and are uncertain until the commit.

    ``last_number`` is the last run number that the group gave out. Where the plan's writes bear a
    higher one, the group goes on counting from there.
    """
    seen: dict[str, Any] = {"active_run": key.seq}
    changes: dict[str, Any] = {
        "dirty": Appended((result.plan.changes_key,)),
        "shards": IfNone(result.plan.shards),
    }
    if result.stamp is not None:
        changes["stamp"] = result.stamp
        if last_number < result.stamp.order:
            seen["run_seq"] = last_number
            changes["run_seq"] = result.stamp.order
    return Transition(
        Event.PLANNED,
        states_before(Event.PLANNED),
        now,
        Allowed.OWNER,
        owner,
        changes={
            "state": RunState.APPLYING,
            "plan": result.plan,
            "counts": result.counts,
            "notices": result.notices,
            "cursor": None,
            **NOBODYS,
            **FRESH,
        },
        look_at=now + resend_after,
        group=GroupStep(seen, changes),
    )


def touched(now: datetime, resend_after: timedelta) -> Transition:
    """A batch of the run's plan is being written."""
    states = states_before(Event.TOUCHED)
    return Transition(Event.TOUCHED, states, now, look_at=now + resend_after)


def learned(key: RunKey, facts: dict[str, str]) -> GroupStep:
    """A run has found something out about its source, which the group's later runs go by."""
    return GroupStep({"active_run": key.seq}, {"learned": facts})


def sent(run: Run, now: datetime) -> Transition:
    """A queue has taken the message of the leg that ``run`` has come to."""
    return Transition(
        Event.SENT,
        _as_seen(Event.SENT, run),
        now,
        seen={"leg": run.leg},
        changes={"sent_at": now},
    )


def resent(run: Run, now: datetime, resend_after: timedelta, delay_seconds: int = 0) -> Transition:
    """The message of a silent run is about to be sent again, held back ``delay_seconds``.

    Each time the next look is four times as far off (``timers.wait_after``).
    """
    return Transition(
        Event.RESENT,
        _as_seen(Event.RESENT, run),
        now,
        seen={"resends": run.resends},
        overdue=True,
        changes={"resends": Plus(1), "sent_at": None},
        look_at=now
        + timedelta(seconds=delay_seconds)
        + timers.wait_after(run.resends, resend_after),
    )


def put_off(run: Run, now: datetime, resend_after: timedelta) -> Transition:
    """A silent run is left to itself until its next look."""
    return Transition(
        Event.PUT_OFF,
        _as_seen(Event.PUT_OFF, run),
        now,
        overdue=True,
        look_at=now + resend_after,
    )


def waiting_on(now: datetime, resend_after: timedelta) -> Transition:
    """A run goes on waiting for its turn."""
    return Transition(Event.PUT_OFF, frozenset({RunState.WAITING}), now, look_at=now + resend_after)


def _as_seen(event: Event, run: Run) -> frozenset[RunState]:
    """The state in which a run was seen, if the event may happen to it there."""
    return states_before(event) & {run.state}
