"""Looks after silent runs: sends a lost message again, and ends a run that this does not help.

Waiting in a queue is not a failure; ``domain/run/silence.py`` says when a message should be sent
again. That never does harm: a message is only a hint, and the claim decides.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
from shared.ports.messaging import Queue, QueueWatch, WorkQueue
from shared.ports.runs import Batches, Drops
from shared.sync.close.commit_run import commit_run
from shared.sync.close.end_run import announce, fail
from shared.sync.run_ports import RunPorts
from shared.sync.send_work import send_batches, send_leg

EXTRACTORS = {
    SyncType.API: WorkQueue.EXTRACT_API,
    SyncType.SFTP: WorkQueue.EXTRACT_SFTP,
    SyncType.ZIP: WorkQueue.EXTRACT_ZIP,
}


@dataclass(frozen=True)
class ClosePorts:
    """What looking after runs needs of the world.

    ``run``: what every stage needs.
    ``drops``: the bundles that wait for their group.
    ``batches``: the open batches of runs, and their commit.
    ``queues``: the queues through which runs go.
    ``watch``: when each queue was last seen empty.
    ``report``: is told of a run that could not be looked after.
    ``resend_after``: see ``timers.RESEND_AFTER``.
    ``lost_after``: see ``timers.LOST_AFTER``.
    """

    run: RunPorts
    drops: Drops
    batches: Batches
    queues: Mapping[WorkQueue, Queue]
    watch: QueueWatch
    report: Callable[[RunKey, Exception], None]
    resend_after: timedelta = timers.RESEND_AFTER
    lost_after: timedelta = timers.LOST_AFTER


def close_runs(ports: ClosePorts, *, most: int = timers.LOOKS_PER_TICK) -> dict[str, int]:
    """Look after the runs whose time is up; those that have waited longest come first.

    Returns how many runs had what done to them. ``waiting`` counts those that were left alone. A
    run that fails is reported, and does not stop the others.

    :param most: how many runs are looked after at most. None is begun after
        ``timers.TICK_BUDGET``; the next tick continues.
    """
    clock = ports.run.clock
    began = clock()
    keys = list(islice(ports.run.runs.overdue(began), most))
    done = Counter(waiting=0, resent=0, begun=0, closed=0, committed=0, announced=0, failed=0)
    if not keys:
        return dict(done)
    tick = _Tick(ports, _look_at_queues(ports, began))
    for key in keys:
        if clock() - began >= timers.TICK_BUDGET:
            break
        done[tick.try_one(key)] += 1
    return dict(done)


def _look_at_queues(ports: ClosePorts, now: datetime) -> Mapping[WorkQueue, datetime]:
    """When each queue was last seen empty, this moment included."""
    empty = [name for name, queue in ports.queues.items() if queue.empty()]
    ports.watch.saw_empty(empty, now)
    return {**ports.watch.emptied(), **dict.fromkeys(empty, now)}


class _Tick:
    """One tick: when queues were empty, and for which groups a waiting drop has been looked for."""

    def __init__(self, ports: ClosePorts, emptied: Mapping[WorkQueue, datetime]) -> None:
        self._ports = ports
        self._run_ports = ports.run
        self._emptied = emptied
        self._looked_for_drops: set[GroupId] = set()

    def try_one(self, key: RunKey) -> str:
        """Look after one run; returns what was done."""
        try:
            return self._look_after(key)
        except StoppedError:
            return "waiting"  # another worker was quicker
        except Exception as error:  # one run must not stop the others
            self._ports.report(key, error)
            self._put_off(key)
            return "failed"

    def _put_off(self, key: RunKey) -> None:
        """Let the other runs have their turn before this one is tried again."""
        ports = self._run_ports
        try:
            if run := ports.runs.get(key):
                ports.legs.put_off(run, ports.clock())
        except Exception as error:  # the run keeps its place
            self._ports.report(key, error)

    def _look_after(self, key: RunKey) -> str:
        run = self._run_ports.runs.get(key)
        if run is None or not run.open:
            announce(key, self._run_ports)
            return "announced"
        # Before all else: a Waiting run does not hold its group, and cannot be ended.
        if run.state is RunState.WAITING:
            return self._begin_drop(run)
        if run.newer:
            return self._end_newer(run)
        if run.state is RunState.APPLYING and run.plan is not None:
            return self._look_after_batches(run)
        return self._resend_or_end(run, None)

    def _end_newer(self, run: Run) -> str:
        """End a run that a newer version began; if its state is unknown, leave it to that one."""
        if run.state in OPEN_STATES:
            fail(run, newer_version("This run"), None, self._run_ports)
            return "closed"
        self._run_ports.legs.put_off(run, self._run_ports.clock())
        return "waiting"

    def _begin_drop(self, run: Run) -> str:
        """Begin the oldest drop of a group, once a tick: all its Waiting runs lead here."""
        if run.group_id in self._looked_for_drops:
            return "waiting"
        self._looked_for_drops.add(run.group_id)
        now = self._run_ports.clock()
        begun = self._ports.drops.begin(run.enterprise, run.group_id, now)
        if begun is None:
            return "waiting"
        if begun.newer:
            return self._end_newer(begun)
        self._send(begun, None)
        return "begun"

    def _look_after_batches(self, run: Run) -> str:
        assert run.plan is not None
        numbers = self._ports.batches.still_open(run.key, run.plan)
        if not numbers:
            # The last worker died after it had finished the last batch, and before the commit.
            commit_run(run, self._ports.batches, self._run_ports)
            return "committed"
        return self._resend_or_end(run, numbers)

    def _resend_or_end(self, run: Run, numbers: Sequence[int] | None) -> str:
        """Do what the silence of a run calls for; ``numbers`` are its open batches."""
        ports, now = self._run_ports, self._run_ports.clock()
        verdict = judge(
            run,
            now,
            self._emptied.get(queue_of(run)),
            resend_after=self._ports.resend_after,
            lost_after=self._ports.lost_after,
        )
        if verdict.ends:
            fail(run, _silence_reason(run, verdict), None, ports)
            return "closed"
        if verdict.silence is Silence.WAITS:
            ports.legs.put_off(run, now)
            return "waiting"
        died = verdict.silence is Silence.WORKER_DIED
        delay = timers.DELAYS[run.resends] if died else 0
        ports.legs.resend(run, now, delay)
        self._send(run, numbers, delay)
        return "resent"

    def _send(self, run: Run, numbers: Sequence[int] | None, delay_seconds: int = 0) -> None:
        queue, ports = self._ports.queues[queue_of(run)], self._run_ports
        if numbers is None:
            send_leg(run, queue, ports.runs, ports.clock(), delay_seconds)
        else:
            send_batches(run, numbers, queue, ports)


def queue_of(run: Run) -> WorkQueue:
    """The queue in which the message for an open run's present leg waits."""
    if run.mode is Mode.DELETE:
        return WorkQueue.DELETE
    if run.state is RunState.APPLYING:
        return WorkQueue.UPSERT
    if run.state is RunState.PLANNING:
        return WorkQueue.PLAN
    return EXTRACTORS[run.extractor]


_DOING = {
    RunState.ACCEPTED: "being fetched",
    RunState.EXTRACTING: "being fetched",
    RunState.PLANNING: "being compared",
    RunState.APPLYING: "being written",
}


def _silence_reason(run: Run, verdict: Verdict) -> Reason:
    """Say why a silent run was ended, and what to do."""
    if run.mode is Mode.DELETE:
        what, again, rest = "The group was being deleted", "Delete the group again", ""
    else:
        what, again = f"The roster was {_DOING[run.state]}", "Sync again"
        rest = " The next sync writes what was not written yet."
    if verdict.tried_enough:
        return Reason(
            code="abandoned",
            message=f"{what} when the work stopped, and starting it again {timers.RESENDS} times "
            f"did not help. {again}; if that ends the same way, ask your operator to look at the "
            f"dead-letter queues.{rest}",
        )
    return Reason(
        code="out_of_time",
        message=f"{what}, and was not done within {timers.RUN_DEADLINE.days} days, so the run was "
        f"ended. {again}; if that ends the same way, ask your operator why the work waits."
        f"{rest}",
    )
