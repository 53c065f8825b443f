"""Lists the content of a class or user; for a user also that of the user's classes of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.content.assign_content import ContentPorts
from shared.domain.ids import RecordId
from shared.domain.local_day import local_day
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Assignment, Bearer, ContentId
from shared.domain.roster.stored_record import StoredRecord, View
from shared.ports.roster_reading import Contents, RosterPlace, RosterState
from shared.reading.fill_page import Position, Window
from shared.reading.members import classes_of
from shared.reading.records import place_of, read_record

MOST_CLASSES = 50
"""How many enrollments one request looks at, because each class costs a query."""


@dataclass(frozen=True)
class ContentPosition:
    """Where a user's content continues: the user's own first, then class by class.

    ``own``: whether the user's own content is still being read.
    ``after``: the key of the last finished enrollment.
    ``class_id``: the class whose content was read last.
    ``content``: the last content of it that was read.

    If a user has two enrollments in a class, its content is listed once: the second continues where
    the first ended.
    """

    own: bool = True
    after: str | None = None
    class_id: RecordId | None = None
    content: ContentId | None = None


@dataclass(frozen=True)
class AssignedContent:
    """Content of a user or class.

    ``assignment``: the content, when and by whom it was assigned.
    ``source``: the record it is assigned to: the user, or a class of the user.
    """

    assignment: Assignment
    source: StoredRecord


def list_class_content(
    state: RosterState,
    class_id: RecordId,
    after: ContentId | None,
    limit: int,
    ports: ContentPorts,
    now: datetime,
) -> tuple[Sequence[AssignedContent], ContentId | None]:
    """Read up to ``limit`` of a class's content, and where the list continues (None at its end).

    :raises NotFoundError: there is no such class.
    """
    place = place_of(state)
    class_ = read_record(ports.reader, place, Collection.CLASSES, class_id, now)
    bearer = Bearer(Collection.CLASSES, class_id)
    found, _, more = _own(ports.contents, place, bearer, class_, after, limit)
    return found, more


def list_user_content(
    state: RosterState,
    user_id: RecordId,
    start: ContentPosition,
    limit: int,
    ports: ContentPorts,
    now: datetime,
) -> tuple[Sequence[AssignedContent], ContentPosition | None]:
    """Read up to ``limit`` of a user's content, and where the list continues (None at its end).

    A page can be short, because one request looks at ``MOST_CLASSES`` enrollments at most.

    :raises NotFoundError: there is no such user.
    """
    place = place_of(state)
    user = read_record(ports.reader, place, Collection.USERS, user_id, now)
    today = View(now, local_day(state.time_zone, now), state.time_zone)
    rows: list[AssignedContent] = []
    after, class_id, content = start.after, start.class_id, start.content
    if start.own:
        bearer = Bearer(Collection.USERS, user.id)
        own, _, more = _own(ports.contents, place, bearer, user, content, limit)
        rows += own
        if more is not None:
            return rows, ContentPosition(content=more)
        content = None
    window = Window(Position(0, after), MOST_CLASSES)
    classes = classes_of(ports.reader, place, user.id, window, None, today)
    for membership in classes.rows:
        if len(rows) == limit:
            return rows, ContentPosition(False, after, class_id, content)
        class_ = membership.other
        if class_.id != class_id:
            class_id, content = class_.id, None
        bearer = Bearer(Collection.CLASSES, class_.id)
        own, content, more = _own(ports.contents, place, bearer, class_, content, limit - len(rows))
        rows += own
        if more is not None:
            return rows, ContentPosition(False, after, class_id, content)
        after = membership.enrollment.key
    if classes.more is None:
        return rows, None
    return rows, ContentPosition(False, classes.more.after, class_id, content)


def _own(
    contents: Contents,
    place: RosterPlace,
    bearer: Bearer,
    record: StoredRecord,
    after: ContentId | None,
    most: int,
) -> tuple[Sequence[AssignedContent], ContentId | None, ContentId | None]:
    """Read up to ``most`` rows of a record's own content.

    Content assigned before the record was created belonged to an earlier record, and is left out,
    so a page can be short.

    Returns the rows, the last content that was read, and where the list continues (None at its
    end).
    """
    found, more = contents.assigned_to(place, bearer, after, most)
    rows = [
        AssignedContent(each, record) for each in found if each.assigned_at >= record.created_at
    ]
    return rows, found[-1].content_id if found else after, more
