"""Deletes a group with everything it has, in a run of its own, in two sweeps.

Workers of the run that the deletion has stopped may write until their invocations end. So what is
left is swept twice, the second time when none of them can be alive any more. Only then are the
group's names and customers free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.errors import NotFoundError, StoppedError
from shared.domain.run.deletion_certificate import Deletion, certify
from shared.domain.run.results import NextLeg
from shared.domain.run.run import Mode, RunState
from shared.groups.deletion_count import DeletionCount
from shared.messages import DeleteGroup
from shared.ports.deletion import Deletions, GroupSweeper
from shared.ports.groups import Groups
from shared.ports.messaging import Queue
from shared.sync.close.end_run import announce
from shared.sync.leg import USUAL_PACE, Leg, LegOverError, Pace, claim_leg
from shared.sync.run_ports import RunPorts

SECOND_SWEEP_SECONDS = 900
"""How long an invocation can live (AWS Lambda quotas), and how long SQS can hold a message back."""


@dataclass(frozen=True)
class DeletePorts:
    """What the deletion of a group needs of the world.

    ``run``: what every stage needs.
    ``groups``: the groups.
    ``deletions``: ends the run together with the group.
    ``sweepers``: delete what the stores hold of the group.
    ``delete_queue``: where the next leg waits.
    ``backup_days``: for how long a backup of the tables may still hold what was deleted.
    ``pace``: how long a leg lasts.
    ``second_sweep_seconds``: how long after the first sweep the second one begins.
    """

    run: RunPorts
    groups: Groups
    deletions: Deletions
    sweepers: Sequence[GroupSweeper]
    delete_queue: Queue
    backup_days: int
    pace: Pace = USUAL_PACE
    second_sweep_seconds: int = SECOND_SWEEP_SECONDS


def delete_leg(message: DeleteGroup, ports: DeletePorts, owner: str) -> None:
    """Do one leg of a group's deletion, if it can be claimed.

    Only a run of mode ``delete`` deletes. If the records of runs went back to an earlier moment, a
    deletion's number may mean another run.

    :param owner: names this invocation.
    """
    asked = ports.run.runs.get(message.key)
    if asked is None or asked.mode is not Mode.DELETE:
        return
    leg = claim_leg(message, RunState.APPLYING, owner, ports.run, ports.pace)
    if leg is not None:
        leg.do(lambda: _Deletion(leg, ports).work())


@dataclass
class _Deletion:
    leg: Leg
    ports: DeletePorts

    def __post_init__(self) -> None:
        self._second = bool((self.leg.run.cursor or {}).get("second"))
        self._count = DeletionCount.model_validate(self.leg.run.progress)

    def work(self) -> None:
        """Sweep; then have the second sweep begin, or end the run."""
        try:
            for sweeper in self.ports.sweepers:
                self._sweep(sweeper)
        except LegOverError:
            self._hand_on(second=self._second)
            return
        if not self._second:
            self._hand_on(second=True, delay_seconds=self.ports.second_sweep_seconds)
            return
        self.leg.beat(self._count.progress)
        self._finish()
        announce(self.leg.run.key, self.leg.ports)

    def _sweep(self, sweeper: GroupSweeper) -> None:
        """Delete what the group has in one store, page by page."""
        run, store = self.leg.run, sweeper.store
        noted: str | None = None
        for page in sweeper.sweep(run.enterprise, run.group_id, self._count.counted.get(store)):
            # A page is deleted when the next one is asked for.
            if noted is not None and self._count.counted.get(store) == noted:
                self._count = self._count.once_deleted(store)
            if self.leg.is_over():
                raise LegOverError
            noted = page.position
            if page.tally:
                self._count = self._count.with_page(store, page)
                self.leg.beat(self._count.progress)
            else:
                self.leg.check(self._count.progress)
        self._count = self._count.once_deleted(store)

    def _hand_on(self, *, second: bool, delay_seconds: int = 0) -> None:
        here, progress = {"second": second}, self._count.progress
        step = NextLeg(RunState.APPLYING, here, progress, delay_seconds)
        self.leg.hand_on(step, self.ports.delete_queue)

    def _finish(self) -> None:
        """End the run, delete the group itself and certify it."""
        run = self.leg.run
        try:
            group = self.ports.groups.get(run.enterprise, run.group_id, deleting=True)
        except NotFoundError as error:
            raise StoppedError from error  # another worker has finished it
        deletion = Deletion(
            requested_by=run.requested_by,
            requested_at=group.deleting_since or run.created_at,
            deleted_at=self.leg.ports.clock(),
            run_seq=run.seq,
        )
        certificate = certify(group, self._count.erased, deletion, self.ports.backup_days)
        self.ports.deletions.finish(run.key, self.leg.owner, group, certificate)
