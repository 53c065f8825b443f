"""The ports that every stage of a run has."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.ports.bucket import Objects
from shared.ports.messaging import Announcements
from shared.ports.runs import Legs, RunLog, Runs


@dataclass(frozen=True)
class RunPorts:
    """What every stage needs to work on a run, and to end it.

    ``runs``: the runs of groups.
    ``legs``: the work on a run, leg by leg.
    ``objects``: the data bucket.
    ``announcements``: the event bus.
    ``run_log``: what an operator sees of runs.
    ``clock``: gives the time.
    """

    runs: Runs
    legs: Legs
    objects: Objects
    announcements: Announcements
    run_log: RunLog
    clock: Callable[[], datetime]
