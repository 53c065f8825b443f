"""A change: what is to become of one record of the roster."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.domain.group.retention import Left
from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection

MAX_SHARDS = 64
"""The most partitions that the roster's records of one kind are spread over."""


class Action(StrEnum):
    """What is done to a record."""

    CREATE = "create"
    UPDATE = "update"
    REKEY = "rekey"
    RESTORE = "restore"
    DELETE = "delete"
    END = "end"


class LoginClaim(BaseModel):
    """A user's login name in the enterprise: the one to take, and those to give back if held."""

    model_config = ConfigDict(frozen=True)

    take: str | None
    release: tuple[str, ...] = ()


class Change(BaseModel):
    """One line of a change file: record ``id`` is to be what ``rows`` make it.

    ``rows`` are snapshot rows (parsed columns and resolved references); only a member of staff
    known to the source under several sourcedIds has more than one. ``login`` is set only where the
    user's login name is new, differs from before, or may not have been claimed. ``since`` says when
    a record has left that is deleted or ends (aware UTC); one that has left already, and comes
    again, gets a new end.
    """

    model_config = ConfigDict(frozen=True)

    collection: Collection
    id: RecordId
    action: Action
    rows: tuple[dict[str, Any], ...]
    login: LoginClaim | None = None
    since: datetime | None = None


class Removal(BaseModel):
    """That a record has left the roster: how, when, and until when it is kept.

    ``until`` is None where nobody knows. Both are aware UTC.
    """

    model_config = ConfigDict(frozen=True)

    kind: Left
    since: datetime
    until: datetime | None


class RosterWrite(BaseModel):
    """A change as the roster table takes it: the record's whole document and its key's parts.

    ``new`` says whether the record is expected to be missing; it is only a hint. With ``removal``
    the record keeps the document that it has.
    """

    model_config = ConfigDict(frozen=True)

    collection: Collection
    id: RecordId
    doc: dict[str, Any]
    new: bool
    class_id: RecordId | None = None
    user_id: RecordId | None = None
    login: LoginClaim | None = None
    removal: Removal | None = None
