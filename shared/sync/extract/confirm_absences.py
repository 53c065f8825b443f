"""Asks a REST source once more for records that seem gone.

Offset paging skips a record when another is deleted while the pages are read. So a few are asked
for one by one; for many the ids are read a second time, and gone is what both readings miss.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import Absent
from shared.ports.bucket import Objects

ONE_BY_ONE = 200
"""Up to how many records of a collection are asked for by themselves."""
CHUNK = 20


@dataclass(frozen=True)
class Asking:
    """How a leg asks: for some ids at once (which are there), and for all ids, round by round."""

    have: Callable[[Collection, Sequence[str]], Sequence[str]]
    all_ids: Callable[[Collection], Iterator[Sequence[str]]]
    found: Callable[[Sequence[str]], None]


def confirm(collection: Collection, absent: Absent, objects: Objects, asking: Asking) -> None:
    """Hand what is there after all of ``absent`` to ``asking.found``."""
    if absent.records > ONE_BY_ONE:
        for ids in asking.all_ids(collection):
            asking.found(ids)
        return
    ids = objects.get(absent.key).decode().splitlines()
    for start in range(0, len(ids), CHUNK):
        asking.found(asking.have(collection, ids[start : start + CHUNK]))
