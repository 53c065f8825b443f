"""Ports to the runs: their beginning, their legs, their batches, and their end in the log.

What may follow what in a run's life is decided in ``domain/run/life``. A store of runs reads, asks
there, and carries the answer out in one write.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.requests import Drop, RunRequest
from shared.domain.run.results import Commit, NextLeg, PlanResult, RosterBase, RunEnd, Unapplied
from shared.domain.run.run import Plan, Reason, Run, RunState


class Runs(Protocol):
    """The runs of groups, and the lock that lets a group have one at a time."""

    def accept(self, request: RunRequest, now: datetime) -> Run:
        """Open a run. It takes the group's lock and next number, and copies its configuration.

        :raises ConflictError: ``run_under_way``, with the run's id in ``extra["runId"]``; or
            ``hold_changed`` or ``no_hold``: the decision is about something else than what waits.
        :raises NotFoundError: no such group in this enterprise, or it is being deleted.
        :raises NotDueError: the clock has started or skipped this run already.
        :raises TryLaterError: the group kept changing.
        """
        ...

    def skip(self, request: RunRequest, reason: Reason, now: datetime) -> Run:
        """Note that the clock's run does not begin: it ends as Cancelled at once.

        :raises NotDueError: the clock has started or skipped this run already.
        :raises NotFoundError: no such group in this enterprise, or it is being deleted.
        """
        ...

    def get(self, key: RunKey) -> Run | None:
        """Read one run, consistently."""
        ...

    def history(self, group_id: GroupId, limit: int, before: int | None) -> Sequence[Run]:
        """Page through a group's runs with numbers below ``before``, newest first."""
        ...

    def overdue(self, now: datetime) -> Iterator[RunKey]:
        """Find the open or unannounced runs that somebody must look after, longest due first."""
        ...

    def sent(self, run: Run, now: datetime) -> None:
        """Note that a queue has accepted the message of the run's present leg.

        Does nothing if the run has gone on since.
        """
        ...


class Drops(Protocol):
    """Bundles that were dropped. Each is a run of its own, which waits until the group is free."""

    def take(self, drop: Drop, now: datetime) -> Run:
        """Open a Waiting run for a drop. The same drop again gives the same run.

        The waiting runs that the drop supersedes end as Superseded.

        :raises NotFoundError: no such group, or it is being deleted.
        :raises TryLaterError: too many drops wait already, or the group kept changing.
        """
        ...

    def waiting(self, enterprise: EnterpriseId, group_id: GroupId) -> Sequence[Run]:
        """List the group's Waiting runs, oldest first."""
        ...

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Run | None:
        """Accept the group's oldest Waiting run, unless a run is under way.

        Returns None if no run can begin. Those that go on waiting are looked after again later.
        """
        ...


class Legs(Protocol):
    """The work on one run, leg by leg. Every write depends on the run's state and owner."""

    def claim(
        self, key: RunKey, state: RunState, leg: int, owner: str, now: datetime
    ) -> Run | None:
        """Take a leg of a run, and work on it in ``state``.

        Returns None if the run is gone, in a state from which that one does not follow, at another
        leg or out of time, or if another owner's lease has not run out: the message is then done
        with.

        :param state: Extracting, Planning, or Applying for the deletion of a group.
        :param leg: the number of the leg.
        :param owner: names this invocation.
        """
        ...

    def beat(self, key: RunKey, owner: str, now: datetime, progress: dict[str, Any]) -> None:
        """Renew the lease and show progress.

        :raises StoppedError: the run is no longer this owner's.
        """
        ...

    def hand_on(self, key: RunKey, owner: str, now: datetime, step: NextLeg) -> int:
        """End this leg: store where the next one begins, give up the lease, return its number.

        :raises StoppedError: the run is no longer this owner's.
        """
        ...

    def resend(self, run: Run, now: datetime, delay_seconds: int = 0) -> None:
        """Count that the run's message is about to be sent again, held back ``delay_seconds``.

        :raises StoppedError: the run has changed since it was read, or was looked after already.
        """
        ...

    def put_off(self, run: Run, now: datetime) -> None:
        """Look after this run again later. Does nothing if something was heard of it."""
        ...

    def close(self, key: RunKey, now: datetime, end: RunEnd, owner: str | None = None) -> bool:
        """End an open run without moving the snapshot, and free the group. ``dirty`` stays.

        Returns False if the run waits or has ended, or if another owner's lease has not run out.
        """
        ...

    def recorded(self, key: RunKey) -> bool:
        """Note that the run's end is in the log; False if that was noted before."""
        ...

    def published(self, key: RunKey) -> None:
        """Note that the run's end was published, while other work still follows.

        :raises StoppedError: the run has not ended.
        """
        ...

    def announced(self, key: RunKey) -> None:
        """Note that everything that follows the run's end is done.

        :raises StoppedError: the run has not ended.
        """
        ...

    def learn(self, key: RunKey, facts: dict[str, str]) -> None:
        """Store with the group what was found out about its source (signature method, …).

        Does nothing if the run no longer has the group.
        """
        ...


class Batches(Protocol):
    """The open batches of a planned run, and the commit that follows the last one."""

    def base(self, key: RunKey) -> RosterBase:
        """Read what the group's roster holds, consistently."""
        ...

    def open(self, key: RunKey, plan: Plan, now: datetime) -> None:
        """Store which batches will be open; called before ``planned``."""
        ...

    def planned(self, key: RunKey, owner: str, now: datetime, result: PlanResult) -> None:
        """Take the run from Planning to Applying, and its change file into the group's ``dirty``.

        The stamp changes in both tables at once. If the group's run numbers are below it, the group
        goes on counting from there.

        :raises StoppedError: the run is no longer this owner's, or the roster table no longer says
            what it said when the plan was made.
        """
        ...

    def touch(self, key: RunKey, now: datetime) -> Run | None:
        """Note that the run is being applied; None if it is not Applying, or no longer."""
        ...

    def still_open(self, key: RunKey, plan: Plan) -> Sequence[int]:
        """List the batches that are not finished."""
        ...

    def finish(self, key: RunKey, plan: Plan, batch: int) -> bool:
        """Remove a batch from the open ones; True once none is left."""
        ...

    def note_unapplied(
        self, key: RunKey, batch: int, changes: Sequence[Unapplied], now: datetime
    ) -> None:
        """Store changes that could not be applied, for the commit and the next run."""
        ...

    def unapplied(self, key: RunKey) -> Sequence[Unapplied]:
        """List the changes that could not be applied."""
        ...

    def commit(self, key: RunKey, now: datetime, commit: Commit) -> None:
        """End the run and move the group's snapshot pointer, in one transaction.

        :raises StoppedError: the run has ended, or is not the owner's.
        """
        ...


class ExportRequests(Protocol):
    """Which exports have been asked for."""

    def first(self, group_id: GroupId, seq: int, now: datetime) -> bool:
        """Note that the export of run ``seq`` is requested; True for the first in 15 minutes."""
        ...


class RunLog(Protocol):
    """What an operator sees: the log and the metrics."""

    def ended(self, run: Run) -> None:
        """Log the end of a run in one line of ids, codes and numbers, and emit its metrics."""
        ...
