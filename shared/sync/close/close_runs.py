"""Nothing hangs: silent runs get their message again where it is lost, and end in the end.

Waiting in a queue is no failure: ``domain/silence.py`` says when there is ground to send a message
again. It never does harm, for a message is only a hint, and a claim decides.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from shared.domain import timers
from shared.domain.errors import StoppedError
from shared.domain.group.choices import SyncType
from shared.domain.ids import GroupId, RunKey
from shared.domain.run.newer_version import newer_version
from shared.domain.run.run import OPEN_STATES, Mode, Reason, Run, RunState
from shared.domain.run.silence import Silence, Verdict, judge
from shared.ports.bucket import Objects
from shared.ports.messaging import Announcements, Queue, QueueWatch, WorkQueue
from shared.ports.runs import Batches, Drops, Legs, RunLog, Runs
from shared.sync.close.finish_run import announce, commit_run, fail
from shared.sync.request.send_work import send_batches, send_deletion, send_extract_leg, send_plan

EXTRACTORS = {
    SyncType.API: WorkQueue.EXTRACT_API,
    SyncType.SFTP: WorkQueue.EXTRACT_SFTP,
    SyncType.ZIP: WorkQueue.EXTRACT_ZIP,
}


@dataclass(frozen=True)
class ClosePorts:
    """What closing runs needs of the world.

    ``resend_after`` and ``lost_after`` are those of ``domain/timers.py``; ``report`` is told of a
    run that could not be looked after.
    """

    runs: Runs
    legs: Legs
    drops: Drops
    batches: Batches
    objects: Objects
    announcements: Announcements
    run_log: RunLog
    queues: Mapping[WorkQueue, Queue]
    watch: QueueWatch
    clock: Callable[[], datetime]
    report: Callable[[RunKey, Exception], None]
    resend_after: timedelta = timers.RESEND_AFTER
    lost_after: timedelta = timers.LOST_AFTER


def close_runs(ports: ClosePorts, *, most: int = timers.LOOKS_PER_TICK) -> dict[str, int]:
    """Look after the runs whose time is up, those first that have waited longest.

    At most ``most`` of them, and none is begun with after 40 seconds: the next tick goes on. One
    that fails is reported, and stops no other. Returns what was done how often; ``waiting`` are
    those whose message waits in a queue.
    """
    began = ports.clock()
    keys = list(islice(ports.runs.overdue(began), most))
    done = Counter(waiting=0, resent=0, begun=0, closed=0, committed=0, announced=0, failed=0)
    if not keys:
        return dict(done)
    tick = _Tick(ports, _look_at_queues(ports, began))
    for key in keys:
        if ports.clock() - began >= timers.TICK_BUDGET:
            break
        done[tick.try_one(key)] += 1
    return dict(done)


def _look_at_queues(ports: ClosePorts, now: datetime) -> Mapping[WorkQueue, datetime]:
    """When each queue was last seen empty, with what is to be seen now."""
    empty = [name for name, queue in ports.queues.items() if queue.empty()]
    ports.watch.saw_empty(empty, now)
    return {**ports.watch.emptied(), **dict.fromkeys(empty, now)}


class _Tick:
    """One tick: what was seen of the queues, and the groups whose drops had their look."""

    def __init__(self, ports: ClosePorts, emptied: Mapping[WorkQueue, datetime]) -> None:
        self._ports = ports
        self._emptied = emptied
        self._begun: set[GroupId] = set()

    def try_one(self, key: RunKey) -> str:
        """Look after one run; says what was done."""
        try:
            return self._look_after(key)
        except StoppedError:
            return "waiting"  # somebody was quicker
        except Exception as error:  # one run must not stop the others
            self._ports.report(key, error)
            self._put_off(key)
            return "failed"

    def _put_off(self, key: RunKey) -> None:
        """Let the others have their turn before this one is tried again."""
        ports = self._ports
        try:
            if run := ports.runs.get(key):
                ports.legs.put_off(run, ports.clock())
        except Exception as error:  # it stays where it is
            ports.report(key, error)

    def _look_after(self, key: RunKey) -> str:
        ports = self._ports
        run = ports.runs.get(key)
        if run is None or not run.open:
            announce(key, ports.runs, ports.legs, ports)
            return "announced"
        # Its turn comes first: a run that waits does not hold its group, and cannot be ended.
        if run.state is RunState.WAITING:
            return self._begin(run)
        if run.newer:
            return self._leave(run)
        if run.state is RunState.APPLYING and run.plan is not None:
            return self._look_after_batches(run)
        return self._judge(run, None)

    def _leave(self, run: Run) -> str:
        """End a run that a newer version has begun; one in a state of its own is left to it."""
        ports = self._ports
        if run.state in OPEN_STATES:
            fail(run, newer_version("This run"), None, ports.legs, ports.runs, ports)
            return "closed"
        ports.legs.put_off(run, ports.clock())
        return "waiting"

    def _begin(self, run: Run) -> str:
        """Begin what waits for its group, once a tick: each of a group's drops leads here."""
        if run.group_id in self._begun:
            return "waiting"
        self._begun.add(run.group_id)
        ports, now = self._ports, self._ports.clock()
        begun = ports.drops.begin(run.enterprise, run.group_id, now)
        if begun is None:
            return "waiting"
        if begun.newer:
            return self._leave(begun)
        self._send(begun, None)
        return "begun"

    def _look_after_batches(self, run: Run) -> str:
        ports = self._ports
        assert run.plan is not None
        numbers = ports.batches.still_open(run.key, run.plan)
        if not numbers:
            # The last worker died between striking out the last batch and the commit.
            commit_run(run, ports.runs, ports.legs, ports.batches, ports)
            return "committed"
        return self._judge(run, list(numbers))

    def _judge(self, run: Run, numbers: list[int] | None) -> str:
        ports, now = self._ports, self._ports.clock()
        verdict = judge(
            run,
            now,
            self._emptied.get(queue_of(run)),
            resend_after=ports.resend_after,
            lost_after=ports.lost_after,
        )
        if verdict.ends:
            fail(run, _ended(run, verdict), None, ports.legs, ports.runs, ports)
            return "closed"
        if verdict.silence is Silence.WAITS:
            ports.legs.put_off(run, now)
            return "waiting"
        died = verdict.silence is Silence.WORKER_DIED
        delay = timers.DELAYS[run.resends] if died else 0
        ports.legs.resend(run, now, delay)
        self._send(run, numbers, delay)
        return "resent"

    def _send(self, run: Run, numbers: list[int] | None, delay_seconds: int = 0) -> None:
        ports, now = self._ports, self._ports.clock()
        queue = ports.queues[queue_of(run)]
        if numbers is not None:
            send_batches(run, numbers, ports.objects, queue, ports.runs, ports.clock)
        elif run.mode is Mode.DELETE:
            send_deletion(run, queue, ports.runs, now, delay_seconds)
        elif run.state is RunState.PLANNING:
            send_plan(run, queue, ports.runs, now, delay_seconds)
        else:
            send_extract_leg(run, {run.extractor: queue}, ports.runs, now, delay_seconds)


def queue_of(run: Run) -> WorkQueue:
    """The queue in which the message of an open run's present leg waits."""
    if run.mode is Mode.DELETE:
        return WorkQueue.DELETE
    if run.state is RunState.APPLYING:
        return WorkQueue.UPSERT
    if run.state is RunState.PLANNING:
        return WorkQueue.PLAN
    return EXTRACTORS[run.extractor]


def _ended(run: Run, verdict: Verdict) -> Reason:
    stage = {
        RunState.ACCEPTED: "being fetched",
        RunState.EXTRACTING: "being fetched",
        RunState.PLANNING: "being compared",
        RunState.APPLYING: "being written",
    }[run.state]
    what = "The group was being deleted" if run.mode is Mode.DELETE else f"The roster was {stage}"
    again = "Delete the group again" if run.mode is Mode.DELETE else "Sync again"
    left = (
        "" if run.mode is Mode.DELETE else " What was not written yet is written by the next sync."
    )
    if verdict.tried_enough:
        return Reason(
            code="abandoned",
            message=f"{what} when the work stopped, and starting it again {timers.RESENDS} times "
            f"did not help. {again}; if that ends the same way, ask whoever runs Homeroom to look "
            f"at the dead-letter queues.{left}",
        )
    return Reason(
        code="out_of_time",
        message=f"{what}, and was not done within {timers.RUN_DEADLINE.days} days, so that the run "
        f"was ended. {again}; if that ends the same way, ask whoever runs Homeroom why the work "
        f"waits.{left}",
    )
