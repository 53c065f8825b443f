"""A record as it is read from the roster, and which records a reader wants."""

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
    """A record from the roster table, without its internals. All times are aware UTC.

    ``id``: its id.
    ``key``: its position in the list from which it was read.
    ``doc``: its document.
    ``created_at``: when it was created. It survives a deletion and return, but an expired record
        that returns is created again.
    ``updated_at``: when it was last written.
    ``deleted_at``, ``ended_at``: when it left, and how.
    ``expires_at``: until when it is kept, once it has left.
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
        """Whether readers may see it: not if it is deleted or has expired.

        The table may take days to remove expired items.
        """
        return self.deleted_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True)
class View:
    """A reader's view of the roster.

    ``now``: the time of the request (aware UTC).
    ``day``: the day in question.
    ``time_zone``: the group's time zone.
    ``include``: whether past and future records are wanted in addition to current ones.
    """

    now: datetime
    day: date
    time_zone: str
    include: frozenset[When] = frozenset()

    def lists(self, record: StoredRecord) -> bool:
        """Whether a record, judged by itself, is listed."""
        return record.is_there(self.now) and self.shows(self.when(record))

    def shows(self, *moments: When) -> bool:
        """Whether a record that is past, current or future on the day is listed.

        For an enrollment, its class counts as well: if the enrollment is current, the class
        decides.
        """
        aside = next((each for each in moments if each is not When.CURRENT), None)
        return aside is None or aside in self.include

    def when(self, record: StoredRecord) -> When:
        """Whether a record is past, current or future by its own dates, which enrollments have."""
        ended = local_day(self.time_zone, record.ended_at) if record.ended_at else None
        return when(self.day, _day(record.doc, "beginDate"), _day(record.doc, "endDate"), ended)


@dataclass(frozen=True)
class Filters:
    """What a reader wants from a list. None means any; all conditions must hold.

    ``partner_id``, ``role``: for a user, both must match the same role. A teacher at one school who
        is a parent at another is not a parent at the first.
    ``grade``: one of a class's or user's grades.
    ``enabled``: whether a user is enabled.
    ``changed_since``: records written at or after this time (aware).
    """

    partner_id: RecordId | None = None
    role: str | None = None
    grade: str | None = None
    enabled: bool | None = None
    changed_since: datetime | None = None

    def take(self, collection: Collection, record: StoredRecord) -> bool:
        """Whether a record matches."""
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
    """Whether this is the record's sourcedId, or one of several."""
    return sourced_id == record.doc.get("sourcedId") or sourced_id in record.doc.get(
        "sourcedIds", ()
    )


def _day(doc: Mapping[str, Any], name: str) -> date | None:
    text = doc.get(name)
    return date.fromisoformat(text) if text else None
