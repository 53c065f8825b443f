"""The in-memory twin of ``DynamoBatches``."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.errors import StoppedError
from shared.domain.ids import RunKey
from shared.domain.run.life import end, work
from shared.domain.run.results import Commit, PlanResult, RosterBase, Unapplied
from shared.domain.run.run import Plan, Run, RunState
from tests.fakes.control.state import ControlState


class InMemoryBatches(ControlState):
    """``Batches`` in memory."""

    def base(self, key: RunKey) -> RosterBase:
        group = self.groups[key.enterprise, key.group_id]
        return RosterBase(group.base, group.dirty, group.shards, group.hold, group.stamp)

    def open(self, key: RunKey, plan: Plan, now: datetime) -> None:
        self.on_write("open")
        self.pending[key, plan.attempt] = set(range(plan.batches))

    def planned(self, key: RunKey, owner: str, now: datetime, result: PlanResult) -> None:
        self.on_write("planned")
        with self.lock:
            if result.stamp is not None and self.stamps.get(key.group_id) != result.seen:
                raise StoppedError
            last = self.group_runs(key.enterprise, key.group_id).run_seq
            step = work.planned(key, owner, now, self.resend_after, result, last)
            if self.take_step(key, step) is not None:
                raise StoppedError
            if result.stamp is not None:
                self.stamps[key.group_id] = result.stamp

    def touch(self, key: RunKey, now: datetime) -> Run | None:
        with self.lock:
            refused = self.take_step(key, work.touched(now, self.resend_after))
            return self.runs[key] if refused is None else None

    def still_open(self, key: RunKey, plan: Plan) -> Sequence[int]:
        return sorted(self.pending.get((key, plan.attempt), ()))

    def finish(self, key: RunKey, plan: Plan, batch: int) -> bool:
        self.on_write("finish")
        with self.lock:
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
        with self.lock:
            run = self.runs.get(key)
            if run is None or self.take_step(key, end.committed(run, now, commit)) is not None:
                raise StoppedError
