"""Reads what a request asks of content: ids in paths, and where a list continues."""

import re
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from shared.content.list_content import ContentPosition
from shared.domain.ids import RecordId
from shared.domain.read_fields import wrong_field
from shared.domain.roster.content import CONTENT_ID, ContentId, content_id
from shared.http.requests import page_of

_RECORD = "[A-Za-z0-9_-]{1,64}"
_CONTENT = re.compile(CONTENT_ID)
_OF_USER = re.compile(
    rf"(?:own/(?P<own>{CONTENT_ID}))"
    rf"|(?:(?P<after>{_RECORD}#{_RECORD})?/(?P<class_id>{_RECORD})?/(?P<content>{CONTENT_ID})?)"
)


def content_of(text: str) -> ContentId:
    """Read the id of content in a path.

    :raises InvalidFieldsError: no content can have it.
    """
    found = content_id(unquote(text))
    if found is None:
        raise wrong_field("Give 1 to 128 letters, digits, or - _ . :", "contentId")
    return found


def page_of_class_content(app: APIGatewayRestResolver) -> tuple[int, ContentId | None]:
    """Read how long a page of a class's content is, and after which content it begins."""
    limit, cursor = page_of(app, _CONTENT)
    return limit, None if cursor is None else ContentId(cursor)


def page_of_user_content(app: APIGatewayRestResolver) -> tuple[int, ContentPosition]:
    """Read how long a page of a user's content is, and where it begins.

    The cursor names no user, and no group.
    """
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
