"""The end of a run: commit, failure, and what follows both.

The run item is the outbox: an ended run stays in the index of open runs until its end has been
announced, so that ``close_runs`` finds those whose last worker died in between.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain import object_keys
from shared.domain.counted import agreeing, counted, sentence
from shared.domain.errors import MissingObjectError, StoppedError
from shared.domain.events import records_held, run_finished
from shared.domain.group.hold import Hold
from shared.domain.ids import RunKey
from shared.domain.roster.change import Change
from shared.domain.run.results import Commit, RunEnd, Unapplied
from shared.domain.run.run import Reason, Run, RunState
from shared.ports.bucket import Objects
from shared.ports.messaging import Announcements
from shared.ports.roster import OVERTAKEN
from shared.ports.runs import Batches, Legs, RunLog, Runs
from shared.sync import change_file, prepared_objects
from shared.sync.change_file import messages, read_batch


class Ending(Protocol):
    """What ends a run: ports that every stage has."""

    @property
    def objects(self) -> Objects:
        """The data bucket."""
        ...

    @property
    def announcements(self) -> Announcements:
        """The event bus."""
        ...

    @property
    def run_log(self) -> RunLog:
        """What an operator sees."""
        ...

    @property
    def clock(self) -> Callable[[], datetime]:
        """The time."""
        ...


def fail(
    run: Run, reason: Reason, owner: str | None, legs: Legs, runs: Runs, ports: Ending
) -> None:
    """End a run as Failed; nothing of the roster or its snapshot moves."""
    if run.plan is not None:
        # While the run is open nobody else lets go of them: what follows its end may come late.
        prepared_objects.keep_changes(run.plan, ports.objects)
    if legs.close(run.key, ports.clock(), RunEnd(RunState.FAILED, reason), owner):
        if run.state is RunState.PLANNING:
            prepared_objects.let_go(run, ports.objects)
        announce(run.key, runs, legs, ports)


def announce(key: RunKey, runs: Runs, legs: Legs, ports: Ending) -> None:
    """Do what follows a run's end; every step may be repeated, and none waits for another.

    What fails is tried again by ``close_runs``, without publishing once more.
    """
    run = runs.get(key)
    if run is None or run.open or run.announced:
        return
    # First, so that whatever else fails an operator sees it; noted before it is written, so that it
    # is written once, however often the rest is tried and by how many.
    if legs.recorded(key):
        ports.run_log.ended(run)
    if not run.published:
        held = records_held(run)
        ports.announcements.publish(run_finished(run), *([held] if held else ()))
    try:
        prepared_objects.settle(run, ports.objects)
    except Exception:
        legs.published(key)
        raise
    legs.announced(key)


def commit_run(run: Run, runs: Runs, legs: Legs, batches: Batches, ports: Ending) -> None:
    """Close an applied run and move the snapshot; what could not be applied stays dirty.

    If what is to become the snapshot is gone, the run fails: the next one writes its changes again.
    """
    assert run.plan is not None
    base = batches.base(run.key)
    unapplied = batches.unapplied(run.key)
    dirty = _keep_unapplied(run, unapplied, ports.objects)
    old = base.snapshot.objects if base.snapshot else {}
    new = run.plan.snapshot.objects
    replaced = [key for name, key in old.items() if new[name] != key]
    finished = [key for key in base.dirty if key not in dirty]
    hold = run.plan.hold
    try:
        prepared_objects.keep_result(run, run.plan.snapshot, hold, ports.objects)
    except MissingObjectError:
        fail(run, _RESULT_LOST, None, legs, runs, ports)
        return
    try:
        batches.commit(
            run.key,
            ports.clock(),
            Commit(
                state=_end_of(unapplied, hold),
                snapshot=run.plan.snapshot,
                shards=run.plan.shards,
                dirty=dirty,
                supersedes=(
                    *replaced,
                    *finished,
                    *(object_keys.index_key(key) for key in finished),
                    *(base.hold.keys if base.hold else ()),
                ),
                reason=_unapplied_reason(unapplied) if unapplied else waits(hold),
                hold=hold,
                unmark=unmarks(run, base.hold, hold),
                distrust=any(change.code == OVERTAKEN for change in unapplied),
            ),
        )
    except StoppedError:
        return
    announce(run.key, runs, legs, ports)


def _end_of(unapplied: Sequence[Unapplied], hold: Hold | None) -> RunState:
    if unapplied:
        return RunState.SUCCEEDED_WITH_ERRORS
    return RunState.HELD if hold else RunState.SUCCEEDED


def unmarks(run: Run, before: Hold | None, after: Hold | None) -> bool:
    """Whether a decision on a marked roster was carried out, so that the mark has done its work.

    It was not where the deletion still waits: a run that reads a restored table deletes nothing.
    """
    waited, waits_on = (hold is not None and hold.of_mark for hold in (before, after))
    return run.decision is not None and waited and not waits_on


def waits(hold: Hold | None) -> Reason | None:
    """Say that something waits for a person."""
    if hold is None:
        return None
    return Reason(
        code="held",
        message=f"{_waiting(hold.records)} for a person; all else is applied. Look "
        "at the group's hold, then approve or reject it.",
    )


def _waiting(records: int) -> str:
    what = counted(records, "deletion or change", "deletions or changes")
    return sentence(f"{what} {agreeing(records, 'waits', 'wait')}")


def _keep_unapplied(run: Run, unapplied: Sequence[Unapplied], objects: Objects) -> tuple[str, ...]:
    """Write the unapplied changes into a change file of their own, for the next run to try."""
    if not unapplied:
        return ()
    wanted = {(change.collection, change.id) for change in unapplied}
    key = object_keys.unapplied_key(run.key)
    lines = (
        change.model_dump_json()
        for change in _changes(run, objects)
        if (change.collection, change.id) in wanted
    )
    body = b"".join(change_file.packed_batches(lines))
    objects.put(key, body, object_keys.CURRENT)
    return (key,)


def _changes(run: Run, objects: Objects) -> Iterator[Change]:
    plan = run.plan
    assert plan is not None
    for message in messages(objects, run.key, plan, range(plan.batches)):
        yield from read_batch(objects, plan, message.start, message.length)


_RESULT_LOST = Reason(
    code="result_lost",
    message="The roster was written, but the stored state that goes with it is gone: the run took "
    "more than a week. Sync again: what this run has written is then written anew.",
)


def _not_written(count: int) -> str:
    return (
        f"{sentence(counted(count, 'record'))} could not be written. The next sync tries "
        f"{agreeing(count, 'it', 'them')} again."
    )


def _overtaken(count: int) -> str:
    return (
        f"{sentence(counted(count, 'record'))} {agreeing(count, 'bears', 'bear')} the number of a "
        "run that this group does not know, as after a table was restored from a backup. The next "
        f"sync reads the roster itself, and writes {agreeing(count, 'it', 'them')}."
    )


def _login_name_taken(count: int) -> str:
    return (
        f"{sentence(counted(count, 'user'))} could not get {agreeing(count, 'its', 'their')} login "
        "name, because a user of another group has it. Give the group a suffix, or change the "
        "username at the source."
    )


EXPLAINED: dict[str, Callable[[int], str]] = {
    OVERTAKEN: _overtaken,
    "login_name_taken": _login_name_taken,
}
"""What is said of so many changes that could not be applied, by why; else ``_not_written``."""


def _unapplied_reason(unapplied: Sequence[Unapplied]) -> Reason:
    """Say what could not be applied: the commonest cause, with the ids of a few records."""
    codes = [change.code for change in unapplied]
    code = max(sorted(set(codes)), key=codes.count)
    count = codes.count(code)
    text = EXPLAINED.get(code, _not_written)(count)
    named = ", ".join(f"{c.collection.entity}/{c.id}" for c in unapplied[:10] if c.code == code)
    return Reason(
        code=code if code in EXPLAINED else "changes_unapplied",
        message=f"{text} Affected: {named}{' …' if len(unapplied) > 10 else ''}",
        field="suffix" if code == "login_name_taken" else None,
    )
