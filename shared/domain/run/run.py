"""A run: one sync of one group, from the request to its counts."""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

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
        """Whether what is gone at the source is planned to go here."""
        return self in (Mode.UPDATE, Mode.PREVIEW, Mode.RESTORE, Mode.DELETE)

    @property
    def changes_roster(self) -> bool:
        """Whether such a run may change what the roster shows: a preview shows it, a retention
        gives other ends to what is shown no more.
        """
        return self not in (Mode.PREVIEW, Mode.RETENTION)


FETCHING_MODES = frozenset({Mode.SYNC, Mode.UPDATE, Mode.PREVIEW})
"""The modes of runs that work from what a source delivers."""
STANDING_MODES = frozenset({Mode.RESTORE, Mode.RETENTION})
"""The modes of runs that work from what the roster holds, and begin with their plan."""


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


class Reason(BaseModel):
    """Why a run ended as it did: ``message`` is for the admin and names what to change.

    ``field`` is the group's field to change, in the API's spelling (``connection.secretKey``).
    """

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    field: str | None = None


class Notice(BaseModel):
    """Something the admin should know about a run that did not stop it."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str


class Plan(BaseModel):
    """What the planner leaves behind for those who apply and commit.

    ``changes_key`` is the change file (the run's write-ahead log); ``batches`` how many it holds;
    where each ends, in bytes, stands in its index, an object beside it. ``snapshot`` is what
    is to become the base; ``shards`` spreads the roster keys of this group; ``hold`` is what waits
    for a person. ``attempt`` names the invocation that planned: two that overlap must not touch
    each other's batches. ``order`` is what the plan's writes are numbered by, where the run's own
    number is not above all that the roster's table has seen.
    """

    model_config = ConfigDict(frozen=True)

    changes_key: str
    attempt: str
    batches: int
    shards: int
    snapshot: "Snapshot"
    hold: Hold | None = None
    order: int | None = None

    def writing(self, key: RunKey) -> RunKey:
        """Name the run by the number that its writes bear."""
        return key if self.order is None else key._replace(seq=self.order)


class Snapshot(BaseModel):
    """Names the stored state of a roster: one Parquet object a collection, of one shape.

    ``settings`` is the digest of the group's settings that are part of every document; a base made
    under other settings is written again as a whole. ``retention`` is by what the records that have
    left have got their ends; None in snapshots from before it was written down. ``besides`` are the
    objects of collections that a newer version keeps: they are passed on.
    """

    model_config = ConfigDict(frozen=True)

    seq: int
    shape_version: int
    settings: str
    objects: dict[Collection, str]
    besides: dict[str, str] = {}
    retention: Retention | None = None

    @model_validator(mode="before")
    @classmethod
    def _part(cls, values: Any) -> Any:
        """Lay the objects of collections that are not known here aside, and take up known ones."""
        if not isinstance(values, dict) or "objects" not in values:
            return values
        named = {**values.get("besides", {}), **values["objects"]}
        known = {name: key for name, key in named.items() if name in set(Collection)}
        rest = {str(name): key for name, key in named.items() if name not in known}
        return values | {"objects": known, "besides": rest}


class Run(BaseModel):
    """The run item (table ``control``); ``config`` is the group as it was when it was accepted.

    ``leg`` numbers the invocations of the present state; ``owner`` and ``lease_until`` say who
    works on it; ``sent_at`` is when a queue had taken its message, or those of its batches, None
    until then. ``cursor`` is the extractor's own; ``bundle`` what it reads, kept to know it again.
    Three kinds of runs fetch nothing: ``decision`` is what a person said of the group's hold;
    ``marked`` plans the deletion of the whole roster (or, with a bundle that somebody brought, says
    that the roster was marked when its turn came); ``restores`` is the run whose ``snapshot`` is
    taken. ``snapshot`` is what a run has left the roster as, ``hold`` what it has left to a person.
    ``supersedes`` names the objects that a committed run has replaced, until its end is
    ``announced``; ``published`` stands where that could not be done at once. ``newer``: a newer
    version has written of it what this one does not understand; it can be shown, and is not worked
    on. Times are aware UTC.
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
        """The names by which messages and stores know this run."""
        return RunKey(self.enterprise, self.group_id, self.seq)

    @property
    def open(self) -> bool:
        """Whether the run is still under way."""
        if self.state is RunState.UNKNOWN:
            return self.finished_at is None
        return self.state in OPEN_STATES

    @property
    def extractor(self) -> SyncType:
        """Who extracts next: a bundle that has come over SFTP takes the zip's way from then on."""
        if self.config.sync_type is SyncType.SFTP and self.bundle and self.bundle.objects:
            return SyncType.ZIP
        return self.config.sync_type
