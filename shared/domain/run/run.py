"""A run: one sync of one group, from the request to its end."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.domain.described import Described, Kept
from shared.domain.group.choices import SyncType
from shared.domain.group.group import GroupConfig
from shared.domain.group.hold import Hold, HoldDecision
from shared.domain.group.retention import Retention
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.roster.collection import Collection
from shared.domain.run.bundle import Bundle
from shared.domain.run.counts import Counts


class Mode(StrEnum):
    """What a run may do.

    ``sync`` creates and changes; what the source no longer has stays, pending. ``update`` also
    deletes. ``preview`` plans an update and stops. ``restore`` makes the roster what an earlier run
    left it as. Two kinds nobody requests as a sync: ``retention`` gives records that have left a
    new end, after the group's calendar or grace period changed; ``delete`` removes the group with
    all that it has. ``unknown`` is a mode of a newer version; it is never stored.
    """

    SYNC = "sync"
    UPDATE = "update"
    PREVIEW = "preview"
    RESTORE = "restore"
    RETENTION = "retention"
    DELETE = "delete"
    UNKNOWN = "unknown"

    @property
    def deletes(self) -> bool:
        """Whether such a run plans to delete what the source no longer has."""
        return self in (Mode.UPDATE, Mode.PREVIEW, Mode.RESTORE, Mode.DELETE)

    @property
    def changes_roster(self) -> bool:
        """Whether such a run may change what the roster shows.

        A preview changes nothing, and a retention only the ends of records that are no longer
        shown.
        """
        return self not in (Mode.PREVIEW, Mode.RETENTION)


FETCHING_MODES = frozenset({Mode.SYNC, Mode.UPDATE, Mode.PREVIEW})
"""The modes of runs that load what a source delivers."""
STANDING_MODES = frozenset({Mode.RESTORE, Mode.RETENTION})
"""The modes of runs that start from what the roster holds. They begin with their plan."""


class Trigger(StrEnum):
    """What started a run.

    ``request``: a person asked for it. ``newGroup``: an Auto group was created. ``drop``: a bundle
    was uploaded. ``decision``: a person decided about a hold. ``clock``: the group was due.
    ``unknown`` is a trigger of a newer version; it is never stored.
    """

    REQUEST = "request"
    NEW_GROUP = "newGroup"
    DROP = "drop"
    DECISION = "decision"
    CLOCK = "clock"
    UNKNOWN = "unknown"


class RunState(StrEnum):
    """Where a run stands: it is open up to ``Applying``, and has ended from ``Succeeded`` on.

    ``Waiting``: it has its number and its bundle, while another run of the group is under way.
    ``Held``: it ended, and something waits for a person. ``Cancelled``: an Auto run that never
    began, because another was under way. ``Superseded``: a later bundle made it unnecessary.
    ``Unknown`` is a state of a newer version; it is never stored, and such a run is open until it
    has an end.
    """

    WAITING = "Waiting"
    ACCEPTED = "Accepted"
    EXTRACTING = "Extracting"
    PLANNING = "Planning"
    APPLYING = "Applying"
    SUCCEEDED = "Succeeded"
    SUCCEEDED_WITH_ERRORS = "SucceededWithErrors"
    HELD = "Held"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SUPERSEDED = "Superseded"
    UNKNOWN = "Unknown"


OPEN_STATES = frozenset(
    {
        RunState.WAITING,
        RunState.ACCEPTED,
        RunState.EXTRACTING,
        RunState.PLANNING,
        RunState.APPLYING,
    }
)


class ReasonFields(Described):
    """Why a run ended as it did."""

    code: str = Field(
        description="Why, for programs: `credentials_refused`, `too_many_rejected` and others; the "
        "operations page lists them. New codes may be added."
    )
    message: str = Field(description="Why, and what to change, for people.")
    field: str | None = Field(
        None,
        description="The group's field to change, such as `connection.secretKey`; null if it is "
        "not about a field.",
    )


class Reason(ReasonFields, Kept):
    """The reason as a run keeps it."""


class NoticeFields(Described):
    """Something to know about a run that did not stop it."""

    code: str = Field(
        description="What it is, for programs: `pending_deletions`, `rekeyed` and others. New "
        "codes may be added."
    )
    message: str = Field(description="What it is and what to do, for people.")


class Notice(NoticeFields, Kept):
    """The notice as a run keeps it."""


class Plan(BaseModel):
    """What the planner leaves to those who apply and commit its changes.

    ``changes_key``: the change file, which is the run's write-ahead log.
    ``attempt``: the invocation that planned. Two that overlap must not touch each other's batches.
    ``batches``: how many batches the change file holds; an object beside it lists where each ends.
    ``shards``: over how many partitions the group's records of a type are spread.
    ``snapshot``: what the roster is once all changes are applied.
    ``hold``: what waits for a person.
    ``order``: the number that the plan's writes carry, if the run's own number is too low: the
    roster table may have seen higher ones.
    ``reason``: why the run does not end well, even if all changes are applied.
    """

    model_config = ConfigDict(frozen=True)

    changes_key: str
    attempt: str
    batches: int
    shards: int
    snapshot: "Snapshot"
    hold: Hold | None = None
    order: int | None = None
    reason: Reason | None = None

    def writing(self, key: RunKey) -> RunKey:
        """Name the run by the number that its writes carry."""
        return key if self.order is None else key._replace(seq=self.order)


_PROPOSED = "proposed-"
_KEPT = ("kept-list", "kept-summary")


class Snapshot(BaseModel):
    """Names the stored state of a roster: one Parquet object for each collection.

    ``seq``: the run that left the roster like this.
    ``shape_version``: which columns the objects have.
    ``settings``: a digest of those settings of the group that are part of every document. A base
    with other settings is written again as a whole.
    ``objects``: the object of each collection.
    ``besides``: objects of other names; a version that does not know one passes it on. Proposals
    are among them (``proposals``).
    ``kept``: what a person has rejected, and what is kept therefore.
    ``retention``: the settings that gave records which have left their end; None in snapshots from
    before it was stored.
    """

    model_config = ConfigDict(frozen=True)

    seq: int
    shape_version: int
    settings: str
    objects: dict[Collection, str]
    besides: dict[str, str] = {}
    retention: Retention | None = None
    kept: Hold | None = None

    @property
    def proposals(self) -> dict[Collection, str]:
        """The object of each collection that has what waits for a person."""
        named = {c: self.besides.get(f"{_PROPOSED}{c}") for c in Collection}
        return {collection: key for collection, key in named.items() if key is not None}

    @staticmethod
    def name_proposals(proposals: Mapping[Collection, str]) -> dict[str, str]:
        """Name the objects of ``proposals`` as ``besides`` has them."""
        return {f"{_PROPOSED}{collection}": key for collection, key in proposals.items()}

    @property
    def every_object(self) -> dict[str, str]:
        """All objects by their names."""
        kept = dict(zip(_KEPT, self.kept.keys, strict=True)) if self.kept else {}
        return {**self.besides, **kept, **{str(name): key for name, key in self.objects.items()}}

    @model_validator(mode="before")
    @classmethod
    def _part(cls, values: Any) -> Any:
        """Set the objects of unknown collections aside, and take up those that are known by now."""
        if not isinstance(values, dict) or "objects" not in values:
            return values
        named = {**values.get("besides", {}), **values["objects"]}
        known = {name: key for name, key in named.items() if name in set(Collection)}
        rest = {str(name): key for name, key in named.items() if name not in known}
        return values | {"objects": known, "besides": rest}


class Run(BaseModel):
    """A run as it is stored (table ``control``). Times are aware UTC.

    ``enterprise``, ``group_id``, ``seq``: its key; ``seq`` counts the group's runs.
    ``mode``: what it may do.
    ``trigger``, ``requested_by``: what started it, and who.
    ``state``: where it stands.
    ``config``: the group's settings when it was accepted. An ended run keeps no secrets.
    ``leg``: counts the times that its work was handed on.
    ``owner``: the worker that has claimed it, None if none has.
    ``lease_until``: how long the owner may be silent.
    ``resends``: how often the message of this leg was sent again.
    ``sent_at``: when a queue accepted the message of this leg, or those of its batches; None until
    then.
    ``cursor``: where the next leg begins; only whoever works on it reads it.
    ``bundle``: the files that it reads, and what they are recognized by.
    ``progress``: how far it is, for the admin.
    ``counts``: what became of the records, by type.
    ``notices``: what the admin should know.
    ``reason``: why it ended as it did.
    ``decision``: what a person decided about the group's hold. Such a run fetches nothing.
    ``marked``: whether it plans the deletion of the whole roster. Such a run fetches nothing. For a
    run with a bundle: whether the roster was marked when its turn came.
    ``restores``: the run whose snapshot it restores. Such a run fetches nothing.
    ``snapshot``: what the roster was when it ended.
    ``plan``: what it writes.
    ``hold``: what it left for a person to decide.
    ``supersedes``: the objects that it has replaced; they are released after its end.
    ``recorded``: whether its end is in the log.
    ``published``: whether its end was published, where other work still follows.
    ``announced``: whether everything that follows its end is done.
    ``created_at``, ``started_at``, ``finished_at``: when it was opened, first claimed, and ended.
    ``newer``: whether a newer version has written something that this one does not understand. It
    can be shown then, but nobody works on it.
    """

    model_config = ConfigDict(frozen=True)

    enterprise: EnterpriseId
    group_id: GroupId
    seq: int
    mode: Mode
    trigger: Trigger
    requested_by: str
    state: RunState
    config: GroupConfig
    leg: int = 0
    owner: str | None = None
    lease_until: AwareDatetime | None = None
    resends: int = 0
    sent_at: AwareDatetime | None = None
    cursor: dict[str, Any] | None = None
    bundle: Bundle | None = None
    progress: dict[str, Any] = {}
    counts: Counts = {}
    notices: tuple[Notice, ...] = ()
    reason: Reason | None = None
    decision: HoldDecision | None = None
    marked: bool = False
    restores: int | None = None
    snapshot: Snapshot | None = None
    plan: Plan | None = None
    hold: Hold | None = None
    supersedes: tuple[str, ...] = ()
    recorded: bool = False
    published: bool = False
    announced: bool = False
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    newer: bool = False

    @property
    def key(self) -> RunKey:
        """The key by which messages and stores know this run."""
        return RunKey(self.enterprise, self.group_id, self.seq)

    @property
    def open(self) -> bool:
        """Whether the run is still under way."""
        if self.state is RunState.UNKNOWN:
            return self.finished_at is None
        return self.state in OPEN_STATES

    @property
    def extractor(self) -> SyncType:
        """Who extracts next: a bundle that was copied from an SFTP server is read like a zip."""
        if self.config.sync_type is SyncType.SFTP and self.bundle and self.bundle.objects:
            return SyncType.ZIP
        return self.config.sync_type
