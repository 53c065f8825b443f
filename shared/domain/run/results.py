"""What a run leaves at its steps: to its next leg, to the next run, and when it ends."""

from dataclasses import dataclass
from typing import Any

from shared.domain.group.hold import Hold
from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.stamp import Stamp
from shared.domain.run.bundle import Bundle
from shared.domain.run.counts import Counts
from shared.domain.run.run import Notice, Plan, Reason, RunState, Snapshot


@dataclass(frozen=True)
class NextLeg:
    """What one leg of a run leaves to the next."""

    state: RunState
    """The state in which the next leg begins."""
    cursor: dict[str, Any] | None
    """Where its work begins; None from the beginning."""
    progress: dict[str, Any]
    """What the run's progress shows until then."""
    delay_seconds: int = 0
    """How long its message is held back."""
    bundle: Bundle | None = None
    """What this leg has learned about the run's bundle; None if nothing."""


@dataclass(frozen=True)
class RunEnd:
    """How a run ends that leaves the snapshot where it is."""

    state: RunState
    """The state to end in."""
    reason: Reason | None = None
    """Why, for the admin; None if all went well."""
    bundle: Bundle | None = None
    """What the run has learned about its bundle; None if nothing."""
    notices: tuple[Notice, ...] = ()
    """What the admin should know of the run."""
    counts: Counts | None = None
    """What became of the records; None if nothing was planned."""


@dataclass(frozen=True)
class RosterBase:
    """What a group's roster holds at present.

    ``snapshot``: the last snapshot; None before the first load.
    ``dirty``: the change files that may be applied in part. The next run writes their records
    again.
    ``shards``: over how many partitions its records of a type are spread; None before the first
    load.
    ``hold``: what waits for a person.
    ``stamp``: the last plan that began to write; None if none has since stamps are kept.
    """

    snapshot: Snapshot | None
    dirty: tuple[str, ...]
    shards: int | None
    hold: Hold | None = None
    stamp: Stamp | None = None


@dataclass(frozen=True)
class PlanResult:
    """What a plan hands over when its changes may be written.

    ``counts``: what becomes of the records.
    ``notices``: what the admin should know.
    ``plan``: what to write.
    ``stamp``: what the group and the roster table say from then on.
    ``seen``: what the roster table said when the plan was made.
    """

    counts: Counts
    notices: tuple[Notice, ...]
    plan: Plan
    stamp: Stamp | None = None
    seen: Stamp | None = None


@dataclass(frozen=True)
class Unapplied:
    """A change that could not be applied.

    ``collection``, ``id``: its record.
    ``code``: why.
    """

    collection: Collection
    id: RecordId
    code: str


@dataclass(frozen=True)
class Commit:
    """How a run ends that moves the snapshot.

    ``state``: the state to end in.
    ``snapshot``: the group's snapshot from then on.
    ``shards``: over how many partitions its records of a type are spread, if that is not fixed yet.
    ``dirty``: the change files that may still be applied in part; they replace the group's.
    ``supersedes``: the objects that nobody needs any more.
    ``counts``: what became of the records; None leaves those of the plan.
    ``notices``: what the admin should know; none leaves those of the plan.
    ``reason``: why the run ended as it did.
    ``owner``: the planner, if it ends a run that has nothing to write itself; None after the last
    batch.
    ``hold``: what waits for a person; it replaces the group's hold.
    ``unmark``: whether to remove the mark of the group's roster.
    ``distrust``: whether to forget the group's stamp, so that the next plan reads the roster table.
    """

    state: RunState
    snapshot: Snapshot
    shards: int
    dirty: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    counts: Counts | None = None
    notices: tuple[Notice, ...] = ()
    reason: Reason | None = None
    owner: str | None = None
    hold: Hold | None = None
    unmark: bool = False
    distrust: bool = False
