"""Ports to the roster table, for reading, and to the content that is assigned there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.domain.ids import EnterpriseId, GroupId, RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Assignment, Bearer, ContentId
from shared.domain.roster.stored_record import StoredRecord


class RosterPlace(NamedTuple):
    """Where the records of a group lie. ``RosterStates`` gives it for the caller's own groups only.

    ``group_id``: the group.
    ``shards``: over how many partitions the records of each type are spread.
    """

    group_id: GroupId
    shards: int


@dataclass(frozen=True)
class RosterState:
    """The state of a group's roster at this moment.

    ``group_id``: the group.
    ``time_zone``: its time zone, an IANA name.
    ``shards``: over how many partitions each type is spread; None before the first load.
    ``base_run``: the run that committed what is there.
    ``committed_at``: when it did; None in rosters from before this was stored.
    ``run_under_way``: the run that may be changing the roster now.
    """

    group_id: GroupId
    time_zone: str
    shards: int | None = None
    base_run: int | None = None
    committed_at: datetime | None = None
    run_under_way: int | None = None

    @property
    def place(self) -> RosterPlace | None:
        """Where its records lie; None if nothing has ever been loaded."""
        return None if self.shards is None else RosterPlace(self.group_id, self.shards)


class RosterStates(Protocol):
    """The states of groups' rosters."""

    def get(self, enterprise: EnterpriseId, group_id: GroupId) -> RosterState:
        """Read the state of one group's roster, consistently.

        :raises NotFoundError: no such group in this enterprise, or it is being deleted.
        """
        ...


class Slice(NamedTuple):
    """What one query gave. It can be empty before the end.

    ``records``: the records, including those that readers are not shown.
    ``after``: the key behind which the rest begins; None at the end.
    """

    records: Sequence[StoredRecord]
    after: str | None


class RosterReader(Protocol):
    """The roster table, for reading: each call but ``find`` is one query."""

    def find(
        self, place: RosterPlace, collection: Collection, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, StoredRecord]:
        """Read records by id, consistently, 100 a call; those that do not exist are left out.

        :raises TryLaterError: the table is busy and did not give all of them.
        """
        ...

    def page(
        self, place: RosterPlace, collection: Collection, shard: int, after: str | None, most: int
    ) -> Slice:
        """Read up to ``most`` records of one partition, in the order of their keys."""
        ...

    def search(
        self,
        place: RosterPlace,
        collection: Collection,
        shard: int,
        after: str | None,
        sourced_id: str,
    ) -> Slice:
        """Read as much of one partition as one query can; give those known by a sourcedId."""
        ...

    def members(
        self, place: RosterPlace, class_id: RecordId, after: str | None, most: int
    ) -> Slice:
        """Read up to ``most`` enrollments of a class."""
        ...

    def memberships(
        self, place: RosterPlace, user_id: RecordId, after: str | None, most: int
    ) -> Slice:
        """Read up to ``most`` enrollments of a user, class by class.

        From an index: what was written within the last second may be missing.
        """
        ...


class Contents(Protocol):
    """Which content is assigned to which class or user. An assignment outlives its bearer.

    A record bears what was assigned since it was created. What is older belonged to a record that
    had the same sourcedId and has expired.
    """

    def assign(
        self,
        place: RosterPlace,
        bearer: Bearer,
        created_at: datetime,
        content_id: ContentId,
        by: str,
        now: datetime,
    ) -> None:
        """Assign content to a class or user; what it bears already stays as it was.

        :param created_at: when the bearer was created.
        :param by: the person who assigns it.
        :raises NotFoundError: there is no such class or user.
        :raises TryLaterError: others were writing the same, again and again.
        """
        ...

    def unassign(self, place: RosterPlace, bearer: Bearer, content_id: ContentId) -> None:
        """Remove an assignment, if there is one."""
        ...

    def assigned_to(
        self, place: RosterPlace, bearer: Bearer, after: ContentId | None, most: int
    ) -> tuple[Sequence[Assignment], ContentId | None]:
        """Read up to ``most`` assignments of a bearer, in the order of their ids.

        :returns: the assignments, and what the next page begins ``after``; None at the end.
        """
        ...
