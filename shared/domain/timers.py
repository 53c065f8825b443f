"""How long things may take, and the order that all these times must keep.

This is the one place that knows it. ``out_of_order`` says which times contradict each other; tests
hold the template to it, and the shorter times of the end-to-end tests and of the local stack. Times
are whole seconds, as AWS takes them. Decision 12 explains them one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

LEASE = timedelta(seconds=60)
"""How long the owner of a run may be silent."""
BEATS_PER_LEASE = 3
"""An owner renews its lease so often that two beats in a row may fail."""
RESEND_AFTER = timedelta(minutes=5)
"""How soon a run is looked at that nobody works on, and how soon again."""
LOST_AFTER = timedelta(hours=12)
"""For how long a message is believed to wait in a queue that is not empty."""
RESENDS = 5
"""How often the message of a leg, or of a batch, is sent again: it comes six times at most."""
RUN_DEADLINE = timedelta(days=6)
"""After this a run ends, whatever holds it up: what it has staged is gone after seven days."""
STAGED_FOR = timedelta(days=7)
"""How long the bucket keeps what a run has staged (rule ``staged`` of the template)."""

EXPORT_AGAIN = timedelta(minutes=15)
"""How soon an export is asked of its queue again: as long as its function may work on it."""

LOOKS_PER_TICK = 1000
"""How many runs are looked after at a tick; those that have waited longest come first."""
TICK_BUDGET = timedelta(seconds=40)
"""After how long a tick begins with no further run; the next tick goes on."""
TICK = timedelta(minutes=1)
"""How often runs are looked after (rule of the template)."""

MAX_DELAY_SECONDS = 900
"""How long SQS can hold a message back (Amazon SQS message quotas)."""
DELAYS = (0, 300, 900, 900, 900)
"""How long the n-th message that replaces that of a dead worker is held back, in seconds.

The first comes at once, for a worker may die of anything; the later ones give what kills it time to
pass.
"""


def wait_after(resends: int, resend_after: timedelta) -> timedelta:
    """How soon a run is looked at whose message has been sent again ``resends`` times before."""
    return resend_after * (1 << 2 * resends)


@dataclass(frozen=True)
class QueueTimes:
    """What a queue and its consumer take, in seconds.

    ``works_for`` is how long an invocation means to go on at most (its leg); ``held_back`` the
    longest delay with which messages are sent to it. ``batching_window`` is that of the event
    source.
    """

    name: str
    function_timeout: int
    works_for: int
    visibility: int
    receives: int
    retention: int
    parked_for: int
    batching_window: int = 0
    held_back: int = 0

    @property
    def parked_after(self) -> int:
        """After how long a message is parked that fails at every receive, if it never waits."""
        return self.visibility * self.receives


@dataclass(frozen=True)
class Times:
    """All the times of a stack, in seconds; ``alarm_after`` is when a waiting message rings."""

    lease: int
    resend_after: int
    lost_after: int
    queues: tuple[QueueTimes, ...]
    alarm_after: int | None = None
    run_deadline: int = int(RUN_DEADLINE.total_seconds())
    staged_for: int = int(STAGED_FOR.total_seconds())
    tick: int = int(TICK.total_seconds())
    tick_timeout: int = 300


def out_of_order(times: Times) -> list[str]:
    """Say which times contradict each other; nothing, if all is well."""
    return [*_of_runs(times), *(said for queue in times.queues for said in _of(queue, times))]


def _of_runs(times: Times) -> Iterator[str]:
    if times.lease < 2 * BEATS_PER_LEASE:
        yield "the lease leaves no time for a beat"
    if times.resend_after <= times.lease:
        yield "a run is taken for one that nobody works on before its owner's lease is over"
    resends = sum(wait_after(n, timedelta(seconds=times.resend_after)).total_seconds()
                  for n in range(RESENDS + 1))  # fmt: skip
    if resends + sum(DELAYS) >= times.run_deadline:
        yield "a run ends before its message has been sent again as often as it may be"
    if (RESENDS + 1) * times.lost_after >= times.run_deadline:
        yield "a run ends before the last of its messages is taken for lost"
    if times.run_deadline >= times.staged_for:
        yield "what a run has staged is gone before the run ends"
    if TICK_BUDGET.total_seconds() >= times.tick:
        yield "a tick begins with runs that the next one will look after"
    if TICK_BUDGET.total_seconds() * 4 > times.tick_timeout:
        yield "a tick has no time to finish what it has begun"


def _of(queue: QueueTimes, times: Times) -> Iterator[str]:
    name = queue.name
    if queue.works_for >= queue.visibility:
        yield f"{name}: a message comes again while its worker means to work on it"
    if queue.parked_after >= times.lost_after:
        yield f"{name}: a message is taken for lost before its last receive"
    if queue.held_back + times.resend_after >= times.lost_after:
        yield f"{name}: a message is taken for lost while it is held back"
    if times.run_deadline >= queue.retention:
        yield f"{name}: the queue forgets a message before its run ends"
    if queue.retention >= queue.parked_for:
        # A message keeps its age when it is parked (Amazon SQS dead-letter queues).
        yield f"{name}: what is parked may be forgotten at once"
    if times.alarm_after is not None:
        if times.alarm_after <= queue.visibility:
            yield f"{name}: the alarm rings at each message that comes a second time"
        if times.alarm_after >= times.lost_after:
            yield f"{name}: a message is taken for lost before anybody is told that it waits"


def refused_by_aws(times: Times) -> list[str]:
    """Say what AWS refuses or advises against, where it is no emulator that is deployed to.

    Sources: "Creating and configuring an Amazon SQS event source mapping" (AWS Lambda): a queue's
    visibility is at least the function's time-out, and should be six times that, plus the batching
    window, so that Lambda can try again while a function is throttled; five receives or more.
    "Amazon SQS message quotas": delays of 15 minutes, visibility of 12 hours, retention of 14 days.
    "Available CloudWatch metrics for Amazon SQS": the approximate counts are right a minute after
    the last message was sent.
    """
    said = []
    for queue in times.queues:
        asked = 6 * queue.function_timeout + queue.batching_window
        if queue.visibility < asked:
            said.append(f"{queue.name}: visibility {queue.visibility} is less than {asked}")
        if queue.works_for > queue.function_timeout:
            said.append(f"{queue.name}: the function is stopped before it means to end")
        if queue.receives < 5:
            said.append(f"{queue.name}: {queue.receives} receives are too few")
        if queue.held_back > MAX_DELAY_SECONDS:
            said.append(f"{queue.name}: nothing is held back for {queue.held_back} seconds")
        if queue.visibility > 43_200 or max(queue.retention, queue.parked_for) > 1_209_600:
            said.append(f"{queue.name}: beyond what SQS takes")
    if times.resend_after < 120:
        said.append("a queue may look empty for a minute after a message was sent")
    return said
