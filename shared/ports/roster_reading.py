"""What reading the roster needs of the world. Adapters implement these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.domain.ids import EnterpriseId, GroupId, RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.content import Assignment, Bearer, ContentId
from shared.domain.roster.stored_record import StoredRecord


class RosterPlace(NamedTuple):
    """Where the records of a group lie: its id, and over how many partitions each type is spread.

    Only a group of the caller's own enterprise becomes one (see ``RosterStates``).
    """

    group_id: GroupId
    shards: int


@dataclass(frozen=True)
class RosterState:
    """What a group's roster is at the moment.

    ``shards`` is None before the first load. ``base_run`` committed what is there, at
    ``committed_at`` (unknown of rosters from before this was written down); ``run_under_way`` may
    be changing it.
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
    """How the rosters of groups stand."""

    def get(self, enterprise: EnterpriseId, group_id: GroupId) -> RosterState:
        """Read how one group's roster stands, consistently.

        :raises NotFoundError: no such group in this enterprise, or it is being deleted.
        """
        ...


class Slice(NamedTuple):
    """What one query gave. ``after`` is the key behind which the rest begins, None at the end.

    Records that are not there for readers are among them. A slice can be empty and have a rest.
    """

    records: Sequence[StoredRecord]
    after: str | None


class RosterReader(Protocol):
    """The roster table, for reading: each call but ``find`` is one query."""

    def find(
        self, place: RosterPlace, collection: Collection, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, StoredRecord]:
        """Read records by id, consistently, 100 to a call; those that do not exist are left out.

        :raises TryLaterError: the table did not give all of them in time.
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
    """Which content is assigned to which class or user; it outlives what becomes of them.

    It is a record's own that was assigned since the record was created. What is older belonged to
    one that has expired for good, and whose sourcedId has come again.
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
        """Assign content to who is there; what is assigned already stays as it was.

        ``created_at`` is the bearer's.

        :raises NotFoundError: there is no such class or user, or not any more.
        :raises TryLaterError: somebody else wrote the same at the same moment, again and again.
        """
        ...

    def unassign(self, place: RosterPlace, bearer: Bearer, content_id: ContentId) -> None:
        """Take content away; what is not assigned stays so."""
        ...

    def assigned_to(
        self, place: RosterPlace, bearer: Bearer, after: ContentId | None, most: int
    ) -> tuple[Sequence[Assignment], ContentId | None]:
        """Read up to ``most`` of a bearer's assignments, and where the rest begins."""
        ...
