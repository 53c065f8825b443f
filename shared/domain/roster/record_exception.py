"""Exceptions for single records: kept although the source lacks them, or left out although it has.

A person makes them, and every run obeys them, also a restore. Of a record that is left out, only a
hash is kept: its id is one, and a sourcedId is hashed in the same way (docs/decisions/0030).
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, Field

from shared.domain.described import Described, Kept
from shared.domain.ids import UNIT_SEPARATOR, SourcedId
from shared.domain.request_body import Line
from shared.domain.roster.collection import Collection

MOST_EXCEPTIONS = 10_000
"""How many a group can have: a plan loads all of them."""
LISTED_AFTER = timedelta(days=400)
"""How long an exception that is over is still listed: as long as runs and records of accesses."""


class Effect(StrEnum):
    """What an exception does: `keep` keeps a record that the source lacks, `leaveOut` leaves one
    out that the source has.
    """

    KEEP = "keep"
    LEAVE_OUT = "leaveOut"


class NamedBy(StrEnum):
    """What an exception knows its record by. A sourcedId means whatever record bears it."""

    ID = "id"
    SOURCED_ID = "sourcedId"


class ExceptionFields(Described):
    """An exception for one record, which every run obeys."""

    effect: Effect = Field(
        description="`keep` keeps the record although the source lacks it. `leaveOut` leaves it "
        "out although the source has it."
    )
    until: date | None = Field(
        None,
        description="The last day, in the group's time zone, on which it holds; null for good.",
    )
    why: Line = Field(
        description="Why, in the person's words. Do not write the name of the person whose record "
        "it is: this text stays when the record is gone."
    )


class RecordException(ExceptionFields, Kept):
    """An exception as it is kept.

    ``entity``: the kind of record.
    ``named_by``: what the record is known by.
    ``digest``: the record's id, or the hash of its sourcedId (``ids.record_id``).
    ``sourced_id``: the sourcedId of a record that is kept, if it was named by it.
    ``ends_at``: from when it has no effect; None for good.
    ``by``, ``at``: who made it, and when.
    """

    entity: str
    named_by: NamedBy
    digest: str
    sourced_id: SourcedId | None = None
    ends_at: AwareDatetime | None = None
    by: str
    at: AwareDatetime

    @property
    def exception_id(self) -> str:
        """Names it in its group: a record has one of each way to name it."""
        return f"{self.entity}-{self.named_by}-{self.digest}"

    @property
    def collection(self) -> Collection:
        """The collection of its record."""
        return next(each for each in Collection if each.entity == self.entity)

    def holds(self, now: datetime) -> bool:
        """Whether it has an effect at this moment."""
        return self.ends_at is None or now < self.ends_at


def holding(exceptions: Iterable[RecordException], now: datetime) -> tuple[RecordException, ...]:
    """Those that have an effect at this moment."""
    return tuple(each for each in exceptions if each.holds(now))


def digest_of(exceptions: Iterable[RecordException]) -> str:
    """Stand for exactly these exceptions, and for what each does; empty for none."""
    named = sorted(f"{each.effect} {each.exception_id}" for each in exceptions)
    if not named:
        return ""
    return hashlib.sha256(UNIT_SEPARATOR.join(named).encode()).hexdigest()[:16]
