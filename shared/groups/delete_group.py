"""Deletes a group with all that it has: in a run of its own, in the background, in two sweeps.

Workers of the run that the deletion has stopped may write on for as long as an invocation lives.
So what is left is swept, and swept again when none of them can be alive any more; only then are the
group's names and customers free.

What is deleted is counted, store by store and kind by kind, for the certificate that is left of the
group. Each page is noted in the run before it is deleted, with its place: whoever goes on after a
worker that died there neither counts it twice nor forgets it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from shared.domain import timers
from shared.domain.errors import ConflictError, NotFoundError, StoppedError
from shared.domain.group.choices import SyncType
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.deletion_certificate import Store, Tally, added, certify
from shared.domain.run.results import NextLeg
from shared.domain.run.run import Mode, Run, RunState
from shared.messages import DeleteGroup
from shared.ports.bucket import Objects
from shared.ports.deletion import Deletions, Found, Remains
from shared.ports.groups import Groups
from shared.ports.messaging import Announcements, Queue
from shared.ports.runs import Legs, RunLog, Runs
from shared.sync.close.finish_run import announce
from shared.sync.request.send_work import at_leg, send_deletion

SECOND_SWEEP_SECONDS = 900
"""How long an invocation can live (AWS Lambda quotas), and how long SQS can hold a message back."""
_STATES = frozenset({RunState.ACCEPTED, RunState.APPLYING})


@dataclass(frozen=True)
class RequestDeletionPorts:
    """What the request to delete a group needs of the world; ``remains`` are an untouched group's.

    A backup of the tables may hold what was in them for ``backup_days`` more.
    """

    groups: Groups
    runs: Runs
    deletions: Deletions
    remains: Sequence[Remains]
    delete_queue: Queue
    backup_days: int


@dataclass(frozen=True)
class DeletePorts:
    """What the deletion of a group needs of the world; ``leg`` is how long one goes on.

    ``beat`` is a third of the lease. A backup of the tables may hold what was in them for
    ``backup_days`` more.
    """

    groups: Groups
    runs: Runs
    legs: Legs
    deletions: Deletions
    remains: Sequence[Remains]
    objects: Objects
    announcements: Announcements
    run_log: RunLog
    delete_queue: Queue
    clock: Callable[[], datetime]
    leg: timedelta
    backup_days: int
    beat: timedelta = timers.LEASE / timers.BEATS_PER_LEASE
    second_sweep_seconds: int = SECOND_SWEEP_SECONDS


def request_deletion(
    enterprise: EnterpriseId,
    group_id: GroupId,
    confirmed_name: str,
    person: str,
    ports: RequestDeletionPorts,
    now: datetime,
) -> Run | None:
    """Delete a group, once its name has been confirmed.

    Returns the run that does it, or None where there was nothing but the group itself, which is
    gone then. Asked again while that run is under way, it is the same run.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: ``name_not_confirmed``, or ``version_conflict``: a run began meanwhile.
    """
    group = ports.groups.get(enterprise, group_id, deleting=True)
    if confirmed_name != group.config.name:
        raise ConflictError(
            "name_not_confirmed",
            "To delete the group, repeat its exact name in the query: ?name=…",
            field="name",
        )
    # A bundle may be on its way to a zip group: an address to upload one to leaves no trace.
    at_once = group.untouched and group.config.sync_type is not SyncType.ZIP
    if at_once and group.deleting_since is None:
        _delete_untouched(group, person, ports, now)
        return None
    run = ports.deletions.begin(enterprise, group_id, person, now)
    if run.sent_at is None and run.owner is None:
        send_deletion(run, ports.delete_queue, ports.runs, now)
    return run


def _delete_untouched(
    group: Group, person: str, ports: RequestDeletionPorts, now: datetime
) -> None:
    """Delete a group of which there is nothing but itself, and what an address was asked by."""
    tally: Tally = {}
    for remains in ports.remains:
        for found in remains.sweep(group.enterprise, group.group_id, None):
            tally = added(tally, found.tally)
    certificate = certify(
        group,
        tally,
        requested_by=person,
        requested_at=now,
        deleted_at=now,
        run_seq=None,
        backup_days=ports.backup_days,
    )
    ports.groups.delete(group, certificate)


def delete_leg(message: DeleteGroup, ports: DeletePorts, owner: str) -> None:
    """Sweep for one leg: go on in the next, wait for the second sweep, or end.

    Only a run that is a deletion deletes: where the records of runs went back to an earlier moment,
    the number of a deletion may mean another run.
    """
    asked = ports.runs.get(message.key)
    if asked is None or asked.mode is not Mode.DELETE:
        return
    run = ports.legs.claim(message.key, _STATES, message.leg, owner, ports.clock())
    if run is None:
        return
    try:
        _sweep(run, ports, owner)
    except StoppedError:
        return


class _Counting(BaseModel):
    """What a deletion has deleted so far, as it stands in the run's progress.

    ``counted`` is the place of the last page of each store that was noted and is perhaps not
    deleted yet: whoever goes on deletes it, and does not count it again.
    """

    deleted: int = 0
    erased: dict[str, int] = Field(default_factory=dict)
    counted: dict[Store, str] = Field(default_factory=dict)

    def with_page(self, store: Store, found: Found) -> "_Counting":
        """The same with one more page; an empty one leaves nothing to note."""
        if not found.tally:
            return self
        return _Counting(
            deleted=self.deleted + sum(found.tally.values()),
            erased=added(self.erased, found.tally),
            counted=self.counted | {store: found.position},
        )

    def without(self, store: Store) -> "_Counting":
        """The same once the page of a store that was noted has been deleted."""
        left = {each: place for each, place in self.counted.items() if each is not store}
        return self.model_copy(update={"counted": left})

    @property
    def progress(self) -> dict[str, object]:
        """The run's progress."""
        return {"stage": "deleting", **self.model_dump(mode="json")}


def _sweep(run: Run, ports: DeletePorts, owner: str) -> None:
    second = bool((run.cursor or {}).get("second"))
    counting = _Counting.model_validate(run.progress)
    began = beaten = ports.clock()
    for remains in ports.remains:
        store = remains.store
        deleted: str | None = None
        for found in remains.sweep(run.enterprise, run.group_id, counting.counted.get(store)):
            now = ports.clock()
            if deleted is not None and counting.counted.get(store) == deleted:
                counting = counting.without(store)
            if now - began >= ports.leg:
                _hand_on(run, ports, owner, counting, second=second)
                return
            counting = counting.with_page(store, found)
            # The page is deleted when the next one is asked for.
            deleted = found.position
            if found.tally or now - beaten >= ports.beat:
                beaten = now
                ports.legs.beat(run.key, owner, now, counting.progress)
        counting = counting.without(store)
    if not second:
        wait = ports.second_sweep_seconds
        _hand_on(run, ports, owner, counting, second=True, delay_seconds=wait)
        return
    ports.legs.beat(run.key, owner, ports.clock(), counting.progress)
    _finish(run, ports, owner, counting)
    announce(run.key, ports.runs, ports.legs, ports)


def _finish(run: Run, ports: DeletePorts, owner: str, counting: _Counting) -> None:
    try:
        group = ports.groups.get(run.enterprise, run.group_id, deleting=True)
    except NotFoundError as error:
        raise StoppedError from error  # another has ended it
    certificate = certify(
        group,
        counting.erased,
        requested_by=run.requested_by,
        requested_at=group.deleting_since or run.created_at,
        deleted_at=ports.clock(),
        run_seq=run.seq,
        backup_days=ports.backup_days,
    )
    ports.deletions.finish(run.key, owner, group, certificate)


def _hand_on(
    run: Run,
    ports: DeletePorts,
    owner: str,
    counting: _Counting,
    *,
    second: bool,
    delay_seconds: int = 0,
) -> None:
    now = ports.clock()
    leg = ports.legs.hand_on(
        run.key,
        owner,
        now,
        NextLeg(
            RunState.APPLYING,
            cursor={"second": second},
            progress=counting.progress,
            delay_seconds=delay_seconds,
        ),
    )
    run = at_leg(run, RunState.APPLYING, leg)
    send_deletion(run, ports.delete_queue, ports.runs, now, delay_seconds)
