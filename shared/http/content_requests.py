"""Content over HTTP: ids in paths, where a list goes on, and what is shown."""

import re
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from shared.domain.ids import RecordId
from shared.domain.read_fields import wrong_field
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import CONTENT_ID, Assignment, ContentId, content_id
from shared.domain.roster.stored_record import StoredRecord
from shared.http.contract.roster import ContentAnswer, ContentSource
from shared.http.requests import page_of
from shared.reading.contents import ContentPosition

_RECORD = "[A-Za-z0-9_-]{1,64}"
_CONTENT = re.compile(CONTENT_ID)
_OF_USER = re.compile(
    rf"(?:own/(?P<own>{CONTENT_ID}))"
    rf"|(?:(?P<after>{_RECORD}#{_RECORD})?/(?P<class_id>{_RECORD})?/(?P<content>{CONTENT_ID})?)"
)
_TYPES = {Collection.CLASSES: "class", Collection.USERS: "user"}


def content_of(text: str) -> ContentId:
    """Read the id of content in a path.

    :raises InvalidFieldsError: it is none.
    """
    found = content_id(unquote(text))
    if found is None:
        raise wrong_field("Give 1 to 128 letters, digits, or - _ . :", "contentId")
    return found


def in_contents(app: APIGatewayRestResolver) -> tuple[int, ContentId | None]:
    """Read where the content of a class goes on."""
    limit, cursor = page_of(app, _CONTENT)
    return limit, None if cursor is None else ContentId(cursor)


def in_contents_of_user(app: APIGatewayRestResolver) -> tuple[int, ContentPosition]:
    """Read where the content of a user goes on; it names no user, and no group."""
    limit, cursor = page_of(app, _OF_USER)
    found = _OF_USER.fullmatch(cursor) if cursor is not None else None
    if found is None:
        return limit, ContentPosition()
    if found["own"]:
        return limit, ContentPosition(content=ContentId(found["own"]))
    return limit, ContentPosition(
        own=False,
        after=found["after"],
        class_id=RecordId(found["class_id"]) if found["class_id"] else None,
        content=ContentId(found["content"]) if found["content"] else None,
    )


def cursor_of_contents(more: ContentPosition | None) -> str | None:
    """Write down where the content of a user goes on."""
    if more is None:
        return None
    if more.own:
        return f"own/{more.content}"
    return f"{more.after or ''}/{more.class_id or ''}/{more.content or ''}"


def show_assignment(assignment: Assignment, source: StoredRecord) -> ContentAnswer:
    """Content, and the class or user that it was assigned to."""
    named = {name: source.doc[name] for name in ("sourcedId", "title") if name in source.doc}
    bearer = ContentSource(type=_TYPES[assignment.bearer.collection], id=source.id, **named)
    return ContentAnswer(
        content_id=assignment.content_id,
        assigned_at=assignment.assigned_at,
        assigned_by=assignment.assigned_by,
        source=bearer,
    )
