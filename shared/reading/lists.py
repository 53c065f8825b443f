"""The lists of a roster that can be asked for, with what each can be asked for."""

from datetime import datetime

from shared.domain.ids import RecordId
from shared.domain.local_day import local_day
from shared.domain.read_fields import wrong_cursor, wrong_field
from shared.domain.roster.collection import Collection
from shared.domain.roster.filters import ListInput
from shared.domain.roster.stored_record import Filters, StoredRecord, View
from shared.ports.roster_reading import RosterPlace, RosterReader, RosterState
from shared.reading.fill_page import Page, Window
from shared.reading.members import Membership, classes_of, list_enrollments, users_of
from shared.reading.records import (
    find_by_sourced_id,
    find_partner,
    list_records,
    place_of,
    read_record,
)


def read_list(
    reader: RosterReader,
    state: RosterState,
    collection: Collection,
    asked: ListInput,
    window: Window,
    now: datetime,
) -> Page[StoredRecord]:
    """Read a page of all records of a type, or the one that the source knows by a sourcedId.

    A group that has never been synced has none.

    :raises InvalidFieldsError: the school is none of the group's, or the cursor is of another list.
    """
    place = state.place
    if place is None:
        return Page([], None)
    if window.start.shard >= place.shards:
        raise wrong_cursor()
    if asked.sourced_id is not None:
        return find_by_sourced_id(reader, place, collection, asked.sourced_id, window.start, now)
    filters, view = _filters(asked, _school(reader, place, asked, now)), _view(asked, state, now)
    if collection is Collection.ENROLLMENTS:
        return list_enrollments(reader, place, window, filters, view)
    return list_records(reader, place, collection, window, filters, view)


def read_class_users(
    reader: RosterReader,
    state: RosterState,
    class_id: RecordId,
    asked: ListInput,
    window: Window,
    now: datetime,
) -> Page[Membership]:
    """Read a page of who is in a class on the day that is asked for.

    :raises NotFoundError: there is no such class.
    """
    place = place_of(state)
    class_ = read_record(reader, place, Collection.CLASSES, class_id, now)
    view = _view(asked, state, now)
    return users_of(reader, place, class_, window, _filters(asked), view)


def read_user_classes(
    reader: RosterReader,
    state: RosterState,
    user_id: RecordId,
    asked: ListInput,
    window: Window,
    now: datetime,
) -> Page[Membership]:
    """Read a page of the classes that a user is in on the day that is asked for.

    :raises NotFoundError: there is no such user.
    """
    place = place_of(state)
    user = read_record(reader, place, Collection.USERS, user_id, now)
    return classes_of(reader, place, user.id, window, asked.role, _view(asked, state, now))


def _school(
    reader: RosterReader, place: RosterPlace, asked: ListInput, now: datetime
) -> RecordId | None:
    """The partner that a list is asked for, by its id or its sourcedId."""
    if asked.school is None:
        return None
    school = find_partner(reader, place, asked.school, now)
    if school is None:
        raise wrong_field("The group has no partner with this id or sourcedId.", "school")
    return school


def _filters(asked: ListInput, partner_id: RecordId | None = None) -> Filters:
    return Filters(
        partner_id=partner_id,
        role=asked.role,
        grade=asked.grade,
        enabled=None if asked.status is None else asked.status == "active",
        changed_since=asked.changed_since,
    )


def _view(asked: ListInput, state: RosterState, now: datetime) -> View:
    """The day that a list shows: today where the group is, unless another day is asked for."""
    day = asked.on or local_day(state.time_zone, now)
    return View(now, day, state.time_zone, asked.include)
