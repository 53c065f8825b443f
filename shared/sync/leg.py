"""A leg: the work of one invocation on a run, from its claim to the next leg or the run's end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from shared.domain import timers
from shared.domain.errors import GiveUpError, StoppedError
from shared.domain.roster.staged_rows import PlanCursor
from shared.domain.run.bundle import Bundle
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import Run, RunState
from shared.ports.messaging import Queue
from shared.sync.back_off import BackOff
from shared.sync.close.end_run import announce, fail
from shared.sync.heartbeat import Heartbeat
from shared.sync.refuse_newer import read_cursor
from shared.sync.run_ports import RunPorts
from shared.sync.send_work import LegMessage, send_leg

_Cursor = TypeVar("_Cursor", bound=BaseModel)


@dataclass(frozen=True)
class Pace:
    """How long a leg lasts, and how often it shows that it is alive.

    ``length``: after how long the leg hands the run on.
    ``beat``: how often its owner renews the lease, and shows progress.
    """

    length: timedelta = timedelta(minutes=4)
    beat: timedelta = timers.LEASE / timers.BEATS_PER_LEASE


USUAL_PACE = Pace()


class LegOverError(Exception):
    """The leg's time is over. The next leg should begin after ``delay_seconds``."""

    def __init__(self, delay_seconds: int = 0) -> None:
        super().__init__()
        self.delay_seconds = delay_seconds


@dataclass
class Leg:
    """A leg that this worker has claimed.

    ``run``: the run as it was claimed.
    ``owner``: who claimed it; one invocation.
    ``check_owner``: raises StoppedError if the lease is known to be lost; see ``kept_alive``.
    """

    run: Run
    owner: str
    ports: RunPorts
    pace: Pace
    check_owner: Callable[[], None] = field(init=False, default=lambda: None)

    def __post_init__(self) -> None:
        now = self.ports.clock()
        self._ends_at = now + self.pace.length
        self._beat_at = now + self.pace.beat

    def do(self, work: Callable[[], None]) -> None:
        """Do the leg's work.

        If the work raises GiveUpError, the run ends as Failed. If it raises StoppedError, another
        worker has the run, and this one leaves it alone.
        """
        try:
            work()
        except GiveUpError as error:
            fail(self.run, error.reason, self.owner, self.ports)
        except StoppedError:
            return

    def cursor(self, kind: type[_Cursor]) -> _Cursor:
        """Read where the work begins.

        :raises GiveUpError: ``newer_version``: a newer version of Homeroom has written it.
        """
        return read_cursor(self.run, kind)

    def is_over(self) -> bool:
        """Whether the leg's time is over."""
        return self.ports.clock() >= self._ends_at

    def check(self, progress: dict[str, Any]) -> None:
        """Renew the lease if that is due; call it between two pieces of work.

        :raises LegOverError: the leg's time is over.
        :raises StoppedError: the run is another worker's.
        """
        if self.is_over():
            raise LegOverError
        self._beat_if_due(progress)

    def beat(self, progress: dict[str, Any]) -> None:
        """Renew the lease and show progress.

        :raises StoppedError: the run is another worker's.
        """
        now = self.ports.clock()
        self._beat_at = now + self.pace.beat
        self.ports.legs.beat(self.run.key, self.owner, now, progress)

    @contextmanager
    def kept_alive(self, progress: Callable[[], dict[str, Any]]) -> Iterator[None]:
        """Renew the lease from a thread while the block does work that cannot be interrupted.

        The block calls ``check_owner`` before each write.
        """
        interval = self.pace.beat.total_seconds()
        with Heartbeat(lambda: self.beat(progress()), interval) as heartbeat:
            self.check_owner = heartbeat.check
            yield

    def pause(
        self, back_off: BackOff, tries: int, asked_seconds: float, progress: dict[str, Any]
    ) -> None:
        """Pause after a passing failure, so that the lease and the leg outlast the pause.

        :param tries: how many failures there were in a row.
        :param asked_seconds: what the source asked for; 0 if it named nothing.
        :raises LegOverError: the pause ends in the next leg.
        """
        seconds = asked_seconds or back_off.pause_seconds(tries)
        pause = timedelta(seconds=seconds)
        if self.ports.clock() + pause >= self._ends_at:
            raise LegOverError(min(int(seconds), timers.MAX_DELAY_SECONDS))
        self._beat_if_due(progress, ahead=pause)
        back_off.wait(seconds)

    def hand_on(self, step: NextLeg, queue: Queue) -> None:
        """End this leg, and send the message for the next one.

        :raises StoppedError: the run is another worker's.
        """
        now = self.ports.clock()
        number = self.ports.legs.hand_on(self.run.key, self.owner, now, step)
        run = self.run.model_copy(update={"state": step.state, "leg": number})
        send_leg(run, queue, self.ports.runs, now, step.delay_seconds)

    def hand_on_to_plan(
        self, cursor: PlanCursor, queue: Queue, bundle: Bundle | None = None
    ) -> None:
        """End the extraction: what it has staged is planned next."""
        staged = cursor.model_dump(mode="json")
        step = NextLeg(RunState.PLANNING, staged, {"stage": "planning"}, bundle=bundle)
        self.hand_on(step, queue)

    def close(self, end: RunEnd) -> None:
        """End the run without moving its snapshot."""
        if self.ports.legs.close(self.run.key, self.ports.clock(), end, self.owner):
            announce(self.run.key, self.ports)

    def _beat_if_due(self, progress: dict[str, Any], ahead: timedelta = timedelta(0)) -> None:
        if self.ports.clock() + ahead >= self._beat_at:
            self.beat(progress)


def claim_leg(
    message: LegMessage,
    state: RunState,
    owner: str,
    ports: RunPorts,
    pace: Pace,
) -> Leg | None:
    """Claim the leg that a message names.

    Returns None where ``Legs.claim`` does: the message is then done with.

    :param state: the state in which the leg is worked on.
    :param owner: names this invocation.
    """
    run = ports.legs.claim(message.key, state, message.leg, owner, ports.clock())
    return None if run is None else Leg(run, owner, ports, pace)
