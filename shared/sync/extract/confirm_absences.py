"""Asks a REST source once more for records that seem to be gone.

Offset paging skips a record if another one is deleted while the pages are read. So a few records
are asked for one by one. For many, the collection is read a second time: a record is gone if both
readings miss it.

A "no" for one record proves nothing until the source was seen to say "yes" in the same way: not
every source has addresses for single records, and not every proxy lets every sourcedId through. So
records that were delivered in this run are asked for first; if one of them does not come back, the
collection is read a second time. What cannot be read either stays.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from shared.domain.errors import GiveUpError
from shared.domain.roster.collection import Collection
from shared.domain.roster.presence import Row, present_row
from shared.domain.roster.staged_rows import Absent
from shared.ports.bucket import Objects
from shared.sync.extract.cursor import Cursor
from shared.sync.extract.paging import read_on
from shared.sync.extract.patient_source import PatientSource

ONE_BY_ONE = 200
"""Up to how many records of a collection are asked for one by one."""
CHUNK = 20


def find_present(
    collection: Collection, absent: Absent, cursor: Cursor, objects: Objects, source: PatientSource
) -> Iterator[Sequence[Row]]:
    """Yield what the source has after all, round by round, from where the cursor stands.

    The cursor has moved on only when the next round is asked for, so that whoever stages the rows
    of a round first can stop between two of them.

    :raises UnaskedError: the source can be asked in no way.
    """
    if cursor.place is None and absent.records <= ONE_BY_ONE and absent.known:
        try:
            yield from _one_by_one(collection, absent, cursor, objects, source)
        except _NoWayError:
            pass
        else:
            return
    try:
        yield from _second_reading(collection, cursor, source)
    except GiveUpError as error:
        raise UnaskedError(error.reason.message) from error


class UnaskedError(Exception):
    """The source could not be asked for what it lacks; ``why`` is for the admin."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _NoWayError(Exception):
    """The source does not answer for single records."""


def _one_by_one(
    collection: Collection, absent: Absent, cursor: Cursor, objects: Objects, source: PatientSource
) -> Iterator[Sequence[Row]]:
    """Ask for each absent record; :raises _NoWayError: the answers mean nothing."""
    if not all(_there(collection, source, absent.known).values()):
        raise _NoWayError
    ids = objects.get(absent.key).decode().splitlines()
    while cursor.asked < len(ids):
        chunk = ids[cursor.asked : cursor.asked + CHUNK]
        rows = [row for row in _there(collection, source, chunk).values() if row is not None]
        yield rows
        cursor.asked += len(chunk)
        cursor.rows += len(chunk)


def _there(
    collection: Collection, source: PatientSource, ids: Sequence[str]
) -> dict[str, Row | None]:
    """Ask for records; what the source has of each, None if it says that it does not have it."""
    found: dict[str, Row | None] = {}
    for start in range(0, len(ids), CHUNK):
        try:
            answers = source.records(collection, ids[start : start + CHUNK])
        except GiveUpError as error:
            raise _NoWayError from error
        for sourced_id, entity in answers.items():
            row = present_row(collection, entity) if entity is not None else None
            # An answer about another record says nothing of this one.
            found[sourced_id] = row if row and row["sourced_id"] == sourced_id else None
    return found


def _second_reading(
    collection: Collection, cursor: Cursor, source: PatientSource
) -> Iterator[Sequence[Row]]:
    """Read the whole collection again; the cursor's place lets the next leg continue it."""
    if cursor.place is None:
        cursor.place, cursor.rows = source.first_place(), 0
    pages = partial(source.pages, collection)
    for place, entities in read_on(collection, cursor.place, pages):
        yield _rows(collection, entities)
        cursor.rows += len(entities)
        cursor.place = place
    if not cursor.place.in_order or not cursor.rows:
        raise UnaskedError("The list came back empty, or could not be sorted.")


def _rows(collection: Collection, entities: Sequence[dict[str, Any]]) -> list[Row]:
    rows = (present_row(collection, entity) for entity in entities)
    return [row for row in rows if row is not None]
