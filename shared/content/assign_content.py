"""Assigns content to a class or a user, and takes it away."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.roster.content import Bearer, ContentId
from shared.ports.roster_reading import Contents, RosterReader, RosterState
from shared.reading.records import place_of, read_record


@dataclass(frozen=True)
class ContentPorts:
    """What content needs of the world."""

    reader: RosterReader
    contents: Contents


def assign_content(
    state: RosterState,
    bearer: Bearer,
    content: ContentId,
    person: str,
    ports: ContentPorts,
    now: datetime,
) -> None:
    """Assign content to a class or a user; what is assigned already stays as it was.

    :raises NotFoundError: there is no such class or user in the roster.
    :raises TryLaterError: somebody else wrote the same at the same moment, again and again.
    """
    place = place_of(state)
    record = read_record(ports.reader, place, bearer.collection, bearer.id, now)
    ports.contents.assign(place, bearer, record.created_at, content, person, now)


def unassign_content(
    state: RosterState,
    bearer: Bearer,
    content: ContentId,
    ports: ContentPorts,
    now: datetime,
) -> None:
    """Take content from a class or a user; what a user has from its classes stays.

    :raises NotFoundError: there is no such class or user in the roster.
    """
    place = place_of(state)
    read_record(ports.reader, place, bearer.collection, bearer.id, now)
    ports.contents.unassign(place, bearer, content)
