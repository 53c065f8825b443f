"""What the twins of the ``control`` table keep, and how they take a step of a run's life."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.domain import timers
from shared.domain.errors import group_not_found
from shared.domain.group.group import EndedRun, GroupConfig
from shared.domain.group.hold import Hold
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.roster.stamp import Stamp
from shared.domain.run.deletion_certificate import Certificate
from shared.domain.run.life.opening import GroupRuns, Opening
from shared.domain.run.life.transition import (
    GroupStep,
    Transition,
    Unmet,
    changed,
    changed_value,
    unmet,
)
from shared.domain.run.results import Unapplied
from shared.domain.run.run import Run, Snapshot

GroupKey = tuple[EnterpriseId, GroupId]


@dataclass
class GroupState:
    """What the group's item holds besides the group's own fields."""

    config: GroupConfig
    run_seq: int = 0
    active_run: int | None = None
    waiting: tuple[int, ...] = ()
    drops: dict[tuple[str, str | None], int] = field(default_factory=dict)
    base: Snapshot | None = None
    base_at: datetime | None = None
    dirty: tuple[str, ...] = ()
    shards: int | None = None
    learned: dict[str, str] = field(default_factory=dict)
    hold: Hold | None = None
    anchor: Any = None
    next_run_at: datetime | None = None
    stamp: Stamp | None = None
    last_ended: EndedRun | None = None
    deletion_run: int | None = None


class ControlState:
    """The groups and runs of a ``control`` table.

    ``stamps`` are those of the roster's table. ``on_write`` is called before every write with its
    name; a test that raises from it kills the worker there.
    """

    def __init__(
        self,
        lease: timedelta = timers.LEASE,
        resend_after: timedelta = timers.RESEND_AFTER,
        on_write: Callable[[str], None] = lambda name: None,
        stamps: dict[GroupId, Stamp] | None = None,
    ) -> None:
        self.stamps = {} if stamps is None else stamps
        self.groups: dict[GroupKey, GroupState] = {}
        self.deleting: dict[GroupKey, datetime] = {}
        self.marked: dict[GroupKey, datetime] = {}
        self.gone: dict[GroupKey, Certificate] = {}
        self.runs: dict[RunKey, Run] = {}
        self.open_until: dict[RunKey, datetime] = {}
        self.pending: dict[tuple[RunKey, str], set[int]] = {}
        self.noted: dict[RunKey, dict[int, list[Unapplied]]] = {}
        self.on_write = on_write
        self.lease = lease
        self.resend_after = resend_after
        self.lock = threading.RLock()

    def standing(self, enterprise: EnterpriseId, group_id: GroupId) -> GroupState:
        """A group that is there, and is not being deleted."""
        group = self.groups.get((enterprise, group_id))
        if group is None or (enterprise, group_id) in self.deleting:
            raise group_not_found()
        return group

    def group_runs(self, enterprise: EnterpriseId, group_id: GroupId) -> GroupRuns:
        """Where a group stands with its runs.

        :raises NotFoundError: there is no such group.
        """
        key = (enterprise, group_id)
        if key not in self.groups:
            raise group_not_found()
        group = self.groups[key]
        learned = {"learned": group.learned} if group.learned else {}
        return GroupRuns(
            config=group.config.model_copy(update=learned),
            run_seq=group.run_seq,
            active_run=group.active_run,
            waiting=group.waiting,
            hold=group.hold,
            kept=group.base.kept if group.base else None,
            next_run_at=group.next_run_at,
            marked=key in self.marked,
            deleting=key in self.deleting,
            deletion_run=group.deletion_run,
        )

    def open_run(self, opening: Opening) -> Run:
        """Begin a run, with all that changes with it; its group is as it was looked at."""
        run = opening.run
        self.change_group((run.enterprise, run.group_id), opening.group)
        self.runs[run.key] = run
        self.open_until[run.key] = opening.look_at
        for key, end in opening.ends:
            refused = self.take_step(key, end)
            assert refused is None, refused
        return run

    def take_step(self, key: RunKey, step: Transition) -> Unmet | None:
        """Take a step, or say why it is not taken; all or nothing."""
        run = self.runs.get(key)
        if run is None:
            return Unmet.STATE
        refused = unmet(step, run, self.open_until.get(key))
        if refused is not None:
            return refused
        group = (key.enterprise, key.group_id)
        if step.group is not None and not self.change_group(group, step.group):
            return Unmet.GROUP
        self.runs[key] = changed(step, run)
        if step.look_at is not None:
            self.open_until[key] = step.look_at
        if self.runs[key].announced:
            self.open_until.pop(key, None)
        return None

    def change_group(self, key: GroupKey, step: GroupStep) -> bool:
        """Change a group, if it is as it was seen."""
        if key not in self.groups:
            return False
        now = self.group_runs(*key)
        if any(getattr(now, name) != value for name, value in step.seen.items()):
            return False
        apart = {"marked_at": self.marked, "deleting_since": self.deleting}
        group = self.groups[key]
        for name, change in step.changes.items():
            if name not in apart:
                setattr(group, name, changed_value(getattr(group, name), change))
            elif (value := changed_value(apart[name].get(key), change)) is None:
                apart[name].pop(key, None)
            else:
                apart[name][key] = value
        return True
