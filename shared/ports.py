"""What the use cases need of the world. Adapters implement these; tests have in-memory twins."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from shared.domain.access import Access
from shared.domain.bundle import Bundle, BundleObject
from shared.domain.certificate import Certificate, Store, Tally
from shared.domain.change import RosterWrite
from shared.domain.collection import Collection
from shared.domain.connection_test import ConnectionTest, Probe
from shared.domain.cover import Cover, ImageType
from shared.domain.events import Event
from shared.domain.group import Customer, EmailStatus, Group, Period, SecretName, SyncType
from shared.domain.held import HeldRecord
from shared.domain.hold import Hold, HoldDecision
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, RecordId, RunKey, SourcedId
from shared.domain.remote import Listing, RemoteFile
from shared.domain.run import (
    STANDING_MODES,
    Counts,
    Mode,
    Notice,
    Plan,
    Reason,
    Run,
    RunState,
    Snapshot,
    Trigger,
)
from shared.domain.stamp import Stamp
from shared.errors import ConflictError, NotFoundError
from shared.messages import Message


@dataclass(frozen=True)
class Due:
    """The moment at which the clock found a group due, and the next one, if it has one.

    A group that has no ``anchor`` yet gets this one.
    """

    at: datetime
    next_at: datetime | None
    anchor: date


@dataclass(frozen=True)
class RunRequest:
    """What ``accept`` needs to open a run; one that fetches nothing begins with its plan.

    ``due`` is set by the clock alone. The first message of the run waits ``delay_seconds``.
    """

    enterprise: EnterpriseId
    group_id: GroupId
    mode: Mode
    trigger: Trigger
    requested_by: str
    accept_older: bool = False
    decision: HoldDecision | None = None
    marked: bool = False
    restores: int | None = None
    due: Due | None = None
    delay_seconds: int = 0

    @property
    def fetches(self) -> bool:
        """Whether the roster is fetched first."""
        return self.mode not in STANDING_MODES and self.decision is None and not self.marked


def check_decision(decision: HoldDecision | None, hold: Hold | None) -> None:
    """See that what a person decided on is what waits now; every store of runs asks this.

    :raises ConflictError: ``hold_changed``, or ``no_hold`` where nothing waits.
    """
    if decision is None:
        return
    if hold is None:
        raise ConflictError("no_hold", "Nothing of this group waits for a decision.")
    if decision.digest != hold.digest:
        raise ConflictError(
            "hold_changed",
            "What waits has changed since it was shown: look at it again, and decide on that.",
        )


def check_unmark(active_run: int | None, hold: Hold | None) -> None:
    """See that a roster's mark can be taken back just like that; every store of groups asks this.

    :raises ConflictError: ``run_under_way``: that run may be planning what the mark asks for;
        ``mark_waits``: a run has planned it, and it waits for a decision.
    """
    if active_run is not None:
        raise ConflictError(
            "run_under_way",
            f"Run {active_run} is under way, and may be planning the deletion: take the mark back "
            "when it has ended.",
            runId=str(active_run),
        )
    if hold is not None and hold.of_mark:
        raise ConflictError(
            "mark_waits",
            "An update has planned the deletion, and it waits for a decision: reject what waits "
            "(POST …/hold/decisions). That keeps the roster, and takes the mark back.",
        )


@dataclass(frozen=True)
class Drop:
    """A bundle that somebody has put into the group's place in the bucket.

    The object's key and version make it known again. ``supersedes`` are Waiting runs that it makes
    needless.
    """

    enterprise: EnterpriseId
    group_id: GroupId
    mode: Mode
    bundle: Bundle
    supersedes: tuple[int, ...] = ()


@dataclass(frozen=True)
class RosterBase:
    """What a group's roster holds at present: the last snapshot, and what may differ from it.

    ``dirty`` are change files whose changes may or may not have been applied; their records are
    written again by the next run. ``shards`` is None until the first load has fixed it. ``stamp``
    is of the last plan that began to write; None where none has since stamps are kept.
    """

    snapshot: Snapshot | None
    dirty: tuple[str, ...]
    shards: int | None
    hold: Hold | None = None
    stamp: Stamp | None = None


@dataclass(frozen=True)
class PlanResult:
    """What the planner hands over at the step from Planning to Applying (or to the end).

    ``stamp`` is what group and roster table are to say from then on; ``seen`` what the table was
    seen to say.
    """

    counts: Counts
    notices: tuple[Notice, ...]
    plan: Plan
    stamp: Stamp | None = None
    seen: Stamp | None = None


@dataclass(frozen=True)
class Unapplied:
    """A change that could not be applied, by its record, and why."""

    collection: Collection
    id: RecordId
    code: str


@dataclass(frozen=True)
class Commit:
    """How a run ends that moves the snapshot.

    ``owner`` is given when the planner itself closes a run without changes. ``dirty`` replaces the
    group's: the change files whose records are still uncertain. ``supersedes`` are the objects that
    are no longer needed then. ``hold`` replaces the group's; ``unmark`` takes its mark away,
    ``distrust`` its stamp, so that the next plan looks at the roster's table itself.
    """

    state: RunState
    snapshot: Snapshot
    shards: int
    dirty: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    counts: Counts | None = None
    notices: tuple[Notice, ...] = ()
    reason: Reason | None = None
    owner: str | None = None
    hold: Hold | None = None
    unmark: bool = False
    distrust: bool = False


class Runs(Protocol):
    """The runs of groups, and the lock that lets a group have one at a time."""

    def accept(self, request: RunRequest, now: datetime) -> Run:
        """Open a run: takes the group's lock and its next number, copies its configuration.

        :raises ConflictError: ``run_under_way`` with the run's id in ``extra["runId"]``.
        :raises NotFoundError: no such group in this enterprise, or it is being deleted.
        :raises ConflictError: besides, ``hold_changed``: what is decided on is not what waits.
        :raises NotDueError: the clock has started or skipped this run already.
        """
        ...

    def skip(self, request: RunRequest, reason: Reason, now: datetime) -> Run:
        """Note that a run of the clock does not begin: it ends as Cancelled at once.

        :raises NotDueError: the clock has started or skipped this run already.
        :raises NotFoundError: no such group in this enterprise, or it is being deleted.
        """
        ...

    def get(self, key: RunKey) -> Run | None:
        """Read one run, consistently."""
        ...

    def history(self, group_id: GroupId, limit: int, before: int | None) -> Sequence[Run]:
        """Page through a group's runs, newest first, those numbered below ``before``."""
        ...

    def overdue(self, now: datetime) -> Iterator[RunKey]:
        """Find the runs whose time is up, open or unannounced, those first that are longest due."""
        ...

    def sent(self, run: Run, now: datetime) -> None:
        """Note that a queue has taken the message of the leg that ``run`` has come to.

        Does nothing where the run has gone on since.
        """
        ...


class Drops(Protocol):
    """The bundles that were dropped while a run was under way: each waits as a run of its own."""

    def take(self, drop: Drop, now: datetime) -> Run:
        """Open a Waiting run for a drop; the same drop again is the same run.

        Waiting runs of the group that ``drop.supersedes`` names end as Superseded.

        :raises NotFoundError: no such group, or it is being deleted.
        :raises TryLaterError: too many drops wait already.
        """
        ...

    def waiting(self, enterprise: EnterpriseId, group_id: GroupId) -> Sequence[Run]:
        """List the group's Waiting runs, oldest first."""
        ...

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Run | None:
        """Accept the group's oldest Waiting run, unless a run is under way.

        None if there is none to begin; those that go on waiting are looked after again later.
        """
        ...


class Legs(Protocol):
    """The work on one run, leg by leg. Every write is conditional on state and owner."""

    def claim(
        self, key: RunKey, states: frozenset[RunState], leg: int, owner: str, now: datetime
    ) -> Run | None:
        """Take leg ``leg``; the state becomes Extracting or Planning as the leg's own.

        Returns None if the run is not there, not in ``states``, at another leg, or somebody else
        holds an unexpired lease: the message is then acknowledged and forgotten.
        """
        ...

    def beat(self, key: RunKey, owner: str, now: datetime, progress: dict[str, Any]) -> None:
        """Renew the lease and show progress.

        :raises StoppedError: the run is no longer this owner's.
        """
        ...

    def hand_on(
        self,
        key: RunKey,
        owner: str,
        now: datetime,
        *,
        state: RunState,
        cursor: dict[str, Any] | None,
        progress: dict[str, Any],
        delay_seconds: int = 0,
        bundle: Bundle | None = None,
    ) -> int:
        """End this leg: store the cursor, give up the lease, return the number of the next leg.

        ``state`` is that of the next leg (Extracting goes on, or Planning begins);
        ``delay_seconds`` how long its message will be held back; ``bundle``, if given, is what has
        become known of the run's bundle.

        :raises StoppedError: the run is no longer this owner's.
        """
        ...

    def resend(self, run: Run, now: datetime, delay_seconds: int = 0) -> None:
        """Count that the run's message is about to be sent again, held back so long.

        :raises StoppedError: the run is not as it was seen any more, or was looked after already.
        """
        ...

    def put_off(self, run: Run, now: datetime) -> None:
        """Look after this run again later; does nothing where something has been heard of it."""
        ...

    def close(
        self,
        key: RunKey,
        now: datetime,
        state: RunState,
        reason: Reason | None,
        owner: str | None = None,
        *,
        bundle: Bundle | None = None,
        notices: tuple[Notice, ...] = (),
        counts: Counts | None = None,
    ) -> bool:
        """End an open run without moving the snapshot; frees the group. ``dirty`` stays.

        False if the run had already ended, or belongs to a living owner other than ``owner``.
        """
        ...

    def recorded(self, key: RunKey) -> bool:
        """Note that the run's end stands in the log; False if it was noted before."""
        ...

    def published(self, key: RunKey) -> None:
        """Note that the run's end has been published, while something else is still to be done."""
        ...

    def announced(self, key: RunKey) -> None:
        """Note that all that follows a run's end has been done."""
        ...

    def learn(self, key: RunKey, facts: dict[str, str]) -> None:
        """Remember at the group what was found out about its source (signature method, …).

        Does nothing if the run is no longer the group's.
        """
        ...


class Batches(Protocol):
    """The open batches of a planned run, as sets, and the commit that follows the last one."""

    def base(self, key: RunKey) -> RosterBase:
        """Read what the group's roster holds, consistently."""
        ...

    def open(self, key: RunKey, plan: Plan, now: datetime) -> None:
        """Write down which batches will be open (before ``planned``)."""
        ...

    def planned(self, key: RunKey, owner: str, now: datetime, result: PlanResult) -> None:
        """Take the run from Planning to Applying and its change file into the group's ``dirty``.

        The stamp changes in both tables at once. A group whose run numbers lie below it goes on
        counting from there.

        :raises StoppedError: the run is no longer this owner's, or the roster's table does not say
            any more what it was seen to say.
        """
        ...

    def touch(self, key: RunKey, now: datetime) -> Run | None:
        """Say that this run is being applied; None if it is not Applying (any more)."""
        ...

    def still_open(self, key: RunKey, plan: Plan) -> Sequence[int]:
        """List the batches that have not been finished."""
        ...

    def finish(self, key: RunKey, plan: Plan, batch: int) -> bool:
        """Strike out one batch; True once none is left open."""
        ...

    def note_unapplied(
        self, key: RunKey, batch: int, changes: Sequence[Unapplied], now: datetime
    ) -> None:
        """Remember changes that could not be applied, for the commit and for the next run."""
        ...

    def unapplied(self, key: RunKey) -> Sequence[Unapplied]:
        """List the changes that could not be applied."""
        ...

    def commit(self, key: RunKey, now: datetime, commit: Commit) -> None:
        """Close the run and move the group's pointer, in one transaction.

        :raises StoppedError: the run had already ended.
        """
        ...


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
        has not seen all that the table has. A user whose login name belongs to another user is
        written without it, and refused with ``login_name_taken``.
        """
        ...


class RosterHoldings(Protocol):
    """What the roster's table itself says of a group, whatever the records of runs say."""

    def stamp(self, group_id: GroupId) -> Stamp | None:
        """Read by which plan the table says that it was last written, consistently."""
        ...

    def records(self, group_id: GroupId, shards: int | None, now: datetime) -> Iterator[HeldRecord]:
        """Read every record of a group, also those that have left and are kept still.

        Without ``shards`` every partition that the group could have is looked into.
        """
        ...


class Objects(Protocol):
    """The data bucket."""

    def put(self, key: str, body: bytes, tags: dict[str, str] | None = None) -> None:
        """Store a small object."""
        ...

    def has(self, key: str) -> bool:
        """Tell whether there is such an object."""
        ...

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object or a range of it.

        :raises MissingObjectError: there is no such object.
        """
        ...

    def upload(self, key: str, path: Path, tags: dict[str, str] | None = None) -> None:
        """Store a file."""
        ...

    def download(self, key: str, path: Path) -> None:
        """Fetch an object into a file.

        :raises MissingObjectError: there is no such object.
        """
        ...

    def download_past(self, key: str, path: Path) -> None:
        """Fetch an object that may have been superseded or deleted, as long as it is kept.

        :raises MissingObjectError: there is no such object, or it is kept no longer.
        """
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """List the keys of the objects under a prefix."""
        ...

    def tag(self, keys: Iterable[str], tags: dict[str, str], *, required: bool = False) -> None:
        """Replace the tags of objects; those that are gone are passed over.

        :raises MissingObjectError: one is gone, and they are ``required``.
        """
        ...

    def open(self, place: BundleObject) -> BinaryIO:
        """Open an object for reading by ranges, in the version that ``place`` names.

        :raises MissingObjectError: there is no such object.
        """
        ...


@dataclass(frozen=True)
class Page:
    """One page of a collection: its entities as JSON, and the total if the source says it."""

    entities: Sequence[dict[str, Any]]
    total: int | None


class Source(Protocol):
    """A OneRoster REST source."""

    def page(self, collection: Collection, *, offset: int, limit: int, in_order: bool) -> Page:
        """Read one page; ``in_order`` asks for the order of sourcedId. Safe to call from threads.

        :raises GiveUpError: nothing that a retry could change.
        :raises SourceBusyError: a passing fault.
        :raises ParameterRefusedError: the source does not accept the request as it is.
        """
        ...

    def has(self, collection: Collection, sourced_id: str) -> bool:
        """Ask for one record by itself: False if it is not there, or said to be deleted.

        Raises as ``page`` does. Safe to call from threads.
        """
        ...

    def learned(self) -> dict[str, str]:
        """What was found out about the source, to be remembered for the next run."""
        ...


class RemoteReader(Protocol):
    """An open file on a server."""

    def read(self, start: int, length: int) -> bytes:
        """Read ``length`` bytes from ``start``; fewer only at the file's end.

        :raises SourceBusyError: the server stopped answering.
        """
        ...


class FileServer(Protocol):
    """A file server that has let us in."""

    def look(self, path: str) -> Listing:
        """Look at a file, or at a folder and what lies in it.

        :raises GiveUpError: there is nothing, or nothing that we may read.
        :raises SourceBusyError: the server stopped answering.
        """
        ...

    def open(self, file: RemoteFile) -> AbstractContextManager[RemoteReader]:
        """Open a file for reading; raises as ``look`` does."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Uploads(Protocol):
    """Objects that are written part by part, over several invocations."""

    def begin(self, key: str) -> str:
        """Begin an object; returns the id of its upload."""
        ...

    def part(self, key: str, upload_id: str, number: int, body: bytes) -> str:
        """Write part ``number``, counted from 1; returns its tag. All but the last have 5 MB."""
        ...

    def complete(self, key: str, upload_id: str, tags: Sequence[str]) -> str | None:
        """Make the object of its parts; returns its version."""
        ...

    def abort(self, key: str, upload_id: str) -> None:
        """Give an upload up; one that is gone is passed over."""
        ...


class Queue(Protocol):
    """One queue of messages of one kind."""

    def send(self, messages: Iterable[Message], *, delay_seconds: int = 0) -> None:
        """Send messages, fairly queued by group."""
        ...

    def empty(self) -> bool:
        """Whether nothing is in it: nothing waits, nothing is held back, nothing is worked on.

        It may be wrong about what was sent within the last minute.
        """
        ...


class WorkQueue(StrEnum):
    """The queues through which runs go."""

    EXTRACT_API = "extractApi"
    EXTRACT_SFTP = "extractSftp"
    EXTRACT_ZIP = "extractZip"
    PLAN = "plan"
    UPSERT = "upsert"
    DELETE = "delete"


class QueueWatch(Protocol):
    """When each queue was last seen empty: what was sent before that is in it no more."""

    def emptied(self) -> Mapping[WorkQueue, datetime]:
        """Read it; a queue that was never seen empty is missing."""
        ...

    def saw_empty(self, queues: Iterable[WorkQueue], now: datetime) -> None:
        """Write down that these are empty now."""
        ...


ExtractQueues = Mapping[SyncType, Queue]
"""The queue of each extractor, see ``Run.extractor``."""


class ExportRequests(Protocol):
    """Which exports have been asked for."""

    def first(self, group_id: GroupId, seq: int, now: datetime) -> bool:
        """Note that the export of run ``seq`` is asked for; True for the first in 15 minutes."""
        ...


class Secrets(Protocol):
    """Encrypts and decrypts a group's secrets, bound to the group by encryption context."""

    def encrypt(self, group_id: GroupId, name: SecretName, secret: str) -> str:
        """Encrypt one secret; the answer is base64."""
        ...

    def decrypt(self, group_id: GroupId, name: SecretName, ciphertext: str) -> str:
        """Decrypt what ``encrypt`` gave for the same group and name."""
        ...


class Announcements(Protocol):
    """The event bus."""

    def publish(self, *events: Event) -> None:
        """Publish events; all of them again if some were not taken.

        :raises TryLaterError: the bus did not take them.
        """
        ...


class RunLog(Protocol):
    """What an operator sees: the log and the metrics."""

    def ended(self, run: Run) -> None:
        """Write the end of a run down in one line, by ids, codes and numbers, and measure it."""
        ...


class Mailing(Protocol):
    """E-mail to the addresses of groups."""

    def subscribe(self, group_id: GroupId, email: str) -> None:
        """Let mails of the group go to this address, and to no other; it must agree first.

        :raises MailRefusedError: the address is not taken, whenever one tries.
        """
        ...

    def status(self, group_id: GroupId, email: str) -> EmailStatus:
        """Tell whether the address has agreed, or has been asked at all."""
        ...

    def send(self, group_id: GroupId, email: str, subject: str, text: str) -> None:
        """Send a mail to the group's address, if it has agreed.

        :raises MailRefusedError: as ``subscribe``, where the address was not asked before.
        """
        ...


class KnownGroups(Protocol):
    """Which groups an enterprise has or had: those included that are being deleted, or are gone."""

    def known(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """See that the enterprise has or had this group, for what outlives it: runs and accesses.

        :raises NotFoundError: there is no such group in this enterprise, and none was deleted.
        """
        ...


class Groups(KnownGroups, Protocol):
    """The groups of enterprises, with what the database keeps unique about them."""

    def create(self, group: Group) -> None:
        """Store a new group, its names and its hold on customers, all or nothing.

        :raises ConflictError: a name, client group id or customer is taken; names the field.
        """
        ...

    def get(self, enterprise: EnterpriseId, group_id: GroupId, *, deleting: bool = False) -> Group:
        """Read one group, consistently; one that is being deleted only for who says so.

        :raises NotFoundError: no such group in this enterprise.
        """
        ...

    def enterprise_of(self, group_id: GroupId) -> EnterpriseId | None:
        """Tell whose group it is, for what names a group alone: a drop in the bucket."""
        ...

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None
    ) -> tuple[Sequence[Group], GroupId | None]:
        """Page through an enterprise's groups; the second value goes on where the page ends."""
        ...

    def change(self, old: Group, new: Group) -> None:
        """Replace ``old`` by ``new``, if it is still as it was read.

        Where a roster is kept by another retention from now on, the clock is told (``DueGroups``).

        :raises ConflictError: as for ``create``, or ``version_conflict``.
        """
        ...

    def set_cover(
        self, enterprise: EnterpriseId, group_id: GroupId, old: Cover, new: Cover
    ) -> Cover:
        """Replace what a group has for a cover image, if it is still as it was read.

        Returns what the group has then.

        :raises TryLaterError: it is not, or the group is being deleted.
        """
        ...

    def mark(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> None:
        """Mark a group's roster for deletion; a group marked already stays so.

        :raises NotFoundError: no such group in this enterprise.
        """
        ...

    def unmark(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """Take the mark of a group's roster back; a group that is not marked stays so.

        :raises NotFoundError: no such group in this enterprise.
        :raises ConflictError: see ``check_unmark``.
        :raises TryLaterError: a run began at the same moment.
        """
        ...

    def delete(self, group: Group, certificate: Certificate) -> None:
        """Delete a group that is untouched, and certify it; frees names and customers.

        :raises ConflictError: ``version_conflict``, also where it is untouched no more.
        """
        ...


class DueGroups(Protocol):
    """The groups whose time has come, by an index; it may lag, and what the group says decides."""

    def due(
        self, period: Period, tick: datetime
    ) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups of ``period`` that are due at ``tick``."""
        ...

    def new_retentions(self, tick: datetime) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups whose ``Groups.change`` has changed their retention.

        Each stays among them until ``retention_kept``.
        """
        ...

    def retention_kept(self, enterprise: EnterpriseId, group_id: GroupId, version: int) -> None:
        """Note that a run has begun that keeps the retention of the group's ``version``.

        One that was changed again since then stays to be kept.
        """
        ...


class Deletions(Protocol):
    """Groups that are being deleted with all that they have."""

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, person: str, now: datetime) -> Run:
        """Open the run that deletes a group; its other runs end as Superseded.

        From then on the group takes no request, run or drop. A deletion under way is given back;
        one that was given up goes on in a new run, with what it had counted.

        :raises NotFoundError: no such group in this enterprise.
        """
        ...

    def finish(self, key: RunKey, owner: str, group: Group, certificate: Certificate) -> None:
        """End the run, delete the group itself and certify it; frees names and customers.

        :raises StoppedError: the run is no longer this owner's.
        """
        ...


@dataclass(frozen=True)
class Found:
    """A page of what is to be deleted: how much of each kind, and where it ends."""

    tally: Tally
    position: str


class Remains(Protocol):
    """One store of what a group that is being deleted has left."""

    @property
    def store(self) -> Store:
        """Which store it is."""
        ...

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[Found]:
        """Delete page by page; yields each page *before* it is deleted, so that it can be noted.

        It may be given up at any page and be begun anew: what is gone is gone. ``counted`` is the
        position of a page that was noted and perhaps not deleted: it is not counted again.
        """
        ...


class Certificates(Protocol):
    """What is left of groups that were deleted."""

    def get(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Certificate:
        """Read the certificate of a group's deletion.

        :raises NotFoundError: the enterprise had no such group, its deletion has not ended, or the
            certificate was kept for as long as it is.
        """
        ...

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None, now: datetime
    ) -> tuple[Sequence[Certificate], GroupId | None]:
        """Page through an enterprise's certificates; a page may be short before the end."""
        ...


class ConnectionTests(Protocol):
    """Tests of groups' connections, and what they found."""

    def begin(self, test: ConnectionTest) -> None:
        """Write down that a test is under way."""
        ...

    def get(
        self, enterprise: EnterpriseId, group_id: GroupId, test_id: str, now: datetime
    ) -> ConnectionTest | None:
        """Read a test; None if it is not there, has expired, or is another enterprise's."""
        ...

    def finish(self, test: ConnectionTest, probes: tuple[Probe, ...], now: datetime) -> None:
        """Write down what was found."""
        ...


class Customers(Protocol):
    """The customers of enterprises."""

    def create(self, customer: Customer) -> None:
        """Store a new customer.

        :raises ConflictError: the id is taken.
        """
        ...

    def find(
        self, enterprise: EnterpriseId, customer_ids: Sequence[CustomerId]
    ) -> dict[CustomerId, Customer]:
        """Read some customers; those that do not exist are left out."""
        ...

    def list(
        self, enterprise: EnterpriseId, limit: int, after: CustomerId | None
    ) -> tuple[Sequence[Customer], CustomerId | None]:
        """Page through an enterprise's customers."""
        ...

    def change(
        self,
        enterprise: EnterpriseId,
        customer_id: CustomerId,
        name: str | None,
        org: tuple[SourcedId | None] | None,
    ) -> Customer:
        """Give a customer another name, or another org; None leaves either as it is.

        :raises NotFoundError: no such customer in this enterprise.
        :raises ConflictError: ``customer_in_group``, where the org would change: the group's runs
            know it by the one that it had.
        """
        ...

    def delete(self, enterprise: EnterpriseId, customer_id: CustomerId) -> None:
        """Delete a customer.

        :raises NotFoundError: no such customer in this enterprise, or not any more.
        :raises ConflictError: ``customer_in_group``.
        """
        ...


def customer_in_group() -> ConflictError:
    """What is said of a customer that a group has; every store of customers says it."""
    return ConflictError(
        "customer_in_group",
        "The customer is in a group: take it out of the group first, by a change of its customers.",
    )


def no_customer() -> NotFoundError:
    """What is said of a customer that is not there, or is another enterprise's."""
    return NotFoundError("customer_not_found", "There is no such customer.")


@dataclass(frozen=True)
class UploadAddress:
    """Where to send a file: a form of ``fields`` and the file, by POST, to ``url``."""

    url: str
    fields: dict[str, str]
    expires_in: int
    max_bytes: int


class SeenImage(NamedTuple):
    """What was uploaded for an image: its first bytes, and which version of the object it is."""

    head: bytes
    version: str | None


class CoverImages(Protocol):
    """Where cover images lie."""

    def upload_address(self, key: str, image: ImageType) -> dict[str, Any]:
        """Make an address to upload one image to: ``url``, and the ``fields`` of its form."""
        ...

    def look(self, key: str) -> SeenImage | None:
        """Look at what was uploaded; None if nothing was."""
        ...

    def remove(self, key: str) -> None:
        """Delete an image; one that is not there stays so."""
        ...

    def address(self, cover: Cover) -> str:
        """Make an address at which an image can be seen by whoever has it, or the default."""
        ...


class Accesses(Protocol):
    """Who has read about the people of a group."""

    def record(self, group_id: GroupId, access: Access) -> None:
        """Write an access down. Whoever cannot must not show what was read: the error goes up."""
        ...

    def of(
        self, group_id: GroupId, after: str | None, most: int, now: datetime
    ) -> tuple[Sequence[Access], str | None]:
        """Page through a group's accesses, newest first; the second value goes on from there."""
        ...
