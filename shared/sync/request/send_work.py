"""Sends the messages of runs: each is noted as sent once its queue has taken it.

A state is written first and its message sent after. Where a worker dies in between, the note is
missing, and ``close_runs`` sends the message soon, however much else waits in the queue.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from shared.domain.run.run import Run, RunState
from shared.messages import DeleteGroup, ExtractLeg, PlanRun
from shared.ports.bucket import Objects
from shared.ports.messaging import ExtractQueues, Queue
from shared.ports.runs import Runs
from shared.sync import change_file, prepared_objects


def at_leg(run: Run, state: RunState, leg: int) -> Run:
    """A run as it is once it was handed on to ``leg``."""
    return run.model_copy(update={"state": state, "leg": leg})


def send_extract_leg(
    run: Run, queues: ExtractQueues, runs: Runs, now: datetime, delay_seconds: int = 0
) -> None:
    """Send the message of the run's present extraction leg to whoever extracts it."""
    leg = ExtractLeg(enterprise=run.enterprise, group_id=run.group_id, seq=run.seq, leg=run.leg)
    queues[run.extractor].send([leg], delay_seconds=delay_seconds)
    runs.sent(run, now)


def send_plan(run: Run, queue: Queue, runs: Runs, now: datetime, delay_seconds: int = 0) -> None:
    """Send the message of the run's plan."""
    plan = PlanRun(enterprise=run.enterprise, group_id=run.group_id, seq=run.seq, leg=run.leg)
    queue.send([plan], delay_seconds=delay_seconds)
    runs.sent(run, now)


def send_batches(
    run: Run,
    numbers: Sequence[int],
    objects: Objects,
    queue: Queue,
    runs: Runs,
    clock: Callable[[], datetime],
) -> None:
    """Send the messages of some of the batches of a run that is being applied.

    First what they need is kept, and what will be the group's state: candidates end after a week.
    """
    assert run.plan is not None
    prepared_objects.keep_planned(run, run.plan, objects)
    queue.send(change_file.messages(objects, run.key, run.plan, numbers))
    runs.sent(run, clock())


def send_deletion(
    run: Run, queue: Queue, runs: Runs, now: datetime, delay_seconds: int = 0
) -> None:
    """Send the message of the leg that a deletion has come to."""
    message = DeleteGroup(
        enterprise=run.enterprise, group_id=run.group_id, seq=run.seq, leg=run.leg
    )
    queue.send([message], delay_seconds=delay_seconds)
    runs.sent(run, now)
