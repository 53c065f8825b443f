"""Where an extraction stands. The run's cursor holds it between legs."""

from typing import Any

from pydantic import BaseModel

from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import Absent, StagedCollection, StagedRoster
from shared.sync.extract.paging import Place


class Cursor(BaseModel):
    """Where an extraction stands.

    A run comes back from its plan if records seem to be gone. Then ``staged`` is set, and the
    absent records are looked for at the source.

    ``done``: the collections that have been read.
    ``reading``: the collection that is being read.
    ``place``: where in that collection the next page begins. While absent records are looked for,
        it is set once the collection is read a second time.
    ``objects``: the objects staged of that collection.
    ``asked``: how many absent records of that collection have been asked for by themselves.
    ``rows``: how many rows of that collection have been read.
    ``failures``: how many failures of the source there were, in all legs.
    ``reached``: whether the source has answered at all.
    ``staged``: the roster that was delivered, once it has been planned.
    ``absent``: the records that the plan missed, by collection.
    ``present``: the objects with what is there after all, by collection.
    ``unasked``: why the absent records of a collection could not be asked for.
    ``exceptions``: by which exceptions they seemed gone (``PlanCursor``).
    """

    done: dict[Collection, StagedCollection] = {}
    reading: Collection | None = None
    place: Place | None = None
    objects: tuple[str, ...] = ()
    asked: int = 0
    rows: int = 0
    failures: int = 0
    reached: bool = False
    staged: StagedRoster | None = None
    absent: dict[Collection, Absent] = {}
    present: dict[Collection, tuple[str, ...]] | None = None
    unasked: dict[Collection, str] = {}
    exceptions: str = ""

    @property
    def rows_read(self) -> int:
        """How many rows have been read of all collections."""
        return sum(done.rows for done in self.done.values()) + self.rows

    @property
    def progress(self) -> dict[str, Any]:
        """What the run's progress shows."""
        rows = {collection.entity: done.rows for collection, done in self.done.items()}
        if self.reading is not None:
            rows[self.reading.entity] = self.rows
        return {"stage": "fetching", "fetched": rows}
