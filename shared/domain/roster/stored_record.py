"""A record of the roster as it is read, and which records a reader has asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.domain.ids import RecordId
from shared.domain.local_day import local_day
from shared.domain.roster.collection import Collection
from shared.domain.roster.membership import When, when


@dataclass(frozen=True)
class StoredRecord:
    """A record as the roster table has it, its internals left out.

    ``key`` is its place in the list from which it was read. ``created_at`` is that of the record
    that it is by now: it is kept through a deletion and return, and new once a record that had
    expired begins anew. ``expires_at`` is set once it has left. All times are aware UTC.
    """

    id: RecordId
    key: str
    doc: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None

    def is_there(self, now: datetime) -> bool:
        """Whether readers may see it: a deleted one no more, nor one whose time is up.

        The table removes what has expired when it gets to it, which can take days.
        """
        return self.deleted_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True)
class View:
    """When a reader asks, for which day, and what besides the current is wanted."""

    now: datetime
    day: date
    time_zone: str
    include: frozenset[When] = frozenset()

    def lists(self, record: StoredRecord) -> bool:
        """Whether a record, taken by itself, is there and to be listed."""
        return record.is_there(self.now) and self.shows(self.when(record))

    def shows(self, *moments: When) -> bool:
        """Whether a record is listed that stands like this on the day.

        An enrollment has a second part, its class: where itself is current, that counts.
        """
        aside = next((each for each in moments if each is not When.CURRENT), None)
        return aside is None or aside in self.include

    def when(self, record: StoredRecord) -> When:
        """How a record stands on the day, by its own dates; only enrollments have any."""
        ended = local_day(self.time_zone, record.ended_at) if record.ended_at else None
        return when(self.day, _day(record.doc, "beginDate"), _day(record.doc, "endDate"), ended)


@dataclass(frozen=True)
class Filters:
    """What a reader wants of a list; None asks for nothing. Conditions add up.

    A user's ``partner_id`` and ``role`` must meet in one of its roles: who teaches at one school
    and is a parent at another is no parent at the first. ``changed_since`` is aware.
    """

    partner_id: RecordId | None = None
    role: str | None = None
    grade: str | None = None
    enabled: bool | None = None
    changed_since: datetime | None = None

    def take(self, collection: Collection, record: StoredRecord) -> bool:
        """Whether a record is among those that are wanted."""
        doc = record.doc
        if self.changed_since is not None and record.updated_at < self.changed_since:
            return False
        if self.enabled is not None and doc.get("enabled") is not self.enabled:
            return False
        if self.grade is not None and self.grade not in doc.get("grades", ()):
            return False
        if collection is Collection.USERS:
            return self._has_role(doc)
        if self.role is not None and doc.get("role") != self.role:
            return False
        return self.partner_id is None or doc.get("partnerId") == self.partner_id

    def _has_role(self, doc: Mapping[str, Any]) -> bool:
        if self.role is None:
            return self.partner_id is None or self.partner_id in doc.get("partnerIds", ())
        return any(
            role["role"] == self.role and self.partner_id in (None, role.get("partnerId"))
            for role in doc.get("roles", ())
        )


def is_known_as(record: StoredRecord, sourced_id: str) -> bool:
    """Whether the source knows the record by this sourcedId, or by this among others."""
    return sourced_id == record.doc.get("sourcedId") or sourced_id in record.doc.get(
        "sourcedIds", ()
    )


def _day(doc: Mapping[str, Any], name: str) -> date | None:
    text = doc.get(name)
    return date.fromisoformat(text) if text else None
