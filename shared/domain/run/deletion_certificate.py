"""What is left of a deleted group: who deleted it and when, and how much of each kind.

It names nobody from the roster. It is kept as long as the group's runs and accesses, because only
the certificate still says whose they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.counts import Counts, EntityCounts, no_counts

KEPT = timedelta(days=400)
"""How long a certificate is kept: as long as runs and records of accesses."""


class Store(StrEnum):
    """Where something of a group was stored: a table, the bucket or the mail service."""

    ROSTER = "roster"
    BUCKET = "bucket"
    MAIL = "mail"
    CONTROL = "control"


BACKED_UP = frozenset({Store.ROSTER, Store.CONTROL})
"""The tables: their point-in-time recovery keeps what was deleted for some more days.

Every version of an object is deleted, and nothing keeps a copy of it or of a topic.
"""


class Erased(BaseModel):
    """How many items of a kind were deleted from a store.

    ``store``, ``kind``: where they were, and what they were.
    ``deleted``: how many.
    ``earlier_versions``: how many earlier versions of objects; None outside of the bucket.
    """

    model_config = ConfigDict(frozen=True)

    store: Store
    kind: str
    deleted: int
    earlier_versions: int | None = None


Tally = Mapping[str, int]
"""How many were deleted, by the names that ``tally_name`` makes."""

_EARLIER = "/earlier"


def tally_name(store: Store, kind: str, *, earlier: bool = False) -> str:
    """The name under which items of a kind are counted during a deletion."""
    return f"{store}/{kind}{_EARLIER if earlier else ''}"


def added(tally: Tally, more: Tally) -> dict[str, int]:
    """The sum of two tallies."""
    return {name: tally.get(name, 0) + more.get(name, 0) for name in (*tally, *more)}


def erased_of(tally: Tally) -> tuple[Erased, ...]:
    """What was counted, by store and kind. A kind that was never found is left out."""
    found = []
    for store in Store:
        kinds = sorted(
            {
                name.removesuffix(_EARLIER).removeprefix(f"{store}/")
                for name in tally
                if name.startswith(f"{store}/")
            }
        )
        for kind in kinds:
            earlier = tally.get(tally_name(store, kind, earlier=True), 0)
            found.append(
                Erased(
                    store=store,
                    kind=kind,
                    deleted=tally.get(tally_name(store, kind), 0),
                    earlier_versions=earlier if store is Store.BUCKET else None,
                )
            )
    return tuple(found)


class Certificate(BaseModel):
    """What a deletion has done.

    ``enterprise``, ``group_id``, ``name``, ``client_group_id``, ``created_at``: the group.
    ``requested_by``, ``requested_at``: who asked for its deletion, and when.
    ``deleted_at``: when it was done.
    ``run_seq``: the run that did it; None if none was needed.
    ``erased``: what was deleted.
    ``backup_days``: for how many more days a backup of the tables may hold it.
    """

    model_config = ConfigDict(frozen=True)

    enterprise: EnterpriseId
    group_id: GroupId
    name: str
    client_group_id: str
    created_at: AwareDatetime
    requested_by: str
    requested_at: AwareDatetime
    deleted_at: AwareDatetime
    run_seq: int | None = None
    erased: tuple[Erased, ...] = ()
    backup_days: int

    @property
    def counts(self) -> Counts:
        """How much of the roster was deleted, as the counts of a run."""
        deleted = {each.kind: each.deleted for each in self.erased if each.store is Store.ROSTER}
        return {entity: EntityCounts(deleted=deleted.get(entity, 0)) for entity in no_counts()}

    @property
    def kept_until(self) -> datetime:
        """When the certificate itself goes."""
        return self.deleted_at + KEPT

    def last_backup_day(self, store: Store) -> date | None:
        """The last day (UTC) on which a backup of this store may hold it; None if there is none."""
        if store not in BACKED_UP:
            return None
        return (self.deleted_at + timedelta(days=self.backup_days)).date()


@dataclass(frozen=True)
class Deletion:
    """Who asked for the deletion of a group, and when it was done.

    ``requested_by``: who asked for it.
    ``requested_at``: when.
    ``deleted_at``: when it was done.
    ``run_seq``: the run that did it; None if none was needed.
    """

    requested_by: str
    requested_at: datetime
    deleted_at: datetime
    run_seq: int | None = None


def certify(group: Group, tally: Tally, deletion: Deletion, backup_days: int) -> Certificate:
    """Say what the deletion of a group has done, as its last step: the group's own item goes too.

    :param tally: what was deleted of everything else.
    :param backup_days: for how long a backup of the tables may still hold it.
    """
    secrets = len(group.config.secrets) + (group.webhook is not None)
    own = {tally_name(Store.CONTROL, "groups"): 1, tally_name(Store.CONTROL, "secrets"): secrets}
    return Certificate(
        enterprise=group.enterprise,
        group_id=group.group_id,
        name=group.config.name,
        client_group_id=group.client_group_id,
        created_at=group.created_at,
        requested_by=deletion.requested_by,
        requested_at=deletion.requested_at,
        deleted_at=deletion.deleted_at,
        run_seq=deletion.run_seq,
        erased=erased_of(added(tally, own)),
        backup_days=backup_days,
    )
