"""Ports to the runs: their requests, their legs, their batches, and their end in the log."""

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
        """Open a run: takes the group's lock and its next number, copies its configuration.

        :raises ConflictError: ``run_under_way`` with the run's id in ``extra["runId"]``.
        :raises NotFoundError: no such group in this enterprise, or it is being deleted.
        :raises ConflictError: besides, ``hold_changed``: what is decided on is not what waits.
        :raises NotDueError: the clock has started or skipped this run already.
        """
        ...

    def skip(self, request: RunRequest, reason: Reason, now: datetime) -> Run:
        """Note that a run of the clock does not begin: it ends as Cancelled at once.

        :raises NotDueError: the clock has started or skipped this run already.
        :raises NotFoundError: no such group in this enterprise, or it is being deleted.
        """
        ...

    def get(self, key: RunKey) -> Run | None:
        """Read one run, consistently."""
        ...

    def history(self, group_id: GroupId, limit: int, before: int | None) -> Sequence[Run]:
        """Page through a group's runs, newest first, those numbered below ``before``."""
        ...

    def overdue(self, now: datetime) -> Iterator[RunKey]:
        """Find the runs whose time is up, open or unannounced, those first that are longest due."""
        ...

    def sent(self, run: Run, now: datetime) -> None:
        """Note that a queue has taken the message of the leg that ``run`` has come to.

        Does nothing where the run has gone on since.
        """
        ...


class Drops(Protocol):
    """The bundles that were dropped while a run was under way: each waits as a run of its own."""

    def take(self, drop: Drop, now: datetime) -> Run:
        """Open a Waiting run for a drop; the same drop again is the same run.

        Waiting runs of the group that ``drop.supersedes`` names end as Superseded.

        :raises NotFoundError: no such group, or it is being deleted.
        :raises TryLaterError: too many drops wait already.
        """
        ...

    def waiting(self, enterprise: EnterpriseId, group_id: GroupId) -> Sequence[Run]:
        """List the group's Waiting runs, oldest first."""
        ...

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Run | None:
        """Accept the group's oldest Waiting run, unless a run is under way.

        None if there is none to begin; those that go on waiting are looked after again later.
        """
        ...


class Legs(Protocol):
    """The work on one run, leg by leg. Every write is conditional on state and owner."""

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
        """Count that the run's message is about to be sent again, held back so long.

        :raises StoppedError: the run is not as it was seen any more, or was looked after already.
        """
        ...

    def put_off(self, run: Run, now: datetime) -> None:
        """Look after this run again later; does nothing where something has been heard of it."""
        ...

    def close(self, key: RunKey, now: datetime, end: RunEnd, owner: str | None = None) -> bool:
        """End an open run without moving the snapshot; frees the group. ``dirty`` stays.

        False if the run had already ended, or belongs to a living owner other than ``owner``.
        """
        ...

    def recorded(self, key: RunKey) -> bool:
        """Note that the run's end stands in the log; False if it was noted before."""
        ...

    def published(self, key: RunKey) -> None:
        """Note that the run's end has been published, while something else is still to be done."""
        ...

    def announced(self, key: RunKey) -> None:
        """Note that all that follows a run's end has been done."""
        ...

    def learn(self, key: RunKey, facts: dict[str, str]) -> None:
        """Remember at the group what was found out about its source (signature method, …).

        Does nothing if the run is no longer the group's.
        """
        ...


class Batches(Protocol):
    """The open batches of a planned run, as sets, and the commit that follows the last one."""

    def base(self, key: RunKey) -> RosterBase:
        """Read what the group's roster holds, consistently."""
        ...

    def open(self, key: RunKey, plan: Plan, now: datetime) -> None:
        """Write down which batches will be open (before ``planned``)."""
        ...

    def planned(self, key: RunKey, owner: str, now: datetime, result: PlanResult) -> None:
        """Take the run from Planning to Applying and its change file into the group's ``dirty``.

        The stamp changes in both tables at once. A group whose run numbers lie below it goes on
        counting from there.

        :raises StoppedError: the run is no longer this owner's, or the roster's table does not say
            any more what it was seen to say.
        """
        ...

    def touch(self, key: RunKey, now: datetime) -> Run | None:
        """Say that this run is being applied; None if it is not Applying (any more)."""
        ...

    def still_open(self, key: RunKey, plan: Plan) -> Sequence[int]:
        """List the batches that have not been finished."""
        ...

    def finish(self, key: RunKey, plan: Plan, batch: int) -> bool:
        """Strike out one batch; True once none is left open."""
        ...

    def note_unapplied(
        self, key: RunKey, batch: int, changes: Sequence[Unapplied], now: datetime
    ) -> None:
        """Remember changes that could not be applied, for the commit and for the next run."""
        ...

    def unapplied(self, key: RunKey) -> Sequence[Unapplied]:
        """List the changes that could not be applied."""
        ...

    def commit(self, key: RunKey, now: datetime, commit: Commit) -> None:
        """Close the run and move the group's pointer, in one transaction.

        :raises StoppedError: the run had already ended.
        """
        ...


class ExportRequests(Protocol):
    """Which exports have been asked for."""

    def first(self, group_id: GroupId, seq: int, now: datetime) -> bool:
        """Note that the export of run ``seq`` is asked for; True for the first in 15 minutes."""
        ...


class RunLog(Protocol):
    """What an operator sees: the log and the metrics."""

    def ended(self, run: Run) -> None:
        """Write the end of a run down in one line, by ids, codes and numbers, and measure it."""
        ...
