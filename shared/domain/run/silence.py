"""What it means that nothing is heard of a run: wait, send its message again, or end the run.

Waiting in a queue is not failing. A message is sent again only if there is reason to believe that
none is on its way: it was never sent, its worker died, its queue has been empty since, or it has
waited too long to be believed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain import timers
from shared.domain.run.run import Run


class Silence(StrEnum):
    """Why nothing is heard of a run."""

    WAITS = "waits"
    NEVER_SENT = "neverSent"
    WORKER_DIED = "workerDied"
    LOST = "lost"
    TOO_LONG = "tooLong"


@dataclass(frozen=True)
class Verdict:
    """What is to be done about a silent run.

    ``silence``: why nothing is heard of it.
    ``tried_enough``: whether its message has been sent as often as it may be.
    ``out_of_time``: whether its deadline has passed.
    """

    silence: Silence
    tried_enough: bool = False
    out_of_time: bool = False

    @property
    def ends(self) -> bool:
        """Whether the run must end."""
        return self.tried_enough or self.out_of_time


def judge(
    run: Run,
    now: datetime,
    emptied_at: datetime | None,
    *,
    resend_after: timedelta,
    lost_after: timedelta,
) -> Verdict:
    """Judge an open run of which nothing was heard in time.

    A queue's counts lag by about a minute (Amazon SQS). So a message that was sent less than
    ``resend_after`` before the queue looked empty may have been in it.

    :param emptied_at: when the queue in which its message would wait was last seen empty.
    :param resend_after: how long nothing may be heard of a run that nobody works on.
    :param lost_after: how long a message may wait in a queue before it counts as lost.
    """
    silence = _silence(run, now, emptied_at, resend_after, lost_after)
    return Verdict(
        silence,
        tried_enough=silence is not Silence.WAITS and run.resends >= timers.RESENDS,
        out_of_time=now - run.created_at >= timers.RUN_DEADLINE,
    )


def _silence(
    run: Run,
    now: datetime,
    emptied_at: datetime | None,
    resend_after: timedelta,
    lost_after: timedelta,
) -> Silence:
    # A message that was sent after an owner's lease was over is the one that replaces its own.
    died = run.owner is not None and run.lease_until is not None
    if died and (run.sent_at is None or run.lease_until is None or run.sent_at <= run.lease_until):
        return Silence.WORKER_DIED
    if run.sent_at is None:
        return Silence.NEVER_SENT
    if emptied_at is not None and run.sent_at + resend_after <= emptied_at:
        return Silence.LOST
    if now - run.sent_at >= lost_after:
        return Silence.TOO_LONG
    return Silence.WAITS
