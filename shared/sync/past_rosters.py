"""How long a past roster can be restored, and what makes the bucket delete it.

The bucket deletes the objects of a roster by their tags. Each begins as ``CANDIDATE``, becomes
``CURRENT`` when the group's state names it, and ``SUPERSEDED`` when a later run has replaced it.
From that day S3 keeps it for ``UNDO_DAYS``. S3 would count the age of an object from its creation,
and delete an old snapshot as soon as it is replaced; so a superseded object is deleted at the next
midnight and stays as a noncurrent version (docs/decisions/0018).

Each step may be repeated, late, and by two workers at once. An object becomes ``CURRENT`` only
after the write that names it, or together with it. A worker that died in between would otherwise
leave an object that no rule ever deletes.
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

UNDO_DAYS = 30
"""For how many days after a run has replaced a roster it can be restored (rule ``snapshots``)."""


def keep_changes(plan: Plan, objects: Objects) -> None:
    """Keep a plan's changes while its writes are uncertain: later runs write them again."""
    objects.tag([plan.changes_key, index_key(plan.changes_key)], CURRENT)


def keep_planned(run: Run, plan: Plan, objects: Objects) -> None:
    """Keep everything that a plan needs, however long its batches wait in a queue."""
    keep_changes(plan, objects)
    objects.tag(_result(run, plan.snapshot, plan.hold), CURRENT)


def keep_result(run: Run, snapshot: Snapshot, hold: Hold | None, objects: Objects) -> None:
    """Keep the objects that are the group's state, or are about to be.

    :raises MissingObjectError: an object is gone, so this must not become the group's state.
    """
    objects.tag(_result(run, snapshot, hold), CURRENT, required=True)


def release_replaced(run: Run, objects: Objects) -> None:
    """Let the bucket delete what a run that has ended replaced, or prepared in vain."""
    objects.tag(run.supersedes, SUPERSEDED)
    if run.newer:
        return  # only a newer version can tell what it prepared and what must stay
    if run.snapshot is None:
        if run.plan is not None:
            objects.tag([unapplied_key(run.key)], CANDIDATE)
            release_unused(run, objects)
    elif run.hold is not None or run.snapshot.seq == run.seq:
        release_unused(run, objects)


def release_unused(run: Run, objects: Objects) -> None:
    """Let the bucket delete what a run prepared, except for what became the group's state."""
    state = _objects(run.snapshot) if run.snapshot else ()
    kept = {*state, *(run.hold.keys if run.hold else ())}
    for prefix in (snapshots_prefix(run.key), holds_prefix(run.key)):
        objects.tag((key for key in objects.list(prefix) if key not in kept), CANDIDATE)


def _result(run: Run, snapshot: Snapshot, hold: Hold | None) -> Sequence[str]:
    # The objects of an earlier run that this snapshot names too are current already.
    prefixes = (snapshots_prefix(run.key), holds_prefix(run.key))
    own = [key for key in _objects(snapshot) if key.startswith(prefixes)]
    return [*own, *(hold.keys if hold else ())]


def _objects(snapshot: Snapshot) -> Sequence[str]:
    """All objects of a snapshot, with those of collections that only a newer version knows."""
    return [*snapshot.every_object.values()]
