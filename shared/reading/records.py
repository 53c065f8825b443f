"""Reads partners, classes and users: one by its id, a list, or one by its sourcedId."""

from datetime import datetime

from shared.domain.errors import NotFoundError
from shared.domain.ids import RecordId, record_id
from shared.domain.roster.collection import Collection
from shared.domain.roster.stored_record import Filters, StoredRecord, View, is_known_as
from shared.ports.roster_reading import RosterPlace, RosterReader, RosterState
from shared.reading.fill_page import MOST_QUERIES, Page, Position, Query, Window, fill_page

START = Position(0, None)


def place_of(state: RosterState) -> RosterPlace:
    """Where a group's records are in the table.

    :raises NotFoundError: nothing has ever been loaded.
    """
    if state.place is None:
        raise _no_record()
    return state.place


def read_record(
    reader: RosterReader, place: RosterPlace, collection: Collection, id_: RecordId, now: datetime
) -> StoredRecord:
    """Read one record; an ended one can be read, a deleted one cannot.

    :raises NotFoundError: there is no such record, or not any more.
    """
    record = reader.find(place, collection, [id_]).get(id_)
    if record is None or not record.is_there(now):
        raise _no_record()
    return record


def _no_record() -> NotFoundError:
    return NotFoundError("record_not_found", "There is no such record in the group's roster.")


def list_records(
    reader: RosterReader,
    place: RosterPlace,
    collection: Collection,
    window: Window,
    filters: Filters,
    view: View,
) -> Page[StoredRecord]:
    """Read a page of all records of a type, one partition after another."""

    def take(record: StoredRecord) -> bool:
        return view.lists(record) and filters.take(collection, record)

    return fill_page(all_records(reader, place, collection), window, take, lambda records: records)


def all_records(reader: RosterReader, place: RosterPlace, collection: Collection) -> Query:
    """Make a query for all records of a type, one partition after another."""

    def query(at: Position, most: int) -> tuple[list[StoredRecord], Position | None]:
        records, after = reader.page(place, collection, at.shard, at.after, most)
        return list(records), _next(place, at.shard, after)

    return query


def find_by_sourced_id(
    reader: RosterReader,
    place: RosterPlace,
    collection: Collection,
    sourced_id: str,
    start: Position,
    now: datetime,
) -> Page[StoredRecord]:
    """Find the record with a sourcedId: a page of one row, or none.

    A record's id is derived from its first sourcedId, so one read finds it. If it has been re-keyed
    since, it is searched for, as far as one request may read.
    """
    if start == START:
        id_ = record_id(place.group_id, collection.entity, sourced_id)
        record = reader.find(place, collection, [id_]).get(id_)
        if record and record.is_there(now) and is_known_as(record, sourced_id):
            return Page([record], None)
    at: Position | None = start
    for _ in range(MOST_QUERIES):
        if at is None:
            break
        shard = at.shard
        records, after = reader.search(place, collection, shard, at.after, sourced_id)
        found = [record for record in records if record.is_there(now)]
        if found:
            return Page(found[:1], None)
        at = _next(place, shard, after)
    return Page([], at)


def find_partner(
    reader: RosterReader, place: RosterPlace, name: str, now: datetime
) -> RecordId | None:
    """The id of a partner that is named by its id or sourcedId; None if there is none."""
    id_ = RecordId(name)
    known = reader.find(place, Collection.ORGS, [id_]).get(id_)
    if known and known.is_there(now):
        return id_
    rows = find_by_sourced_id(reader, place, Collection.ORGS, name, START, now).rows
    return rows[0].id if rows else None


def _next(place: RosterPlace, shard: int, after: str | None) -> Position | None:
    """Where a list continues: in the same partition, or at the start of the next."""
    if after is not None:
        return Position(shard, after)
    return Position(shard + 1, None) if shard + 1 < place.shards else None
