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
    """Who has content: a class or a user."""

    collection: Collection
    id: RecordId


@dataclass(frozen=True)
class Assignment:
    """That a bearer has content: since when (aware UTC), and which person gave it."""

    bearer: Bearer
    content_id: ContentId
    assigned_at: datetime
    assigned_by: str


def content_id(text: str) -> ContentId | None:
    """Read the id of content, which is the platform's own; None if it cannot be one."""
    return ContentId(text) if _WHOLE.fullmatch(text) else None
