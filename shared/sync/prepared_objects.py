"""Tells the bucket's lifecycle, by tags, what became of the objects that a run has prepared.

They begin as ``CANDIDATE``, become ``CURRENT`` when a group's state names them, and ``SUPERSEDED``
when it no longer does. From then on S3 counts the days for which the roster can be restored; it
would count an old snapshot's from its creation, and take it at once (decision 18).

Each step may be repeated, late, and by two workers at once. An object becomes ``CURRENT`` only
after the write that names it, or in one step with it. A worker that died in between would otherwise
leave an object that no rule ever takes away.
"""

from collections.abc import Sequence

from shared.domain.group.hold import Hold
from shared.domain.object_keys import (
    CANDIDATE,
    CURRENT,
    SUPERSEDED,
    holds_prefix,
    index_key,
    snapshots_prefix,
    unapplied_key,
)
from shared.domain.run.run import Plan, Run, Snapshot
from shared.ports.bucket import Objects


def keep_changes(plan: Plan, objects: Objects) -> None:
    """Keep the changes of a plan whose writes are uncertain: later runs write them again."""
    objects.tag([plan.changes_key, index_key(plan.changes_key)], CURRENT)


def keep_planned(run: Run, plan: Plan, objects: Objects) -> None:
    """Keep all that a plan needs until it is done, however long its batches wait in a queue."""
    keep_changes(plan, objects)
    objects.tag(_result(run, plan.snapshot, plan.hold), CURRENT)


def keep_result(run: Run, snapshot: Snapshot, hold: Hold | None, objects: Objects) -> None:
    """Keep what is the group's state, or is about to be.

    :raises MissingObjectError: an object is gone, so this must not become the group's state.
    """
    objects.tag(_result(run, snapshot, hold), CURRENT, required=True)


def settle(run: Run, objects: Objects) -> None:
    """Let go of what an ended run has replaced, and of what it prepared and nothing needs."""
    objects.tag(run.supersedes, SUPERSEDED)
    if run.newer:
        return  # only a newer version can tell what it prepared and what must stay
    if run.snapshot is None:
        if run.plan is not None:
            objects.tag([unapplied_key(run.key)], CANDIDATE)
            let_go(run, objects)
    elif run.hold is not None or run.snapshot.seq == run.seq:
        let_go(run, objects)


def let_go(run: Run, objects: Objects) -> None:
    """Let go of what a run's attempts to plan prepared, but for the group's state."""
    state = _objects(run.snapshot) if run.snapshot else ()
    kept = {*state, *(run.hold.keys if run.hold else ())}
    for prefix in (snapshots_prefix(run.key), holds_prefix(run.key)):
        objects.tag((key for key in objects.list(prefix) if key not in kept), CANDIDATE)


def _result(run: Run, snapshot: Snapshot, hold: Hold | None) -> Sequence[str]:
    # The objects of an earlier run that this snapshot names too are current already.
    own = [key for key in _objects(snapshot) if key.startswith(snapshots_prefix(run.key))]
    return [*own, *(hold.keys if hold else ())]


def _objects(snapshot: Snapshot) -> Sequence[str]:
    """All objects of a snapshot, with those of collections that only a newer version knows."""
    return [*snapshot.objects.values(), *snapshot.besides.values()]
