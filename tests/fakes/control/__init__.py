"""In-memory twins of what lies in the ``control`` table: groups, runs, batches, deletions."""

from tests.fakes.control.batches import InMemoryBatches
from tests.fakes.control.drops import InMemoryDrops
from tests.fakes.control.runs import InMemoryRuns


class InMemoryControl(InMemoryRuns, InMemoryDrops, InMemoryBatches):
    """All stores of runs in one, as the table is one."""
