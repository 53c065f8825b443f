"""Hands a finished plan over: to those who apply its changes, or to the end of the run."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.domain import object_keys
from shared.domain.group.hold import Hold
from shared.domain.roster.stamp import Stamp
from shared.domain.run.results import Commit, PlanResult, RosterBase
from shared.domain.run.run import Plan, RunState, Snapshot
from shared.planning.columns import SHAPE_VERSION
from shared.planning.plan import PlanOutcome
from shared.planning.settings_digest import settings_digest
from shared.ports.messaging import Queue
from shared.ports.runs import Batches
from shared.sync import change_file, past_rosters
from shared.sync.close.commit_run import end_state, hold_reason, replaced_objects, settles_mark
from shared.sync.close.end_run import announce
from shared.sync.leg import Leg
from shared.sync.send_work import send_batches


@dataclass(frozen=True)
class StoredPlan:
    """A plan whose snapshot and hold are in the bucket, as candidates.

    ``base``: what the roster held before.
    ``outcome``: what was planned.
    ``snapshot``: what the roster holds once the plan is applied.
    ``hold``: what waits for a person.
    ``stamp``: what the group and the roster table say once the plan writes.
    ``table_stamp``: what the roster table said when the plan was made.
    """

    base: RosterBase
    outcome: PlanOutcome
    snapshot: Snapshot
    hold: Hold | None
    stamp: Stamp
    table_stamp: Stamp | None


def store_snapshot(leg: Leg, base: RosterBase, outcome: PlanOutcome) -> Snapshot:
    """Store the collections that have changed; the others keep their objects."""
    run = leg.run
    objects = dict(base.snapshot.objects) if base.snapshot else {}
    for collection, path in outcome.snapshot.items():
        key = object_keys.snapshot_key(run.key, leg.owner, collection)
        leg.ports.objects.upload(key, path, object_keys.CANDIDATE)
        objects[collection] = key
    proposals = {}
    for collection, path in outcome.proposed.items():
        key = object_keys.proposals_key(run.key, leg.owner, collection)
        leg.ports.objects.upload(key, path, object_keys.CANDIDATE)
        proposals[collection] = key
    besides = base.snapshot.besides if base.snapshot else {}
    kept = _store_kept(leg, base, outcome)
    return Snapshot(
        seq=run.seq,
        shape_version=SHAPE_VERSION,
        settings=settings_digest(run.config),
        objects=objects,
        besides={**besides, **Snapshot.name_proposals(proposals)},
        retention=run.config.retention,
        kept=kept,
    )


def _store_kept(leg: Leg, base: RosterBase, outcome: PlanOutcome) -> Hold | None:
    """Store the list and the summary of what was rejected, unless they are as they were."""
    kept, before = outcome.kept, base.snapshot.kept if base.snapshot else None
    if kept is None or (before and (before.digest, before.by_rule) == (kept.digest, kept.by_rule)):
        return before if kept else None
    list_key, summary_key = object_keys.kept_keys(leg.run.key, leg.owner)
    leg.ports.objects.upload(list_key, outcome.kept_list, object_keys.CANDIDATE)
    leg.ports.objects.upload(summary_key, outcome.kept_summary, object_keys.CANDIDATE)
    where = {"seq": leg.run.seq, "list_key": list_key, "summary_key": summary_key}
    return kept.model_copy(update=where)


def store_hold(leg: Leg, outcome: PlanOutcome) -> Hold | None:
    """Store the list and the summary of what waits for a person; None if nothing does."""
    if outcome.hold is None:
        return None
    list_key, summary_key = object_keys.hold_keys(leg.run.key, leg.owner)
    leg.ports.objects.upload(list_key, outcome.hold_list, object_keys.CANDIDATE)
    leg.ports.objects.upload(summary_key, outcome.hold_summary, object_keys.CANDIDATE)
    where = {"seq": leg.run.seq, "list_key": list_key, "summary_key": summary_key}
    return outcome.hold.model_copy(update=where)


def start_applying(
    leg: Leg,
    stored: StoredPlan,
    changes: Iterable[str],
    path: Path,
    batches: Batches,
    queue: Queue,
) -> None:
    """Write the changes down, take the run to Applying, then send its batches.

    The order makes it safe. Once the run is Applying, its changes are in the group's ``dirty``. If
    the worker dies before it has noted that the batches were sent, ``close_runs`` sends them.

    :param changes: the plan's changes, one a line.
    :param path: a file to write them into on the way.
    """
    ports, key = leg.ports, leg.run.key
    ends = change_file.write_batches(changes, path)
    plan = Plan(
        changes_key=object_keys.changes_key(key, leg.owner),
        attempt=leg.owner,
        batches=len(ends),
        shards=stored.stamp.shards,
        snapshot=stored.snapshot,
        hold=stored.hold,
        order=stored.stamp.order,
        reason=stored.outcome.reason,
    )
    change_file.upload(ports.objects, plan.changes_key, path, ends)
    batches.open(key, plan, ports.clock())
    result = PlanResult(
        counts=stored.outcome.counts,
        notices=stored.outcome.notices,
        plan=plan,
        stamp=stored.stamp,
        seen=stored.table_stamp,
    )
    batches.planned(key, leg.owner, ports.clock(), result)
    applying = leg.run.model_copy(update={"state": RunState.APPLYING, "plan": plan})
    send_batches(applying, range(plan.batches), queue, ports)


def close_unchanged(leg: Leg, stored: StoredPlan, batches: Batches) -> None:
    """End a run that has nothing to apply, in one transaction."""
    ports, run = leg.ports, leg.run
    base, snapshot, hold = stored.base, stored.snapshot, stored.hold
    retention_changed = base.snapshot and base.snapshot.retention != snapshot.retention
    kept_changed = base.snapshot and base.snapshot.kept != snapshot.kept
    differs = bool(stored.outcome.snapshot or stored.outcome.proposed)
    moves = differs or retention_changed or kept_changed
    past_rosters.keep_result(run, snapshot, hold, ports.objects)
    commit = Commit(
        state=end_state(hold, stored.outcome.reason),
        reason=hold_reason(hold) or stored.outcome.reason,
        hold=hold,
        unmark=settles_mark(run, base.hold, hold),
        snapshot=base.snapshot if base.snapshot and not moves else snapshot,
        shards=stored.stamp.shards,
        supersedes=replaced_objects(base, snapshot),
        counts=stored.outcome.counts,
        notices=stored.outcome.notices,
        owner=leg.owner,
    )
    batches.commit(run.key, ports.clock(), commit)
    announce(run.key, ports)
