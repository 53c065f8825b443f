"""Content of the learning platform, assigned to a class or to a user."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, NewType

from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection

ContentId = NewType("ContentId", str)

CONTENT_ID = r"[A-Za-z0-9._:-]{1,128}"
_WHOLE = re.compile(CONTENT_ID)


class Bearer(NamedTuple):
    """A class or user that has content."""

    collection: Collection
    id: RecordId


@dataclass(frozen=True)
class Assignment:
    """An assignment of content.

    ``bearer``: the class or user.
    ``content_id``: the platform's id of the content.
    ``assigned_at``: when it was assigned (aware UTC).
    ``assigned_by``: Cognito's id of the person who assigned it.
    """

    bearer: Bearer
    content_id: ContentId
    assigned_at: datetime
    assigned_by: str


def content_id(text: str) -> ContentId | None:
    """Read the platform's id of content; None if the text cannot be one."""
    return ContentId(text) if _WHOLE.fullmatch(text) else None
