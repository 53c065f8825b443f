"""Commits a run: its snapshot becomes what the group's roster holds."""

from shared.domain import object_keys
from shared.domain.counted import agreeing, counted, sentence
from shared.domain.errors import MissingObjectError, StoppedError
from shared.domain.group.hold import Hold
from shared.domain.group.rule_words import rule_in_words
from shared.domain.run.results import Commit, RosterBase
from shared.domain.run.run import Reason, Run, RunState, Snapshot
from shared.ports.roster import OVERTAKEN
from shared.ports.runs import Batches
from shared.sync import past_rosters
from shared.sync.close.end_run import announce, fail
from shared.sync.close.unapplied import keep_unapplied, unapplied_reason
from shared.sync.run_ports import RunPorts

MOST_REASONS = 6
"""How many kinds of what waits the reason of a run names; the hold has all."""


def commit_run(run: Run, batches: Batches, ports: RunPorts) -> None:
    """Close an applied run and move the snapshot; changes that could not be applied stay dirty.

    If an object of the new snapshot is gone, the run fails: the next one writes its changes again.
    """
    assert run.plan is not None
    snapshot, hold, reason = run.plan.snapshot, run.plan.hold, run.plan.reason
    base = batches.base(run.key)
    unapplied = batches.unapplied(run.key)
    if unapplied:
        reason = unapplied_reason(unapplied)
    dirty = keep_unapplied(run, unapplied, ports.objects)
    applied = [key for key in base.dirty if key not in dirty]
    indexes = [object_keys.index_key(key) for key in applied]
    try:
        past_rosters.keep_result(run, snapshot, hold, ports.objects)
    except MissingObjectError:
        fail(run, _RESULT_LOST, None, ports)
        return
    commit = Commit(
        state=end_state(None if unapplied else hold, reason),
        snapshot=snapshot,
        shards=run.plan.shards,
        dirty=dirty,
        supersedes=(*replaced_objects(base, snapshot), *applied, *indexes),
        reason=reason if unapplied else hold_reason(hold) or reason,
        hold=hold,
        unmark=settles_mark(run, base.hold, hold),
        distrust=any(change.code == OVERTAKEN for change in unapplied),
    )
    try:
        batches.commit(run.key, ports.clock(), commit)
    except StoppedError:
        return
    announce(run.key, ports)


def end_state(hold: Hold | None, reason: Reason | None) -> RunState:
    """The state in which a run ends that has applied everything but its hold.

    :param reason: why it does not end well, apart from the hold; None if it does.
    """
    if hold:
        return RunState.HELD
    return RunState.SUCCEEDED_WITH_ERRORS if reason else RunState.SUCCEEDED


def hold_reason(hold: Hold | None) -> Reason | None:
    """Say that something waits for a person; None if nothing does."""
    if hold is None:
        return None
    what = counted(hold.records, "deletion or change", "deletions or changes")
    waiting = sentence(f"{what} {agreeing(hold.records, 'waits', 'wait')}")
    why = "; ".join(
        f"{row['records']} {row['entity']}, because {rule_in_words(row['rule'])}"
        for row in hold.by_rule[:MOST_REASONS]
    )
    about = f"It is about {why}. " if why else ""
    return Reason(
        code="held",
        message=f"{waiting} for a person; all else is applied. {about}"
        "Look at the group's hold, then decide on all of it or a part. Approving carries it out at "
        "once, with everything that hangs on it; rejecting keeps what is there, and lists it.",
    )


def settles_mark(run: Run, before: Hold | None, after: Hold | None) -> bool:
    """Whether a run has carried out the decision on a marked roster, so that the mark can go.

    It has not if the deletion still waits: a run that surveys a restored table deletes nothing.
    """
    waited, still_waits = (hold is not None and hold.of_mark for hold in (before, after))
    return run.decision is not None and waited and not still_waits


def replaced_objects(base: RosterBase, snapshot: Snapshot) -> tuple[str, ...]:
    """List the objects of a base that nothing needs once ``snapshot`` and its hold replace them."""
    old = base.snapshot.every_object if base.snapshot else {}
    new = snapshot.every_object
    replaced = [key for name, key in old.items() if new.get(name) != key]
    return (*replaced, *(base.hold.keys if base.hold else ()))


_RESULT_LOST = Reason(
    code="result_lost",
    message="The roster was written, but the stored state that belongs to it is gone, because the "
    "run took more than a week. Sync again: the next run writes the same changes once more.",
)
