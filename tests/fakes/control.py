"""In-memory twins of what lies in the ``control`` table: groups, runs, legs, batches."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from shared.domain import timers
from shared.domain.errors import ConflictError, NotDueError, NotFoundError, StoppedError
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.hold import Hold
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.roster.staged_rows import NOTHING_STAGED
from shared.domain.roster.stamp import Stamp
from shared.domain.run.bundle import Bundle
from shared.domain.run.deletion_certificate import Certificate
from shared.domain.run.requests import Drop, RunRequest
from shared.domain.run.results import Commit, NextLeg, PlanResult, RosterBase, RunEnd, Unapplied
from shared.domain.run.run import OPEN_STATES, Mode, Plan, Reason, Run, RunState, Snapshot, Trigger
from shared.ports.roster_reading import RosterState
from shared.ports.runs import check_decision

_OWNED = frozenset({RunState.EXTRACTING, RunState.PLANNING, RunState.APPLYING})
GroupKey = tuple[EnterpriseId, GroupId]


@dataclass
class GroupState:
    """What the group item holds besides the group's own fields."""

    config: GroupConfig
    run_seq: int = 0
    active_run: int | None = None
    waiting: tuple[int, ...] = ()
    drops: dict[tuple[str, str | None], int] = field(default_factory=dict)
    base: Snapshot | None = None
    dirty: tuple[str, ...] = ()
    shards: int | None = None
    learned: dict[str, str] = field(default_factory=dict)
    hold: Hold | None = None
    next_run_at: datetime | None = None
    stamp: Stamp | None = None


class InMemoryControl:
    """``Runs``, ``Legs`` and ``Batches`` in memory.

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
        self.in_log: set[RunKey] = set()
        self.noted: dict[RunKey, dict[int, list[Unapplied]]] = {}
        self._lease = lease
        self._resend_after = resend_after
        self.on_write = on_write
        self._lock = threading.RLock()

    def standing(self, enterprise: EnterpriseId, group_id: GroupId) -> GroupState:
        """A group that is there, and is not being deleted."""
        group = self.groups.get((enterprise, group_id))
        if group is None or (enterprise, group_id) in self.deleting:
            raise NotFoundError("group_not_found", "There is no such group.")
        return group

    # Runs

    def accept(self, request: RunRequest, now: datetime) -> Run:
        self.on_write("accept")
        with self._lock:
            group = self.standing(request.enterprise, request.group_id)
            _check_due(request, group)
            if group.active_run is not None or group.waiting:
                under_way = str(group.active_run or group.waiting[0])
                raise ConflictError("run_under_way", "", runId=under_way)
            check_decision(request.decision, group.hold)
            if request.due is not None:
                group.next_run_at = request.due.next_at
            group.run_seq += 1
            group.active_run = group.run_seq
            config = group.config
            if group.learned:
                config = config.model_copy(update={"learned": group.learned})
            run = Run(
                enterprise=request.enterprise,
                group_id=request.group_id,
                seq=group.run_seq,
                mode=request.mode,
                trigger=request.trigger,
                requested_by=request.requested_by,
                state=RunState.ACCEPTED if request.fetches else RunState.PLANNING,
                config=config,
                cursor=None if request.fetches else NOTHING_STAGED,
                decision=request.decision,
                marked=request.marked,
                restores=request.restores,
                bundle=Bundle(accept_older=True) if request.accept_older else None,
                created_at=now,
            )
            self.runs[run.key] = run
            delay = timedelta(seconds=request.delay_seconds)
            self.open_until[run.key] = now + delay + self._resend_after
            return run

    def skip(self, request: RunRequest, reason: Reason, now: datetime) -> Run:
        with self._lock:
            group = self.standing(request.enterprise, request.group_id)
            _check_due(request, group)
            if request.due is not None:
                group.next_run_at = request.due.next_at
            group.run_seq += 1
            run = Run(
                enterprise=request.enterprise,
                group_id=request.group_id,
                seq=group.run_seq,
                mode=request.mode,
                trigger=request.trigger,
                requested_by=request.requested_by,
                state=RunState.CANCELLED,
                config=group.config.model_copy(update={"secrets": {}}),
                reason=reason,
                created_at=now,
                finished_at=now,
            )
            self.runs[run.key] = run
            self.open_until[run.key] = now
            return run

    def get(self, key: RunKey) -> Run | None:
        return self.runs.get(key)

    # Drops

    def take(self, drop: Drop, now: datetime) -> Run:
        self.on_write("take")
        with self._lock:
            group = self.standing(drop.enterprise, drop.group_id)
            place = drop.bundle.objects[0]
            if (known := group.drops.get((place.key, place.version))) is not None:
                return self.runs[RunKey(drop.enterprise, drop.group_id, known)]
            group.run_seq += 1
            run = Run(
                enterprise=drop.enterprise,
                group_id=drop.group_id,
                seq=group.run_seq,
                mode=drop.mode,
                trigger=Trigger.DROP,
                requested_by="drop",
                state=RunState.WAITING,
                config=group.config,
                bundle=drop.bundle,
                created_at=now,
            )
            self.runs[run.key] = run
            self.open_until[run.key] = now + self._resend_after
            group.drops[place.key, place.version] = run.seq
            for seq in group.waiting:
                if seq in drop.supersedes:
                    reason = Reason(code="superseded", message="A later bundle holds it all.")
                    old = RunKey(drop.enterprise, drop.group_id, seq)
                    self._end(old, now, state=RunState.SUPERSEDED, reason=reason)
            left = [seq for seq in group.waiting if seq not in drop.supersedes]
            group.waiting = (*left, run.seq)
            return run

    def waiting(self, enterprise: EnterpriseId, group_id: GroupId) -> Sequence[Run]:
        group = self.groups[enterprise, group_id]
        return [self.runs[RunKey(enterprise, group_id, seq)] for seq in group.waiting]

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Run | None:
        self.on_write("begin")
        with self._lock:
            group = self.groups[enterprise, group_id]
            until = now + self._resend_after
            if group.active_run is not None:
                for seq in group.waiting:
                    self.open_until[RunKey(enterprise, group_id, seq)] = until
            if group.active_run is not None or not group.waiting:
                return None
            group.active_run, *rest = group.waiting
            group.waiting = tuple(rest)
            key = RunKey(enterprise, group_id, group.active_run)
            marked = (enterprise, group_id) in self.marked
            changes = {"config": group.config, "marked": marked}
            return self._put(key, until, state=RunState.ACCEPTED, **changes)

    def history(self, group_id: GroupId, limit: int, before: int | None) -> Sequence[Run]:
        runs = [
            run
            for key, run in self.runs.items()
            if key.group_id == group_id and (before is None or key.seq < before)
        ]
        return sorted(runs, key=lambda run: -run.seq)[:limit]

    def overdue(self, now: datetime) -> Iterator[RunKey]:
        due = [(until, key) for key, until in self.open_until.items() if until < now]
        yield from [key for _, key in sorted(due, key=itemgetter(0))]

    def sent(self, run: Run, now: datetime) -> None:
        self.on_write("sent")
        with self._lock:
            kept = self.runs.get(run.key)
            if kept is not None and (kept.state, kept.leg) == (run.state, run.leg):
                self._put(run.key, self.open_until[run.key], sent_at=now)

    # Legs

    def claim(
        self, key: RunKey, states: frozenset[RunState], leg: int, owner: str, now: datetime
    ) -> Run | None:
        self.on_write("claim")
        with self._lock:
            run = self.runs.get(key)
            if run is None or run.state not in states or run.leg != leg:
                return None
            if now - run.created_at >= timers.RUN_DEADLINE:
                return None
            held = run.owner not in (None, owner)
            if held and run.lease_until is not None and run.lease_until >= now:
                return None
            [state] = states & _OWNED
            return self._put(
                key,
                now + self._lease,
                owner=owner,
                lease_until=now + self._lease,
                state=state,
                started_at=run.started_at or now,
            )

    def beat(self, key: RunKey, owner: str, now: datetime, progress: dict[str, Any]) -> None:
        self._mine(key, owner)
        self._put(key, now + self._lease, lease_until=now + self._lease, progress=progress)

    def hand_on(self, key: RunKey, owner: str, now: datetime, step: NextLeg) -> int:
        self.on_write("hand_on")
        with self._lock:
            run = self._mine(key, owner)
            until = now + self._resend_after + timedelta(seconds=step.delay_seconds)
            changes: dict[str, Any] = {"state": step.state, "cursor": step.cursor}
            changes |= {"progress": step.progress, "leg": run.leg + 1}
            changes |= {"bundle": step.bundle or run.bundle}
            free = {"owner": None, "lease_until": None, "resends": 0, "sent_at": None}
            return self._put(key, until, **changes, **free).leg

    def resend(self, run: Run, now: datetime, delay_seconds: int = 0) -> None:
        self.on_write("resend")
        with self._lock:
            kept = self.runs[run.key]
            if (kept.state, kept.resends) != (run.state, run.resends):
                raise StoppedError
            if self.open_until[run.key] >= now:
                raise StoppedError
            until = now + timedelta(seconds=delay_seconds)
            until += timers.wait_after(run.resends, self._resend_after)
            self._put(run.key, until, resends=run.resends + 1, sent_at=None)

    def put_off(self, run: Run, now: datetime) -> None:
        self.on_write("put_off")
        with self._lock:
            until = self.open_until.get(run.key)
            if until is not None and until < now and self.runs[run.key].state is run.state:
                self._put(run.key, now + self._resend_after)

    def close(self, key: RunKey, now: datetime, end: RunEnd, owner: str | None = None) -> bool:
        self.on_write("close")
        with self._lock:
            run = self.runs.get(key)
            if run is None or run.state not in OPEN_STATES:
                return False
            held = run.owner not in (None, owner)
            if held and run.lease_until is not None and run.lease_until >= now:
                return False
            known = {"bundle": end.bundle, "notices": end.notices, "counts": end.counts}
            facts = {name: value for name, value in known.items() if value}
            self._end(key, now, state=end.state, reason=end.reason, **facts)
            self._group(key).active_run = None
            return True

    def recorded(self, key: RunKey) -> bool:
        self.on_write("recorded")
        with self._lock:
            known = key in self.in_log
            self.in_log.add(key)
            return not known

    def published(self, key: RunKey) -> None:
        self.on_write("published")
        with self._lock:
            self.runs[key] = self.runs[key].model_copy(update={"published": True})

    def announced(self, key: RunKey) -> None:
        self.on_write("announced")
        with self._lock:
            self.runs[key] = self.runs[key].model_copy(update={"announced": True, "supersedes": ()})
            self.open_until.pop(key, None)

    def learn(self, key: RunKey, facts: dict[str, str]) -> None:
        group = self._group(key)
        if group.active_run == key.seq:
            group.learned = dict(facts)

    # Deletions

    def start_deletion(
        self, enterprise: EnterpriseId, group_id: GroupId, person: str, now: datetime
    ) -> Run:
        with self._lock:
            group = self.groups.get((enterprise, group_id))
            if group is None:
                raise NotFoundError("group_not_found", "There is no such group.")
            if group.active_run is not None:
                under_way = self.runs[RunKey(enterprise, group_id, group.active_run)]
                if under_way.mode is Mode.DELETE:
                    return under_way
            reason = Reason(code="group_deleted", message="The group is being deleted.")
            for seq in (*((group.active_run,) if group.active_run else ()), *group.waiting):
                old = RunKey(enterprise, group_id, seq)
                self._end(old, now, state=RunState.SUPERSEDED, reason=reason)
            group.run_seq += 1
            group.active_run, group.waiting = group.run_seq, ()
            self.deleting.setdefault((enterprise, group_id), now)
            given_up = [
                old
                for key, old in self.runs.items()
                if key[:2] == (enterprise, group_id) and old.mode is Mode.DELETE
            ]
            group.hold = None
            self.marked.pop((enterprise, group_id), None)
            run = Run(
                enterprise=enterprise,
                group_id=group_id,
                seq=group.run_seq,
                mode=Mode.DELETE,
                trigger=Trigger.REQUEST,
                requested_by=person,
                state=RunState.ACCEPTED,
                config=group.config.model_copy(update={"secrets": {}}),
                progress=given_up[-1].progress if given_up else {},
                created_at=now,
            )
            self.runs[run.key] = run
            self.open_until[run.key] = now + self._resend_after
            return run

    def end_deletion(self, key: RunKey, owner: str, certificate: Certificate) -> None:
        with self._lock:
            run = self._mine(key, owner)
            if run.state is not RunState.APPLYING or self._group(key).active_run != key.seq:
                raise StoppedError
            ended = {"state": RunState.SUCCEEDED, "counts": certificate.counts}
            self._end(key, certificate.deleted_at, **ended)
            self.gone[key.enterprise, key.group_id] = certificate
            del self.groups[key.enterprise, key.group_id]
            del self.deleting[key.enterprise, key.group_id]

    # Batches

    def base(self, key: RunKey) -> RosterBase:
        group = self._group(key)
        return RosterBase(group.base, group.dirty, group.shards, group.hold, group.stamp)

    def open(self, key: RunKey, plan: Plan, now: datetime) -> None:
        self.on_write("open")
        self.pending[key, plan.attempt] = set(range(plan.batches))

    def planned(self, key: RunKey, owner: str, now: datetime, result: PlanResult) -> None:
        self.on_write("planned")
        with self._lock:
            run = self._mine(key, owner)
            if run.state is not RunState.PLANNING:
                raise StoppedError
            if result.stamp is not None and self.stamps.get(key.group_id) != result.seen:
                raise StoppedError
            self._put(
                key,
                now + self._resend_after,
                state=RunState.APPLYING,
                plan=result.plan,
                counts=result.counts,
                notices=result.notices,
                owner=None,
                lease_until=None,
                cursor=None,
                resends=0,
                sent_at=None,
            )
            group = self._group(key)
            group.dirty = (*group.dirty, result.plan.changes_key)
            group.shards = group.shards or result.plan.shards
            if result.stamp is not None:
                self.stamps[key.group_id] = group.stamp = result.stamp
                group.run_seq = max(group.run_seq, result.stamp.order)

    def touch(self, key: RunKey, now: datetime) -> Run | None:
        with self._lock:
            run = self.runs.get(key)
            if run is None or run.state is not RunState.APPLYING:
                return None
            return self._put(key, now + self._resend_after)

    def still_open(self, key: RunKey, plan: Plan) -> Sequence[int]:
        return sorted(self.pending.get((key, plan.attempt), ()))

    def finish(self, key: RunKey, plan: Plan, batch: int) -> bool:
        self.on_write("finish")
        with self._lock:
            pending = self.pending[key, plan.attempt]
            pending.discard(batch)
            return not pending and self.runs[key].state is RunState.APPLYING

    def note_unapplied(
        self, key: RunKey, batch: int, changes: Sequence[Unapplied], now: datetime
    ) -> None:
        self.on_write("note_unapplied")
        self.noted.setdefault(key, {})[batch] = list(changes)

    def unapplied(self, key: RunKey) -> Sequence[Unapplied]:
        noted = self.noted.get(key, {})
        return [change for batch in sorted(noted) for change in noted[batch]]

    def commit(self, key: RunKey, now: datetime, commit: Commit) -> None:
        self.on_write("commit")
        with self._lock:
            run = self.runs[key]
            if commit.owner is None:
                if run.state is not RunState.APPLYING:
                    raise StoppedError
            elif run.state is not RunState.PLANNING or run.owner != commit.owner:
                raise StoppedError
            changes: dict[str, Any] = {"state": commit.state, "supersedes": commit.supersedes}
            changes["snapshot"] = commit.snapshot
            changes["hold"] = commit.hold
            if commit.counts is not None:
                changes["counts"] = commit.counts
            if commit.notices:
                changes["notices"] = commit.notices
            self._end(key, now, reason=commit.reason, **changes)
            group = self._group(key)
            group.base, group.dirty = commit.snapshot, commit.dirty
            group.hold = commit.hold
            if commit.unmark:
                self.marked.pop((key.enterprise, key.group_id), None)
            group.shards = group.shards or commit.shards
            group.active_run = None
            if commit.distrust:
                group.stamp = None

    def _end(self, key: RunKey, now: datetime, **changes: Any) -> None:
        config = self.runs[key].config.model_copy(update={"secrets": {}})
        free = {"owner": None, "lease_until": None, "cursor": None, "config": config}
        self._put(key, now, finished_at=now, **changes, **free)

    def _mine(self, key: RunKey, owner: str) -> Run:
        run = self.runs[key]
        if run.owner != owner or run.state not in _OWNED:
            raise StoppedError
        return run

    def _put(self, key: RunKey, until: datetime, **changes: Any) -> Run:
        self.runs[key] = self.runs[key].model_copy(update=changes)
        self.open_until[key] = until
        return self.runs[key]

    def _group(self, key: RunKey) -> GroupState:
        return self.groups[key.enterprise, key.group_id]


def _check_due(request: RunRequest, group: GroupState) -> None:
    if request.due is not None and group.next_run_at != request.due.at:
        raise NotDueError


class InMemoryRosterStates:
    """``RosterStates`` in memory."""

    def __init__(self, control: InMemoryControl) -> None:
        self._control = control

    def get(self, enterprise: EnterpriseId, group_id: GroupId) -> RosterState:
        group = self._control.standing(enterprise, group_id)
        base = group.base.seq if group.base else None
        committed = None
        if base is not None:
            committed = self._control.runs[RunKey(enterprise, group_id, base)].finished_at
        return RosterState(group_id, "UTC", group.shards, base, committed, group.active_run)


class InMemoryDeletions:
    """``Deletions`` in memory."""

    def __init__(self, control: InMemoryControl) -> None:
        self._control = control

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, person: str, now: datetime) -> Run:
        self._control.on_write("begin_deletion")
        return self._control.start_deletion(enterprise, group_id, person, now)

    def finish(self, key: RunKey, owner: str, group: Group, certificate: Certificate) -> None:
        self._control.on_write("finish_deletion")
        self._control.end_deletion(key, owner, certificate)
