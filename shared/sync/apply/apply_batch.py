"""Applies one batch of a run's changes, each change by itself, and commits after the last one."""

from dataclasses import dataclass

from shared.domain.errors import TryLaterError
from shared.domain.roster.change import Change, RosterWrite
from shared.domain.roster.documents import roster_write
from shared.domain.run.results import Unapplied
from shared.domain.run.run import Run
from shared.messages import ApplyBatch
from shared.ports.roster import Refusal, Roster
from shared.ports.runs import Batches
from shared.sync.change_file import read_batch
from shared.sync.close.commit_run import commit_run
from shared.sync.run_ports import RunPorts


@dataclass(frozen=True)
class ApplyPorts:
    """What applying needs of the world.

    ``run``: what every stage needs.
    ``batches``: the open batches of the run, and its commit.
    ``roster``: the records to change.
    """

    run: RunPorts
    batches: Batches
    roster: Roster


def apply_batch(message: ApplyBatch, ports: ApplyPorts, *, last_receive: bool) -> int | None:
    """Apply one batch of a run.

    Returns how many changes could not be applied. Returns None, and does nothing, if the run is not
    Applying or has another plan: a late message must not touch a roster that a newer run may have
    changed since.

    A change that can never succeed is noted at once. A change that may succeed later fails the
    message; on the message's last receive it is noted as well, so that the run can end.

    :param last_receive: whether the message goes to the dead-letter queue if it fails now.
    :raises TryLaterError: some changes failed in passing; the message should come again.
    """
    clock = ports.run.clock
    run = ports.batches.touch(message.key, clock())
    if run is None or run.plan is None or message.attempt not in (None, run.plan.attempt):
        return None
    if run.newer:
        raise TryLaterError("a newer version has planned this run")
    changes = read_batch(ports.run.objects, run.plan, message.start, message.length)
    writes, refusals = _writes(run, changes)
    refusals += ports.roster.apply(run.plan.writing(run.key), run.plan.shards, writes, clock())
    passing = [refusal for refusal in refusals if refusal.passing]
    if passing and not last_receive:
        raise TryLaterError("some changes could not be applied yet")
    if refusals:
        unapplied = [Unapplied(r.collection, r.id, r.code) for r in refusals]
        ports.batches.note_unapplied(run.key, message.batch, unapplied, clock())
    if ports.batches.finish(run.key, run.plan, message.batch):
        commit_run(run, ports.batches, ports.run)
    if passing:
        raise TryLaterError("some changes could not be applied and are parked")
    return len(refusals)


def _writes(run: Run, changes: list[Change]) -> tuple[list[RosterWrite], list[Refusal]]:
    """Make the documents to write; a change that makes none must not stop the others."""
    writes: list[RosterWrite] = []
    refusals: list[Refusal] = []
    for change in changes:
        try:
            writes.append(roster_write(change, run.config))
        except (KeyError, TypeError, ValueError):
            refusals.append(Refusal(change.collection, change.id, "document_failed"))
    return writes, refusals
