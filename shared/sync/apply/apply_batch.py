"""Applies one batch of a run's changes, each change by itself, and commits after the last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import TryLaterError
from shared.domain.roster.change import Change, RosterWrite
from shared.domain.roster.documents import roster_write
from shared.domain.run.results import Unapplied
from shared.domain.run.run import Run
from shared.messages import ApplyBatch
from shared.ports.bucket import Objects
from shared.ports.messaging import Announcements
from shared.ports.roster import Refusal, Roster
from shared.ports.runs import Batches, Legs, RunLog, Runs
from shared.sync.change_file import read_batch
from shared.sync.close.finish_run import commit_run


@dataclass(frozen=True)
class ApplyPorts:
    """What applying needs of the world."""

    runs: Runs
    legs: Legs
    batches: Batches
    roster: Roster
    objects: Objects
    announcements: Announcements
    run_log: RunLog
    clock: Callable[[], datetime]


def apply_batch(message: ApplyBatch, ports: ApplyPorts, *, last_receive: bool) -> int | None:
    """Apply the batch that ``message`` speaks of; returns how many changes could not be applied.

    A message of a run that is not Applying, or of another plan than the run's, does nothing (None):
    late ones must not touch a roster that a newer run has since changed. What can never succeed is
    noted at once. What may succeed later fails the message; on its last receive that, too, is
    noted, so that the run can end.

    :raises TryLaterError: some changes failed in passing; the message should come again, or go to
        the dead-letter queue if this was its last receive.
    """
    run = ports.batches.touch(message.key, ports.clock())
    if run is None or run.plan is None or message.attempt not in (None, run.plan.attempt):
        return None
    if run.newer:
        raise TryLaterError("a newer version has planned this run")
    changes = read_batch(ports.objects, run.plan, message.start, message.length)
    writes, refusals = _writes(run, changes)
    writing = run.plan.writing(run.key)
    refusals += ports.roster.apply(writing, run.plan.shards, writes, ports.clock())
    passing = [refusal for refusal in refusals if refusal.passing]
    if passing and not last_receive:
        raise TryLaterError("some changes could not be applied yet")
    if refusals:
        unapplied = [Unapplied(r.collection, r.id, r.code) for r in refusals]
        ports.batches.note_unapplied(run.key, message.batch, unapplied, ports.clock())
    if ports.batches.finish(run.key, run.plan, message.batch):
        commit_run(run, ports.runs, ports.legs, ports.batches, ports)
    if passing:
        raise TryLaterError("some changes could not be applied and are parked")
    return len(refusals)


def _writes(run: Run, changes: list[Change]) -> tuple[list[RosterWrite], list[Refusal]]:
    """Make the documents; a change of which none can be made must not stop the others."""
    writes: list[RosterWrite] = []
    refusals: list[Refusal] = []
    for change in changes:
        try:
            writes.append(roster_write(change, run.config))
        except (KeyError, TypeError, ValueError):
            refusals.append(Refusal(change.collection, change.id, "document_failed"))
    return writes, refusals
