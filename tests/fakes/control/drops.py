"""The in-memory twin of ``DynamoDrops``."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.life import opening, work
from shared.domain.run.requests import Drop
from shared.domain.run.run import Run
from tests.fakes.control.state import ControlState


class InMemoryDrops(ControlState):
    """``Drops`` in memory."""

    def take(self, drop: Drop, now: datetime) -> Run:
        self.on_write("take")
        with self.lock:
            group = self.standing(drop.enterprise, drop.group_id)
            place = drop.bundle.objects[0]
            if (known := group.drops.get((place.key, place.version))) is not None:
                return self.runs[RunKey(drop.enterprise, drop.group_id, known)]
            seen = self.group_runs(drop.enterprise, drop.group_id)
            waiting = self.waiting(drop.enterprise, drop.group_id)
            run = self.open_run(opening.dropped(drop, seen, waiting, now, self.resend_after))
            group.drops[place.key, place.version] = run.seq
            return run

    def waiting(self, enterprise: EnterpriseId, group_id: GroupId) -> Sequence[Run]:
        group = self.groups[enterprise, group_id]
        return [self.runs[RunKey(enterprise, group_id, seq)] for seq in group.waiting]

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Run | None:
        self.on_write("begin")
        with self.lock:
            group = self.group_runs(enterprise, group_id)
            keys = [RunKey(enterprise, group_id, seq) for seq in group.waiting]
            step = opening.begun(group, now, self.resend_after)
            if step is None:
                for key in keys:
                    self.take_step(key, work.waiting_on(now, self.resend_after))
                return None
            refused = self.take_step(keys[0], step)
            assert refused is None, refused
            return self.runs[keys[0]]
