"""The in-memory twin of ``DynamoRuns``: runs and their legs."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from shared.domain.errors import StoppedError
from shared.domain.ids import GroupId, RunKey
from shared.domain.run.life import end as ends
from shared.domain.run.life import opening, work
from shared.domain.run.life.transition import Transition
from shared.domain.run.requests import RunRequest
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import Reason, Run, RunState
from tests.fakes.control.state import ControlState


class InMemoryRuns(ControlState):
    """``Runs`` and ``Legs`` in memory."""

    # Runs

    def accept(self, request: RunRequest, now: datetime) -> Run:
        self.on_write("accept")
        with self.lock:
            group = self.group_runs(request.enterprise, request.group_id)
            return self.open_run(opening.accepted(request, group, now, self.resend_after))

    def skip(self, request: RunRequest, reason: Reason, now: datetime) -> Run:
        with self.lock:
            group = self.group_runs(request.enterprise, request.group_id)
            return self.open_run(opening.skipped(request, group, reason, now))

    def get(self, key: RunKey) -> Run | None:
        return self.runs.get(key)

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
        with self.lock:
            self.take_step(run.key, work.sent(run, now))

    # Legs

    def claim(
        self, key: RunKey, state: RunState, leg: int, owner: str, now: datetime
    ) -> Run | None:
        self.on_write("claim")
        with self.lock:
            refused = self.take_step(key, work.claimed(state, leg, owner, now, self.lease))
            return self.runs[key] if refused is None else None

    def beat(self, key: RunKey, owner: str, now: datetime, progress: dict[str, Any]) -> None:
        with self.lock:
            self._step_or_stop(key, work.beaten(owner, now, self.lease, progress))

    def hand_on(self, key: RunKey, owner: str, now: datetime, step: NextLeg) -> int:
        self.on_write("hand_on")
        with self.lock:
            self._step_or_stop(key, work.handed_on(owner, now, self.resend_after, step))
            return self.runs[key].leg

    def resend(self, run: Run, now: datetime, delay_seconds: int = 0) -> None:
        self.on_write("resend")
        with self.lock:
            self._step_or_stop(run.key, work.resent(run, now, self.resend_after, delay_seconds))

    def put_off(self, run: Run, now: datetime) -> None:
        self.on_write("put_off")
        with self.lock:
            self.take_step(run.key, work.put_off(run, now, self.resend_after))

    def close(self, key: RunKey, now: datetime, end: RunEnd, owner: str | None = None) -> bool:
        self.on_write("close")
        with self.lock:
            run = self.runs.get(key)
            if run is None:
                return False
            return self.take_step(key, ends.closed(run, now, end, owner)) is None

    def recorded(self, key: RunKey) -> bool:
        self.on_write("recorded")
        with self.lock:
            return self.take_step(key, ends.recorded()) is None

    def published(self, key: RunKey) -> None:
        self.on_write("published")
        with self.lock:
            self._step_or_stop(key, ends.published())

    def announced(self, key: RunKey) -> None:
        self.on_write("announced")
        with self.lock:
            self._step_or_stop(key, ends.announced())

    def learn(self, key: RunKey, facts: dict[str, str]) -> None:
        with self.lock:
            self.change_group((key.enterprise, key.group_id), work.learned(key, facts))

    def _step_or_stop(self, key: RunKey, step: Transition) -> None:
        if self.take_step(key, step) is not None:
            raise StoppedError
