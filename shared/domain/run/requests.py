"""What opens a run: a request, a tick of the clock, or a bundle that was dropped."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.domain.group.hold import HoldDecision
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.bundle import Bundle
from shared.domain.run.run import STANDING_MODES, Mode, Trigger


@dataclass(frozen=True)
class Due:
    """The moment at which the clock found a group due, and the next one, if it has one.

    A group that has no ``anchor`` yet gets this one.
    """

    at: datetime
    next_at: datetime | None
    anchor: date


@dataclass(frozen=True)
class RunRequest:
    """What ``accept`` needs to open a run; one that fetches nothing begins with its plan.

    ``due`` is set by the clock alone. The first message of the run waits ``delay_seconds``.
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
        """Whether the roster is fetched first."""
        return self.mode not in STANDING_MODES and self.decision is None and not self.marked


@dataclass(frozen=True)
class Drop:
    """A bundle that somebody has put into the group's place in the bucket.

    The object's key and version make it known again. ``supersedes`` are Waiting runs that it makes
    needless.
    """

    enterprise: EnterpriseId
    group_id: GroupId
    mode: Mode
    bundle: Bundle
    supersedes: tuple[int, ...] = ()
