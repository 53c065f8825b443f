"""Who is in which class: enrollments, the users of a class, the classes of a user."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.stored_record import Filters, StoredRecord, View
from shared.ports.roster_reading import RosterPlace, RosterReader, Slice
from shared.reading.fill_page import Page, Position, Query, Window, fill_page
from shared.reading.records import all_records

Found = Mapping[RecordId, StoredRecord]


@dataclass(frozen=True)
class Membership:
    """A membership, seen from a class or from a user.

    ``enrollment``: the enrollment.
    ``other``: the user of the class, or the class of the user.
    """

    enrollment: StoredRecord
    other: StoredRecord


def list_enrollments(
    reader: RosterReader,
    place: RosterPlace,
    window: Window,
    filters: Filters,
    view: View,
) -> Page[StoredRecord]:
    """Read a page of all enrollments, class by class, without those whose user or class is missing.

    While a run is under way, an enrollment can exist before its user, or after its class.
    """

    def take(record: StoredRecord) -> bool:
        return view.lists(record) and filters.take(Collection.ENROLLMENTS, record)

    def complete(records: Sequence[StoredRecord]) -> list[StoredRecord | None]:
        classes = _other_ends(reader, place, Collection.CLASSES, records)
        users = _other_ends(reader, place, Collection.USERS, records)

        def shown(record: StoredRecord) -> bool:
            class_ = _present(classes, record.doc["classId"], view.now)
            user = _present(users, record.doc["userId"], view.now)
            return (
                class_ is not None
                and user is not None
                and view.shows(view.when(record), view.when(class_))
            )

        return [record if shown(record) else None for record in records]

    return fill_page(all_records(reader, place, Collection.ENROLLMENTS), window, take, complete)


def users_of(
    reader: RosterReader,
    place: RosterPlace,
    class_: StoredRecord,
    window: Window,
    filters: Filters,
    view: View,
) -> Page[Membership]:
    """Read a page of a class's users, each with the enrollment.

    :param filters: its ``role`` is the role in the class; the other filters are about the user.
    """
    of_users = Filters(grade=filters.grade, enabled=filters.enabled)
    closed = view.when(class_)

    def take(record: StoredRecord) -> bool:
        wanted = filters.role in (None, record.doc.get("role"))
        return wanted and record.is_there(view.now) and view.shows(view.when(record), closed)

    def complete(records: Sequence[StoredRecord]) -> list[Membership | None]:
        users = _other_ends(reader, place, Collection.USERS, records)
        found = (_present(users, record.doc["userId"], view.now) for record in records)
        return [
            Membership(record, user) if user and of_users.take(Collection.USERS, user) else None
            for record, user in zip(records, found, strict=True)
        ]

    query = _one_partition(lambda key, most: reader.members(place, class_.id, key, most))
    return fill_page(query, window, take, complete)


def classes_of(
    reader: RosterReader,
    place: RosterPlace,
    user_id: RecordId,
    window: Window,
    role: str | None,
    view: View,
) -> Page[Membership]:
    """Read a page of a user's classes, each with the enrollment.

    :param role: the role in the class; None for any.
    """

    def take(record: StoredRecord) -> bool:
        return view.lists(record) and role in (None, record.doc.get("role"))

    def complete(records: Sequence[StoredRecord]) -> list[Membership | None]:
        classes = _other_ends(reader, place, Collection.CLASSES, records)
        found = (_present(classes, record.doc["classId"], view.now) for record in records)
        return [
            Membership(record, class_)
            if class_ and view.shows(view.when(record), view.when(class_))
            else None
            for record, class_ in zip(records, found, strict=True)
        ]

    query = _one_partition(lambda key, most: reader.memberships(place, user_id, key, most))
    return fill_page(query, window, take, complete)


def _other_ends(
    reader: RosterReader,
    place: RosterPlace,
    collection: Collection,
    enrollments: Sequence[StoredRecord],
) -> Found:
    """Read the classes or the users of some enrollments."""
    name = "classId" if collection is Collection.CLASSES else "userId"
    ids = dict.fromkeys(RecordId(record.doc[name]) for record in enrollments)
    return reader.find(place, collection, list(ids)) if ids else {}


def _present(found: Found, id_: str, now: datetime) -> StoredRecord | None:
    record = found.get(RecordId(id_))
    return record if record and record.is_there(now) else None


def _one_partition(
    read: Callable[[str | None, int], Slice],
) -> Query:
    """Make a query for a list that is in one partition."""

    def query(at: Position, most: int) -> tuple[Sequence[StoredRecord], Position | None]:
        records, after = read(at.after, most)
        return records, Position(0, after) if after is not None else None

    return query
