"""One step of a run's life: what must be so for it, and what is so after it.

A transition states conditions and changes by field, so that a store can check the former and make
the latter in one write, mostly without reading the run first. The fields are those of ``Run``, and
for the group those of ``GroupRuns`` and ``RosterBase``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain import timers
from shared.domain.run.life.table import Event
from shared.domain.run.run import Run, RunState


@dataclass(frozen=True)
class IfNone:
    """A change that gives a field ``value`` only if it has none yet."""

    value: Any


@dataclass(frozen=True)
class Plus:
    """A change that adds ``number`` to a field."""

    number: int


@dataclass(frozen=True)
class Appended:
    """A change that adds ``values`` at the end of a field's."""

    values: tuple[str, ...]


Changes = Mapping[str, Any]
"""New values by field: a plain value, None to remove what is there, or one of the three above."""


def changed_value(value: Any, change: Any) -> Any:
    """What becomes of a field's ``value`` by a ``change``."""
    match change:
        case IfNone():
            return change.value if value is None else value
        case Plus():
            return value + change.number
        case Appended():
            return (*value, *change.values)
    return change


class Allowed(StrEnum):
    """Who may take a step: ``anybody``, only the run's ``owner``, or, if it is ``free``, anyone.

    A run is free to a worker if no other worker holds a lease that has not run out.
    """

    ANYBODY = "anybody"
    OWNER = "owner"
    IF_FREE = "ifFree"


@dataclass(frozen=True)
class GroupStep:
    """What of a group changes with a run: all or nothing, in the same write.

    ``seen``: what the group must still be like, by field.
    ``changes``: what is different then.
    """

    seen: Changes
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True)
class Transition:
    """A step in the life of one run.

    ``event``: what happens.
    ``states``: in one of these states the run must be.
    ``at``: when it happens.
    ``allowed``: who may take the step.
    ``owner``: who takes it, where that matters.
    ``seen``: fields of the run that must have these values.
    ``in_time``: whether the run must be within its deadline.
    ``overdue``: whether the time of the next look after the run must have passed.
    ``changes``: what is different in the run then.
    ``look_at``: when somebody looks after the run, if nothing is heard of it; None leaves that as
    it is.
    ``group``: what of the run's group changes with it.
    """

    event: Event
    states: frozenset[RunState]
    at: datetime | None = None
    allowed: Allowed = Allowed.ANYBODY
    owner: str | None = None
    seen: Changes = field(default_factory=dict)
    in_time: bool = False
    overdue: bool = False
    changes: Changes = field(default_factory=dict)
    look_at: datetime | None = None
    group: GroupStep | None = None


class Unmet(StrEnum):
    """Why a step is not taken."""

    STATE = "the run is in another state"
    CHANGED = "the run has changed since it was seen"
    NOT_OWNER = "the run is not this owner's"
    OWNED = "another owner holds the run"
    OUT_OF_TIME = "the run's time is over"
    NOT_OVERDUE = "the run was looked after already"
    GROUP = "the group is not as it was seen"


def unmet(step: Transition, run: Run, look_at: datetime | None) -> Unmet | None:
    """Say which condition of a step a run does not meet; None if the step may be taken.

    ``look_at`` is when somebody was going to look after the run. The group is not looked at here.
    """
    if run.state not in step.states:
        return Unmet.STATE
    if any(getattr(run, name) != value for name, value in step.seen.items()):
        return Unmet.CHANGED
    if step.allowed is Allowed.OWNER and run.owner != step.owner:
        return Unmet.NOT_OWNER
    if step.allowed is Allowed.IF_FREE and _held_by_another(run, step.owner, step.at):
        return Unmet.OWNED
    if step.in_time and step.at and step.at - run.created_at >= timers.RUN_DEADLINE:
        return Unmet.OUT_OF_TIME
    if step.overdue and step.at and (look_at is None or look_at >= step.at):
        return Unmet.NOT_OVERDUE
    return None


def changed(step: Transition, run: Run) -> Run:
    """What a run is like after a step."""
    return run.model_copy(
        update={
            name: changed_value(getattr(run, name), change) for name, change in step.changes.items()
        }
    )


def _held_by_another(run: Run, owner: str | None, now: datetime | None) -> bool:
    if run.owner is None or run.owner == owner:
        return False
    return run.lease_until is None or now is None or run.lease_until >= now
