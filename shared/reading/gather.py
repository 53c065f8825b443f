"""Fills a page out of many queries, and stops when a request has read enough.

A filter that few records meet, or a class whose members have all left, would otherwise read the
whole roster for one page. Where the reading stops the page is short, and its cursor goes on there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from shared.domain.roster.stored_record import StoredRecord

MOST_QUERIES = 25
MOST_RECORDS = 2_000
"""What one request may read of a list."""
MOST_A_QUERY = 500
BATCH = 100
"""So many records are completed at once: what BatchGetItem takes."""

Shown = TypeVar("Shown")


class Position(NamedTuple):
    """Where a list goes on: the partition, and the key after which (None: at its beginning)."""

    shard: int
    after: str | None


@dataclass(frozen=True)
class Page(Generic[Shown]):
    """A page of a list; ``more`` is where it goes on, None at its end."""

    rows: Sequence[Shown]
    more: Position | None


Query = Callable[[Position, int], tuple[Sequence[StoredRecord], Position | None]]
"""Reads up to so many records from a position on; gives where the rest begins."""


def gather(
    query: Query,
    start: Position,
    limit: int,
    take: Callable[[StoredRecord], bool],
    complete: Callable[[Sequence[StoredRecord]], Sequence[Shown | None]],
) -> Page[Shown]:
    """Read up to ``limit`` rows from ``start`` on, and no more than one request may read.

    ``take`` judges a record by itself. ``complete`` makes rows of up to ``BATCH`` records that were
    taken, with what it has to read for them; None for one that is not to be shown after all.
    """
    rows: list[Shown] = []
    at: Position | None = start
    most, read = limit, 0
    for _ in range(MOST_QUERIES):
        if at is None or read >= MOST_RECORDS:
            break
        shard, before = at.shard, len(rows)
        records, at = query(at, min(most, MOST_A_QUERY, MOST_RECORDS - read))
        read += len(records)
        taken = [record for record in records if take(record)]
        for first in range(0, len(taken), BATCH):
            some = taken[first : first + BATCH]
            for record, row in zip(some, complete(some), strict=True):
                if row is None:
                    continue
                rows.append(row)
                if len(rows) == limit:
                    return Page(rows, at if record is records[-1] else Position(shard, record.key))
        # Not all were wanted: larger steps, so that few queries reach as far as they may.
        most = 2 * most if len(rows) - before < len(records) else limit - len(rows)
    return Page(rows, at)
