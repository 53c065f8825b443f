"""Counts what the deletion of a group deletes, so that nothing is counted twice or forgotten.

Each page is noted in the run, with its position, before it is deleted. If the worker dies there,
the next one deletes the page and does not count it again.
"""

from typing import Any

from pydantic import BaseModel, Field

from shared.domain.run.deletion_certificate import Store, added
from shared.ports.deletion import SweptPage


class DeletionCount(BaseModel):
    """What a deletion has deleted so far. The run's progress holds it.

    ``deleted``: how many in all.
    ``erased``: how many of each kind.
    ``counted``: by store, the position of the last page that was noted and may not be deleted.
    """

    deleted: int = 0
    erased: dict[str, int] = Field(default_factory=dict)
    counted: dict[Store, str] = Field(default_factory=dict)

    def with_page(self, store: Store, found: SweptPage) -> "DeletionCount":
        """Note one more page; there is nothing to note of an empty one."""
        if not found.tally:
            return self
        return DeletionCount(
            deleted=self.deleted + sum(found.tally.values()),
            erased=added(self.erased, found.tally),
            counted=self.counted | {store: found.position},
        )

    def once_deleted(self, store: Store) -> "DeletionCount":
        """Forget the noted page of a store, which is deleted by now."""
        left = {each: position for each, position in self.counted.items() if each is not store}
        return self.model_copy(update={"counted": left})

    @property
    def progress(self) -> dict[str, Any]:
        """What the run's progress shows."""
        return {"stage": "deleting", **self.model_dump(mode="json")}
