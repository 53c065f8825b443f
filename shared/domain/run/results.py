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
    """What a group's roster holds at present: the last snapshot, and what may differ from it.

    ``dirty`` are change files whose changes may or may not have been applied; their records are
    written again by the next run. ``shards`` is None until the first load has fixed it. ``stamp``
    is of the last plan that began to write; None where none has since stamps are kept.
    """

    snapshot: Snapshot | None
    dirty: tuple[str, ...]
    shards: int | None
    hold: Hold | None = None
    stamp: Stamp | None = None


@dataclass(frozen=True)
class PlanResult:
    """What the planner hands over at the step from Planning to Applying (or to the end).

    ``stamp`` is what group and roster table are to say from then on; ``seen`` what the table was
    seen to say.
    """

    counts: Counts
    notices: tuple[Notice, ...]
    plan: Plan
    stamp: Stamp | None = None
    seen: Stamp | None = None


@dataclass(frozen=True)
class Unapplied:
    """A change that could not be applied, by its record, and why."""

    collection: Collection
    id: RecordId
    code: str


@dataclass(frozen=True)
class Commit:
    """How a run ends that moves the snapshot.

    ``owner`` is given when the planner itself closes a run without changes. ``dirty`` replaces the
    group's: the change files whose records are still uncertain. ``supersedes`` are the objects that
    are no longer needed then. ``hold`` replaces the group's; ``unmark`` takes its mark away,
    ``distrust`` its stamp, so that the next plan looks at the roster's table itself.
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
