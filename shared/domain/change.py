"""A change: what is to become of one record of the roster."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.domain.collection import Collection
from shared.domain.ids import RecordId

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
    user's login name is new, differs from before, or may not have been claimed.
    """

    model_config = ConfigDict(frozen=True)

    collection: Collection
    id: RecordId
    action: Action
    rows: tuple[dict[str, Any], ...]
    login: LoginClaim | None = None


class Removal(BaseModel):
    """That a record leaves the roster: how, and for how many days it is kept then.

    A ``deleted`` record is read by nobody; it is kept for its return. An ``ended`` one is still
    read, as what it was.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["deleted", "ended"]
    days: int


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
