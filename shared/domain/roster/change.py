"""A change: what a plan wants to become of one record of the roster."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.domain.group.retention import Left
from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection

MAX_SHARDS = 64
"""The highest number of partitions for a group's records of one type."""

MAX_BEQUEATHERS = 90
"""From how many users one may inherit a login name (AWS: IN takes 100 operands)."""


class Action(StrEnum):
    """What is done to a record."""

    CREATE = "create"
    UPDATE = "update"
    REKEY = "rekey"
    RESTORE = "restore"
    DELETE = "delete"
    END = "end"


class LoginClaim(BaseModel):
    """A user's login name in the enterprise.

    ``take``: the name to claim; None for none.
    ``release``: names to release, if they are still this user's.
    ``inherits``: users of the group who may have ``take`` and lose it in this run, at most
        ``MAX_BEQUEATHERS``.
    """

    model_config = ConfigDict(frozen=True)

    take: str | None
    release: tuple[str, ...] = ()
    inherits: tuple[RecordId, ...] = ()


class Change(BaseModel):
    """One line of a change file: what one record becomes.

    ``collection``, ``id``: the record.
    ``action``: what is done to it.
    ``rows``: its snapshot rows (parsed columns and resolved references). Only a member of staff
        with several sourcedIds has more than one.
    ``login``: set only if the user's login name is new, differs, or may not have been claimed.
    ``since``: when a deleted or ended record left (aware UTC). If it had left before, this change
        gives it a new expiry date.
    """

    model_config = ConfigDict(frozen=True)

    collection: Collection
    id: RecordId
    action: Action
    rows: tuple[dict[str, Any], ...]
    login: LoginClaim | None = None
    since: datetime | None = None


class Removal(BaseModel):
    """How a record leaves the roster.

    ``kind``: whether it is deleted or has ended.
    ``since``: when it left (aware UTC).
    ``until``: until when it is kept (aware UTC); None while the group's clock stands still.
    """

    model_config = ConfigDict(frozen=True)

    kind: Left
    since: datetime
    until: datetime | None


class RosterWrite(BaseModel):
    """A change as the roster table stores it.

    ``collection``, ``id``: the record.
    ``doc``: its whole document.
    ``new``: whether the record probably does not exist yet; only a hint.
    ``class_id``, ``user_id``: an enrollment's class and user, which are parts of its key.
    ``login``: the user's login name to claim or release.
    ``removal``: set if the record leaves; it then keeps the document it has.
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
