"""Plans a run: from what was staged and what the roster holds to the changes between them.

The plan works with sets, collection by collection, in the order of references. Memory does not
grow with the roster, because DuckDB spills to disk. Nothing here knows AWS, the network or a clock:
files come in, files go out.

``build_result`` has the steps of one collection; ``write_outcome`` compares the result with the
base.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.domain.roster.collection import Collection
from shared.planning import compare
from shared.planning.build_result import ResultBuilder
from shared.planning.duckdb_connection import Connection
from shared.planning.ids_to_confirm import AbsentIds, write_ids_to_confirm
from shared.planning.login_names import LookUp
from shared.planning.plan import PlanInput, PlanOutcome
from shared.planning.working_tables import MEMORY_LIMIT, open_workspace
from shared.planning.write_outcome import write_outcome


@dataclass
class Planner:
    """One plan, in a database of its own.

    Call ``build_result``, ``write_outcome`` and ``change_lines`` in this order, then ``close``.

    ``given``: what the plan is made of.
    ``directory``: empty scratch space.
    ``begin_step``: called with the name of each step; it may raise to stop the plan.
    ``look_up``: tells who has login names in the enterprise.
    ``memory_limit``: what DuckDB may hold before it spills to disk (``"1GB"``).
    ``threads``: how many threads DuckDB may use.
    """

    given: PlanInput
    directory: Path
    begin_step: Callable[[str], None]
    look_up: LookUp
    memory_limit: str = MEMORY_LIMIT
    threads: int = 2

    def __post_init__(self) -> None:
        self._connection: Connection = open_workspace(
            self.directory, self.memory_limit, self.threads
        )
        self._result = ResultBuilder(self.given, self._connection, self.directory)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def build_result(self) -> Mapping[Collection, AbsentIds]:
        """Build the roster that the run is to leave.

        Returns the sourcedIds that the source must be asked for before they count as gone; then
        nothing is decided yet. Only a run that deletes and reads a REST source has any, and only
        the first time.
        """
        self._result.build(self.begin_step)
        absent = self._write_ids_to_confirm()
        if not absent:
            self._result.decide(self.begin_step)
            self._result.give_login_names(self.begin_step, self.look_up)
        return absent

    def _write_ids_to_confirm(self) -> Mapping[Collection, AbsentIds]:
        if self.given.present is not None or not self.given.confirms_absences:
            return {}
        found = {c: write_ids_to_confirm(self._connection, c, self.directory) for c in Collection}
        return {collection: ids for collection, ids in found.items() if ids is not None}

    def write_outcome(self) -> PlanOutcome:
        """Compare the result with the base, and write everything but the changes themselves."""
        return write_outcome(
            self.given, self._result, self._connection, self.directory, self.begin_step
        )

    def change_lines(self) -> Iterator[str]:
        """Yield the lines of the change file."""
        for collection in Collection:
            self.begin_step(collection.entity)
            yield from compare.change_lines(self._connection, collection)
