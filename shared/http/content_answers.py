"""Shows content, each with the class or user that it is assigned to."""

from collections.abc import Sequence

from shared.content.list_content import AssignedContent, ContentPosition
from shared.domain.roster.collection import Collection
from shared.http.contract.roster import ContentAnswer, ContentPage, ContentSource
from shared.http.roster_answers import page_of_roster
from shared.ports.roster_reading import RosterState

_TYPES = {Collection.CLASSES: "class", Collection.USERS: "user"}


def show_content(
    rows: Sequence[AssignedContent], cursor: str | None, state: RosterState
) -> ContentPage:
    """Show a page of content; ``cursor`` is where the list continues, None at its end."""
    return ContentPage(contents=[_show(row) for row in rows], **page_of_roster(cursor, state))


def show_position(more: ContentPosition | None) -> str | None:
    """Write the cursor of a user's content: where the list continues, None at its end."""
    if more is None:
        return None
    if more.own:
        return f"own/{more.content}"
    return f"{more.after or ''}/{more.class_id or ''}/{more.content or ''}"


def _show(content: AssignedContent) -> ContentAnswer:
    assignment, doc = content.assignment, content.source.doc
    named = {name: doc[name] for name in ("sourcedId", "title") if name in doc}
    kind = _TYPES[assignment.bearer.collection]
    source = ContentSource(type=kind, id=content.source.id, **named)
    return ContentAnswer.made_from(assignment, source=source)
