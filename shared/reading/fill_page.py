"""Fills a page from many queries, and stops when the request has read enough.

Otherwise a filter that few records match, or a class whose members have all left, would read the
whole roster for one page. If reading stops early, the page is short, and its cursor continues
there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from shared.domain.roster.stored_record import StoredRecord

MOST_QUERIES = 25
MOST_RECORDS = 2_000
"""How many records of a list one request may read."""
MOST_A_QUERY = 500
BATCH = 100
"""How many records are completed at once: the limit of BatchGetItem."""

Shown = TypeVar("Shown")


class Position(NamedTuple):
    """Where a list continues.

    ``shard``: the partition.
    ``after``: the key after which it continues there; None begins at the partition's start.
    """

    shard: int
    after: str | None


class Window(NamedTuple):
    """Which part of a list is asked for.

    ``start``: where it begins.
    ``limit``: how many rows it may have.
    """

    start: Position
    limit: int


@dataclass(frozen=True)
class Page(Generic[Shown]):
    """A page of a list.

    ``rows``: what it shows.
    ``more``: where the list continues; None at its end.
    """

    rows: Sequence[Shown]
    more: Position | None


Query = Callable[[Position, int], tuple[Sequence[StoredRecord], Position | None]]
"""Reads up to so many records from a position on; returns them, and where the rest begins."""


def fill_page(
    query: Query,
    window: Window,
    take: Callable[[StoredRecord], bool],
    complete: Callable[[Sequence[StoredRecord]], Sequence[Shown | None]],
) -> Page[Shown]:
    """Read the rows of a window, but no more than one request may read.

    :param query: reads the list's records.
    :param take: whether a record is wanted, judged by itself.
    :param complete: makes rows from up to ``BATCH`` wanted records, and may read more for them;
        None for a record that is not shown after all.
    """
    rows: list[Shown] = []
    at: Position | None = window.start
    limit = most = window.limit
    read = 0
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
        # If not all were wanted, take larger steps: the number of queries is limited.
        most = 2 * most if len(rows) - before < len(records) else limit - len(rows)
    return Page(rows, at)
