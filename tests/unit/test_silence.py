"""What the silence of a run means, by plain values; and what a tick does about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import timers
from shared.domain.group.choices import SyncType
from shared.domain.ids import RunKey
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Mode, Run, RunState, Trigger
from shared.domain.run.silence import Silence, judge
from shared.messages import ApplyBatch, PlanRun
from shared.ports.messaging import WorkQueue
from shared.sync.close.close_runs import queue_of
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation, config
from tests.fakes.source import org

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def run_of(**changes: Any) -> Run:
    return Run(
        enterprise=ENTERPRISE,
        group_id=GROUP,
        seq=1,
        mode=Mode.SYNC,
        trigger=Trigger.REQUEST,
        requested_by="test",
        state=RunState.EXTRACTING,
        config=config(),
        created_at=NOW - 2 * HOUR,
    ).model_copy(update=changes)


def meant(run: Run, emptied_at: datetime | None = None) -> Silence:
    times = {"resend_after": timers.RESEND_AFTER, "lost_after": timers.LOST_AFTER}
    return judge(run, NOW, emptied_at, **times).silence


OWNED = {"owner": "one", "lease_until": NOW - 10 * MINUTE}


@pytest.mark.parametrize(
    ("run", "emptied_at", "silence"),
    [
        # Nobody has noted that it was sent: whatever else is in the queue.
        (run_of(), None, Silence.NEVER_SENT),
        (run_of(), NOW, Silence.NEVER_SENT),
        # In a queue that was not empty since, or not for long enough to be sure.
        (run_of(sent_at=NOW - HOUR), None, Silence.WAITS),
        (run_of(sent_at=NOW - HOUR), NOW - 2 * HOUR, Silence.WAITS),
        (run_of(sent_at=NOW - HOUR), NOW - HOUR + MINUTE, Silence.WAITS),
        (run_of(sent_at=NOW - HOUR), NOW - HOUR + 5 * MINUTE, Silence.LOST),
        (run_of(sent_at=NOW - HOUR), NOW, Silence.LOST),
        (run_of(sent_at=NOW - 12 * HOUR), None, Silence.TOO_LONG),
        # Its owner's lease is over: news, unless a message was sent since.
        (run_of(**OWNED), None, Silence.WORKER_DIED),
        (run_of(**OWNED, sent_at=NOW - 12 * MINUTE), None, Silence.WORKER_DIED),
        (run_of(**OWNED, sent_at=NOW - 10 * MINUTE), NOW, Silence.WORKER_DIED),
        (run_of(**OWNED, sent_at=NOW - 9 * MINUTE), None, Silence.WAITS),
        (run_of(**OWNED, sent_at=NOW - 9 * MINUTE), NOW, Silence.LOST),
        # A plan whose batches wait.
        (run_of(state=RunState.APPLYING, sent_at=NOW - HOUR), None, Silence.WAITS),
        (run_of(state=RunState.APPLYING), None, Silence.NEVER_SENT),
    ],
)
def test_what_silence_means(run: Run, emptied_at: datetime | None, silence: Silence) -> None:
    assert meant(run, emptied_at) is silence


@given(
    sent=st.none() | st.integers(0, 200),
    lease=st.none() | st.integers(1, 200),
    emptied=st.none() | st.integers(0, 200),
    resends=st.integers(0, 6),
    age=st.integers(0, 200),
)
def test_a_run_ends_only_for_want_of_time_or_after_all_was_tried(
    sent: int | None, lease: int | None, emptied: int | None, resends: int, age: int
) -> None:
    """Hours before now. What waits never ends but for its age."""

    def ago(hours: int | None) -> datetime | None:
        return None if hours is None else NOW - hours * HOUR

    run = run_of(
        sent_at=ago(sent),
        owner=None if lease is None else "one",
        lease_until=ago(lease),
        resends=resends,
        created_at=NOW - age * HOUR,
    )
    verdict = judge(
        run, NOW, ago(emptied), resend_after=timers.RESEND_AFTER, lost_after=timers.LOST_AFTER
    )
    tried = resends >= timers.RESENDS and verdict.silence is not Silence.WAITS
    assert verdict.ends == (tried or age >= 144)
    if verdict.silence is Silence.WAITS:
        assert sent is not None
        assert sent < 12
        assert emptied is None or emptied >= sent
    if verdict.silence is Silence.LOST:
        assert sent is not None
        assert emptied is not None
        assert emptied < sent


def test_each_run_waits_in_the_queue_of_its_leg() -> None:
    assert queue_of(run_of(state=RunState.ACCEPTED)) is WorkQueue.EXTRACT_API
    for kind, queue in ((SyncType.SFTP, "extractSftp"), (SyncType.ZIP, "extractZip")):
        assert queue_of(run_of(config=config(sync_type=kind))) == queue
    assert queue_of(run_of(state=RunState.PLANNING)) is WorkQueue.PLAN
    assert queue_of(run_of(state=RunState.APPLYING)) is WorkQueue.UPSERT
    for state in (RunState.ACCEPTED, RunState.APPLYING):
        assert queue_of(run_of(state=state, mode=Mode.DELETE)) is WorkQueue.DELETE


def _planned() -> tuple[Simulation, RunKey, PlanRun]:
    """A run that is about to be planned, with a message for it."""
    world = Simulation()
    world.source.put(Collection.ORGS, org("district"))
    run = world.request()
    world.deliver(world.take())
    message = world.take()
    assert isinstance(message, PlanRun)
    return world, run.key, message


def test_a_plan_that_comes_again_fans_nothing_out() -> None:
    """Copies of a planner's message would breed as many of all its batches."""
    world, _, message = _planned()
    world.deliver(message)
    assert [type(m) for m in world.queue.messages] == [ApplyBatch]
    for _ in range(3):
        world.deliver(message)
    assert [type(m) for m in world.queue.messages] == [ApplyBatch]


def test_a_planner_that_dies_before_it_has_sent_its_batches_has_them_sent() -> None:
    world, key, message = _planned()
    die_at = 0
    while world.control.runs[key].state is not RunState.APPLYING:
        world.deliver(message, die_at=die_at)
        world.now += timers.LEASE + MINUTE
        die_at += 1
    assert world.control.runs[key].sent_at is None
    world.queue.messages[:] = [message] * 3  # whatever else waits there
    world.tick(timers.RESEND_AFTER + MINUTE)
    assert [type(m) for m in world.queue.messages[3:]] == [ApplyBatch]
    world.settle()
    assert world.control.runs[key].state is RunState.SUCCEEDED
