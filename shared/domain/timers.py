"""How long things may take, and the order in which all these times must be.

Only this module knows them. ``out_of_order`` says which times contradict each other; tests check
the template, and the shorter times of the end-to-end tests and of the local stack. Times are whole
seconds, as AWS takes them. Decision 12 explains each of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

LEASE = timedelta(seconds=60)
"""How long the owner of a run may be silent."""
BEATS_PER_LEASE = 3
"""An owner renews its lease often enough that two beats in a row may fail."""
RESEND_AFTER = timedelta(minutes=5)
"""How soon a run is checked that nobody works on, and how soon it is checked again."""
LOST_AFTER = timedelta(hours=12)
"""After how long a message counts as lost although its queue is never empty."""
RESENDS = 5
"""How often the message of a leg or batch is resent: it is sent at most six times."""
RUN_DEADLINE = timedelta(days=6)
"""After this a run ends, whatever delays it: its staged rows are gone after seven days."""
STAGED_FOR = timedelta(days=7)
"""How long the bucket keeps staged rows (rule ``staged`` of the template)."""

EXPORT_AGAIN = timedelta(minutes=15)
"""How soon an export's message is sent again: after the time its function has."""

LOOKS_PER_TICK = 1000
"""How many runs a tick checks; those that have waited longest come first."""
TICK_BUDGET = timedelta(seconds=40)
"""After how long a tick checks no further run; the next tick continues."""
TICK = timedelta(minutes=1)
"""How often runs are checked (rule of the template)."""

MAX_DELAY_SECONDS = 900
"""The longest delay of a message in SQS (Amazon SQS message quotas)."""
DELAYS = (0, 300, 900, 900, 900)
"""The delay in seconds of the n-th message that replaces a dead worker's.

The first is sent at once, because a worker may die of anything. The later ones wait until whatever
killed it may be over.
"""


def wait_after(resends: int, resend_after: timedelta) -> timedelta:
    """How soon a run is checked whose message has been resent ``resends`` times."""
    return resend_after * (1 << 2 * resends)


@dataclass(frozen=True)
class QueueTimes:
    """The times of a queue and its consumer, in seconds.

    ``name``: the queue.
    ``function_timeout``: the time-out of the consuming function.
    ``works_for``: how long an invocation intends to work at most (its leg).
    ``visibility``: after how long an unfinished message is delivered again.
    ``receives``: after how many receives a message is dead-lettered.
    ``retention``: how long the queue keeps a message.
    ``parked_for``: how long the dead-letter queue keeps it.
    ``batching_window``: the event source's.
    ``held_back``: the longest delay with which messages are sent to the queue.
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
        """After how long a message that always fails is dead-lettered, if it never waits."""
        return self.visibility * self.receives


@dataclass(frozen=True)
class Times:
    """All the times of a stack, in seconds.

    ``lease``: how long a run's owner may be silent.
    ``resend_after``: how long nobody may work on a run before it is checked.
    ``lost_after``: after how long a message counts as lost.
    ``queues``: the times of each queue.
    ``alarm_after``: after how long a waiting message rings an alarm; None without one.
    ``run_deadline``: after how long a run ends.
    ``staged_for``: how long staged rows are kept.
    ``tick``: how often runs are checked.
    ``tick_timeout``: the time-out of the function that checks them.
    """

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
    """List which times contradict each other; empty if none do."""
    return [*_of_runs(times), *(said for queue in times.queues for said in _of(queue, times))]


def _of_runs(times: Times) -> Iterator[str]:
    if times.lease < 2 * BEATS_PER_LEASE:
        yield "the lease leaves no time for a beat"
    if times.resend_after <= times.lease:
        yield "a run counts as one that nobody works on before its owner's lease is over"
    resends = sum(wait_after(n, timedelta(seconds=times.resend_after)).total_seconds()
                  for n in range(RESENDS + 1))  # fmt: skip
    if resends + sum(DELAYS) >= times.run_deadline:
        yield "a run ends before its message has been resent as often as allowed"
    if (RESENDS + 1) * times.lost_after >= times.run_deadline:
        yield "a run ends before the last of its messages counts as lost"
    if times.run_deadline >= times.staged_for:
        yield "staged rows are gone before their run ends"
    if TICK_BUDGET.total_seconds() >= times.tick:
        yield "a tick checks runs that the next one will check, too"
    if TICK_BUDGET.total_seconds() * 4 > times.tick_timeout:
        yield "a tick has no time to finish the checks it has begun"


def _of(queue: QueueTimes, times: Times) -> Iterator[str]:
    name = queue.name
    if queue.works_for >= queue.visibility:
        yield f"{name}: a message is delivered again while its worker intends to work on it"
    if queue.parked_after >= times.lost_after:
        yield f"{name}: a message counts as lost before its last receive"
    if queue.held_back + times.resend_after >= times.lost_after:
        yield f"{name}: a message counts as lost while it is delayed"
    if times.run_deadline >= queue.retention:
        yield f"{name}: the queue forgets a message before its run ends"
    if queue.retention >= queue.parked_for:
        # A dead-lettered message keeps its age (Amazon SQS dead-letter queues).
        yield f"{name}: a dead-lettered message may expire at once"
    if times.alarm_after is not None:
        if times.alarm_after <= queue.visibility:
            yield f"{name}: the alarm rings for each message that is delivered a second time"
        if times.alarm_after >= times.lost_after:
            yield f"{name}: a message counts as lost before anybody is told that it waits"


def refused_by_aws(times: Times) -> list[str]:
    """List what AWS refuses or advises against; the emulator does not care.

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
            said.append(f"{queue.name}: the function is stopped before it intends to end")
        if queue.receives < 5:
            said.append(f"{queue.name}: {queue.receives} receives are too few")
        if queue.held_back > MAX_DELAY_SECONDS:
            said.append(f"{queue.name}: SQS cannot delay by {queue.held_back} seconds")
        if queue.visibility > 43_200 or max(queue.retention, queue.parked_for) > 1_209_600:
            said.append(f"{queue.name}: beyond the limits of SQS")
    if times.resend_after < 120:
        said.append("a queue may look empty for a minute after a message was sent")
    return said
