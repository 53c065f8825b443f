"""The stores that every stage of a run works with, in memory, and a clock that a test drives."""

from datetime import datetime

from shared.sync.apply.apply_batch import ApplyPorts
from shared.sync.run_ports import RunPorts
from tests.fakes.control import InMemoryControl
from tests.fakes.world import (
    InMemoryAnnouncements,
    InMemoryObjects,
    InMemoryQueueWatch,
    InMemoryRoster,
    InMemoryRunLog,
)


class RunStores:
    """One world of runs: ``control`` is all that lies in that table, ``now`` the time.

    Whoever inherits it makes ``control``, ``roster``, ``objects`` and ``announcements``, so that it
    can look on at each write.
    """

    now: datetime
    control: InMemoryControl
    roster: InMemoryRoster
    objects: InMemoryObjects
    announcements: InMemoryAnnouncements

    def __init__(self) -> None:
        self.run_log = InMemoryRunLog()
        self.watch = InMemoryQueueWatch()

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def run_ports(self) -> RunPorts:
        """What every stage of a run has."""
        return RunPorts(
            runs=self.control,
            legs=self.control,
            objects=self.objects,
            announcements=self.announcements,
            run_log=self.run_log,
            clock=self.clock,
        )

    def apply_ports(self) -> ApplyPorts:
        """What applies a run's batches."""
        return ApplyPorts(run=self.run_ports(), batches=self.control, roster=self.roster)
