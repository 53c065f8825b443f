"""What content a class or user has: its own, and a user's also that of its classes on a day."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Assignment, Bearer, ContentId
from shared.domain.roster.stored_record import StoredRecord, View
from shared.ports.roster_reading import Contents, RosterPlace, RosterReader
from shared.reading.members import classes_of

MOST_CLASSES = 50
"""Of so many classes one request reads the content: a query each."""


@dataclass(frozen=True)
class ContentPosition:
    """Where a user's content goes on: its own first (``own``), then class by class.

    ``after`` is the last enrollment that is done with, ``class_id`` the class whose content was
    read last, ``content`` its last that was shown. A user with two enrollments in one class has
    that class's content once: the second goes on where the first has ended.
    """

    own: bool = True
    after: str | None = None
    class_id: RecordId | None = None
    content: ContentId | None = None


@dataclass(frozen=True)
class Given:
    """Content that a user has, and the record that it has it from: itself, or a class."""

    assignment: Assignment
    source: StoredRecord


def contents_of(
    contents: Contents,
    place: RosterPlace,
    bearer: Bearer,
    record: StoredRecord,
    after: ContentId | None,
    most: int,
) -> tuple[Sequence[Given], ContentId | None, ContentId | None]:
    """Read up to ``most`` of a record's own content; the last that was read, and where it goes on.

    What was assigned before the record was created was another's; a page can be short by it.
    """
    found, more = contents.of(place, bearer, after, most)
    rows = [Given(each, record) for each in found if each.assigned_at >= record.created_at]
    return rows, found[-1].content_id if found else after, more


def contents_of_user(
    reader: RosterReader,
    contents: Contents,
    place: RosterPlace,
    user: StoredRecord,
    start: ContentPosition,
    limit: int,
    view: View,
) -> tuple[Sequence[Given], ContentPosition | None]:
    """Read up to ``limit`` rows, of at most ``MOST_CLASSES`` enrollments; and where it goes on."""
    rows: list[Given] = []
    after, class_id, content = start.after, start.class_id, start.content
    if start.own:
        bearer = Bearer(Collection.USERS, user.id)
        own, _, more = contents_of(contents, place, bearer, user, content, limit)
        rows += own
        if more is not None:
            return rows, ContentPosition(content=more)
        content = None
    classes = classes_of(reader, place, user.id, after, MOST_CLASSES, None, view)
    for membership in classes.rows:
        if len(rows) == limit:
            return rows, ContentPosition(False, after, class_id, content)
        class_ = membership.other
        if class_.id != class_id:
            class_id, content = class_.id, None
        bearer = Bearer(Collection.CLASSES, class_.id)
        own, content, more = contents_of(
            contents, place, bearer, class_, content, limit - len(rows)
        )
        rows += own
        if more is not None:
            return rows, ContentPosition(False, after, class_id, content)
        after = membership.enrollment.key
    if classes.more is None:
        return rows, None
    return rows, ContentPosition(False, classes.more.after, class_id, content)
