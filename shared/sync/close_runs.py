"""Nothing hangs: silent runs get their message again, and end when that does not help.

A message is only a hint, and a claim decides, so that sending it once more never does harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import RunKey
from shared.domain.run import Mode, Reason, Run, RunState
from shared.errors import StoppedError
from shared.messages import PlanRun
from shared.ports import (
    Announcements,
    Batches,
    Drops,
    ExtractQueues,
    Legs,
    Objects,
    Queue,
    RunLog,
    Runs,
)
from shared.sync import change_file
from shared.sync.delete_group import send_deletion
from shared.sync.finish_run import announce, commit_run, fail
from shared.sync.request_sync import send_extract_leg

RESENDS = 5


@dataclass(frozen=True)
class ClosePorts:
    """What closing runs needs of the world."""

    runs: Runs
    legs: Legs
    drops: Drops
    batches: Batches
    objects: Objects
    announcements: Announcements
    run_log: RunLog
    extract_queues: ExtractQueues
    plan_queue: Queue
    apply_queue: Queue
    delete_queue: Queue
    clock: Callable[[], datetime]


def close_runs(ports: ClosePorts) -> dict[str, int]:
    """Look after every run whose time is up; returns what was done how often."""
    done = {"resent": 0, "closed": 0, "announced": 0}
    for key in list(ports.runs.overdue(ports.clock())):
        done[_look_after(key, ports)] += 1
    return done


def _look_after(key: RunKey, ports: ClosePorts) -> str:
    run = ports.runs.get(key)
    if run is None or not run.open:
        announce(key, ports.runs, ports.legs, ports)
        return "announced"
    if run.state is RunState.WAITING:
        begun = ports.drops.begin(key.enterprise, key.group_id, ports.clock())
        if begun is not None:
            send_extract_leg(begun, ports.extract_queues)
        return "resent"
    try:
        run = ports.legs.resend(key, ports.clock(), RESENDS)
    except StoppedError:
        return "resent"  # somebody was quicker
    if run is not None:
        _send_again(run, ports)
        return "resent"
    return _give_up(key, ports)


def _send_again(run: Run, ports: ClosePorts) -> None:
    if run.mode is Mode.DELETE:
        send_deletion(run, ports.delete_queue)
    elif run.state is RunState.APPLYING and run.plan is not None:
        numbers = ports.batches.still_open(run.key, run.plan)
        if not numbers:
            # The last worker died between striking out the last batch and the commit.
            commit_run(run, ports.runs, ports.legs, ports.batches, ports)
            return
        ports.apply_queue.send(change_file.messages(ports.objects, run.key, run.plan, numbers))
    elif run.state is RunState.PLANNING:
        plan = PlanRun(enterprise=run.enterprise, group_id=run.group_id, seq=run.seq, leg=run.leg)
        ports.plan_queue.send([plan])
    else:
        send_extract_leg(run, ports.extract_queues)


def _give_up(key: RunKey, ports: ClosePorts) -> str:
    run = ports.runs.get(key)
    if run is not None:
        fail(run, _abandoned(run), None, ports.legs, ports.runs, ports)
    return "closed"


def _abandoned(run: Run) -> Reason:
    if run.mode is Mode.DELETE:
        return Reason(
            code="abandoned",
            message="The group was being deleted when the work stopped, and starting it again "
            f"{RESENDS} times did not help. Delete the group again; if that ends the same way, ask "
            "whoever runs Homeroom to look at the dead-letter queues.",
        )
    stage = {
        RunState.ACCEPTED: "being fetched",
        RunState.EXTRACTING: "being fetched",
        RunState.PLANNING: "being compared",
        RunState.APPLYING: "being written",
    }[run.state]
    return Reason(
        code="abandoned",
        message=f"The roster was {stage} when the work stopped, and starting it again {RESENDS} "
        "times did not help. Sync again; if that ends the same way, ask whoever runs Homeroom to "
        "look at the dead-letter queues. What was not written yet is written by the next sync.",
    )
