"""What opens a run: a request, the clock, or a bundle that was dropped."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.domain.group.hold import HoldDecision
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.bundle import Bundle
from shared.domain.run.run import STANDING_MODES, Mode, Trigger


@dataclass(frozen=True)
class Due:
    """The moment at which the clock found a group due.

    ``at``: that moment.
    ``next_at``: when the group is due next, None if never again.
    ``anchor``: the day from which its weeks and months are counted, for a group that has none yet.
    """

    at: datetime
    next_at: datetime | None
    anchor: date


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do.

    ``enterprise``, ``group_id``: the group.
    ``mode``, ``trigger``, ``requested_by``: what the run may do, what starts it, and who.
    ``accept_older``: whether a bundle older than the last one is meant.
    ``decision``: what a person decided about the group's hold.
    ``marked``: whether the marked roster is to be deleted.
    ``restores``: the run whose snapshot to restore.
    ``due``: the moment that the clock has found; None for all other triggers.
    ``delay_seconds``: how long the run's first message is held back.
    """

    enterprise: EnterpriseId
    group_id: GroupId
    mode: Mode
    trigger: Trigger
    requested_by: str
    accept_older: bool = False
    decision: HoldDecision | None = None
    marked: bool = False
    restores: int | None = None
    due: Due | None = None
    delay_seconds: int = 0

    @property
    def fetches(self) -> bool:
        """Whether the run fetches a roster first. One that does not begins with its plan."""
        return self.mode not in STANDING_MODES and self.decision is None and not self.marked


@dataclass(frozen=True)
class Drop:
    """A bundle that somebody has put into the group's place in the bucket.

    ``enterprise``, ``group_id``: the group.
    ``mode``: what the bundle's run may do.
    ``bundle``: the object; the same key and version are the same drop.
    ``supersedes``: the numbers of waiting runs that the bundle makes unnecessary.
    """

    enterprise: EnterpriseId
    group_id: GroupId
    mode: Mode
    bundle: Bundle
    supersedes: tuple[int, ...] = ()
