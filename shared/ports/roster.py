"""Ports to the roster table, for writing and for looking at what it holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.ids import EnterpriseId, GroupId, RecordId, RunKey
from shared.domain.roster.change import RosterWrite
from shared.domain.roster.collection import Collection
from shared.domain.roster.login_name import LoginHolder
from shared.domain.roster.stamp import Stamp
from shared.domain.roster.table_record import TableRecord

OVERTAKEN = "overtaken"
"""The code of a write whose record bears a higher number than the plan's writes."""


@dataclass(frozen=True)
class Refusal:
    """A write that the roster could not take as it is.

    ``passing`` ones may succeed later; nothing of them was written.
    """

    collection: Collection
    id: RecordId
    code: str
    passing: bool = False


class Roster(Protocol):
    """The roster table: what the learning platform reads."""

    def apply(
        self, key: RunKey, shards: int, writes: Sequence[RosterWrite], now: datetime
    ) -> Sequence[Refusal]:
        """Write records, each by itself, where no newer sequence has written the record.

        ``key.seq`` is the number that the writes bear (``Plan.writing``).

        What is already applied is no refusal. What bears a higher number is left as it is, and
        refused as ``overtaken``: a run that is being applied is its group's only one, so that it
        has not seen all that the table has. A user whose login name belongs to another user, from
        whom it does not inherit it, is written without it, and refused with ``login_name_taken``.
        """
        ...


class RosterHoldings(Protocol):
    """What the roster's table itself says of a group, whatever the records of runs say."""

    def stamp(self, group_id: GroupId) -> Stamp | None:
        """Read by which plan the table says that it was last written, consistently."""
        ...

    def login_holders(
        self, enterprise: EnterpriseId, names: Sequence[str]
    ) -> Mapping[str, LoginHolder]:
        """Read who has these login names, consistently; names that nobody has are left out.

        :param names: as ``login_name.folded`` gives them, each once.
        """
        ...

    def records(
        self, group_id: GroupId, shards: int | None, now: datetime
    ) -> Iterator[TableRecord]:
        """Read every record of a group, also those that have left and are kept still.

        Without ``shards`` every partition that the group could have is looked into.
        """
        ...
