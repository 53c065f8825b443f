"""Sends the messages of runs, and notes each as sent once its queue has taken it.

A state is written first, then its message is sent. If a worker dies in between, the note is
missing, and ``close_runs`` soon sends the message, however much else waits in the queue.
"""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.run.run import Mode, Run, RunState
from shared.messages import DeleteGroup, ExtractLeg, PlanRun
from shared.ports.messaging import Queue
from shared.ports.runs import Runs
from shared.sync import change_file, past_rosters
from shared.sync.run_ports import RunPorts

LegMessage = ExtractLeg | PlanRun | DeleteGroup


def leg_message(run: Run) -> LegMessage:
    """Make the message for the leg that a run has come to."""
    if run.mode is Mode.DELETE:
        kind: type[LegMessage] = DeleteGroup
    elif run.state is RunState.PLANNING:
        kind = PlanRun
    else:
        kind = ExtractLeg
    return kind(enterprise=run.enterprise, group_id=run.group_id, seq=run.seq, leg=run.leg)


def send_leg(run: Run, queue: Queue, runs: Runs, now: datetime, delay_seconds: int = 0) -> None:
    """Send the message for the leg that a run has come to.

    :param queue: the queue of the function that does this leg.
    :param delay_seconds: how long the queue holds the message back.
    """
    queue.send([leg_message(run)], delay_seconds=delay_seconds)
    runs.sent(run, now)


def send_batches(run: Run, numbers: Sequence[int], queue: Queue, ports: RunPorts) -> None:
    """Send the messages for some batches of a run that is being applied.

    What they need, and what will be the group's state, is kept first: candidates go after a week.
    """
    assert run.plan is not None
    past_rosters.keep_planned(run, run.plan, ports.objects)
    queue.send(change_file.messages(ports.objects, run.key, run.plan, numbers))
    ports.runs.sent(run, ports.clock())
