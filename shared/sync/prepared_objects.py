"""What a run prepares in the bucket, and how the bucket's lifecycle learns what became of it.

A tag says it. ``candidate``: prepared, and no run needs it yet; it goes after a week. ``current``:
a group's state needs it; no rule touches it. ``superseded``: nobody needs it any more; S3 takes it
away at the next midnight, and only from then on counts for how long what it was can be gone back to
(decision 18: counted from an object's creation, an old one would go at once).

Each step may be repeated, late too, and by two at once. An object becomes ``current`` only after,
or in one step with, the write that names it: otherwise who dies in between leaves an object that no
rule ever takes away.
"""

from collections.abc import Sequence

from shared.domain.group.hold import Hold
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Plan, Run, Snapshot
from shared.ports.bucket import Objects

CANDIDATE = {"lifecycle": "candidate"}
CURRENT = {"lifecycle": "current"}
SUPERSEDED = {"lifecycle": "superseded"}


def snapshot_key(run: Run, attempt: str, collection: Collection) -> str:
    """Where an attempt to plan puts a collection of its snapshot."""
    return f"{_snapshots(run)}{attempt}/{collection.value}.parquet"


def hold_keys(run: Run, attempt: str) -> tuple[str, str]:
    """Where an attempt to plan puts the list and the summary of what waits."""
    return f"{_holds(run)}{attempt}/hold.csv", f"{_holds(run)}{attempt}/hold.json"


def changes_key(run: Run, attempt: str) -> str:
    """Where an attempt to plan puts its changes."""
    return f"changes/{run.group_id}/{run.seq}/{attempt}.ndjson.gz"


def unapplied_key(run: Run) -> str:
    """Where the changes of a run go that could not be applied."""
    return f"changes/{run.group_id}/{run.seq}/unapplied.ndjson.gz"


def keep_changes(plan: Plan, objects: Objects) -> None:
    """Keep the changes of a plan that is dirty, for the runs that come after it."""
    objects.tag([plan.changes_key, plan.index_key], CURRENT)


def keep_planned(run: Run, plan: Plan, objects: Objects) -> None:
    """Keep all that a plan needs to its end, however long its batches wait in a queue."""
    keep_changes(plan, objects)
    objects.tag(_result(run, plan.snapshot, plan.hold), CURRENT)


def keep_result(run: Run, snapshot: Snapshot, hold: Hold | None, objects: Objects) -> None:
    """Keep what is, or is about to be, the group's state.

    :raises MissingObjectError: one of the objects is gone, so that this must not become the state.
    """
    objects.tag(_result(run, snapshot, hold), CURRENT, required=True)


def settle(run: Run, objects: Objects) -> None:
    """Let go of what an ended run has replaced, and of what it has prepared for nothing."""
    objects.tag(run.supersedes, SUPERSEDED)
    if run.newer:
        return  # what it has prepared, and kept, can be read by a newer version only
    if run.snapshot is None:
        if run.plan is not None:
            objects.tag([unapplied_key(run)], CANDIDATE)
            let_go(run, objects)
    elif run.hold is not None or run.snapshot.seq == run.seq:
        let_go(run, objects)


def let_go(run: Run, objects: Objects) -> None:
    """Let go of what attempts to plan have left that did not become the group's state."""
    state = _objects(run.snapshot) if run.snapshot else ()
    kept = {*state, *(run.hold.keys if run.hold else ())}
    for place in (_snapshots(run), _holds(run)):
        objects.tag((key for key in objects.list(place) if key not in kept), CANDIDATE)


def _result(run: Run, snapshot: Snapshot, hold: Hold | None) -> Sequence[str]:
    own = [key for key in _objects(snapshot) if key.startswith(_snapshots(run))]
    return [*own, *(hold.keys if hold else ())]


def _objects(snapshot: Snapshot) -> Sequence[str]:
    """All objects of a snapshot, those included of collections that only a newer version knows."""
    return [*snapshot.objects.values(), *snapshot.besides.values()]


def _snapshots(run: Run) -> str:
    return f"snapshots/{run.group_id}/{run.seq}/"


def _holds(run: Run) -> str:
    return f"holds/{run.group_id}/{run.seq}/"
