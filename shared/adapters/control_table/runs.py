"""The runs of groups in the ``control`` table: the lock, the legs, the leases.

Every write is conditional on the state it assumes, so that a duplicate, a zombie or a late message
changes nothing. Times in conditions are whole seconds since the epoch.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from shared.adapters.control_table.accept_run import accept, skip
from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.end_run import end_run, last_ended
from shared.adapters.control_table.keys import (
    IS_THERE,
    OPEN_RUNS,
    PK,
    RUNS,
    SK,
    group_key,
    group_partition,
    run_key,
    run_of_key,
    run_sort_key,
)
from shared.adapters.control_table.run_item import OPEN_SHARDS, from_item, structure
from shared.adapters.dynamodb.actions import update
from shared.adapters.dynamodb.expressions import IfUnset, Plus
from shared.adapters.dynamodb.reads import get, query
from shared.adapters.dynamodb.values import Attributes, Item, as_json, seconds, unmarshal
from shared.adapters.dynamodb.writes import WriteRefusedError, transact, try_write, write_item
from shared.domain import timers
from shared.domain.errors import StoppedError
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.requests import RunRequest
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import OPEN_STATES, Reason, Run, RunState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRuns:
    """``Runs`` and ``Legs`` over DynamoDB.

    ``lease`` is how long an owner may be silent; ``resend_after`` how soon a run is looked at that
    nobody works on. Once its message had to be sent again, the next look is four times as far off,
    each time: from five minutes, the fifth has had its time after 28 hours.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        lease: timedelta = timers.LEASE,
        resend_after: timedelta = timers.RESEND_AFTER,
    ) -> None:
        self._client = client
        self._table = table
        self._lease = lease
        self._resend_after = resend_after

    # Runs

    def accept(self, request: RunRequest, now: datetime) -> Run:
        """Open a run; see ``ports.Runs.accept``."""
        return accept(self._client, self._table, request, now, self._resend_after)

    def skip(self, request: RunRequest, reason: Reason, now: datetime) -> Run:
        """Note that a run does not begin; see ``ports.Runs.skip``."""
        return skip(self._client, self._table, request, reason, now)

    def get(self, key: RunKey) -> Run | None:
        """Read one run, consistently."""
        item = get(self._client, self._table, run_key(key))
        if item is None or item[RunItem.ENTERPRISE] != key.enterprise:
            return None
        return from_item(item)

    def history(self, group_id: GroupId, limit: int, before: int | None) -> Sequence[Run]:
        """Page through a group's runs, newest first."""
        high = f"{RUNS}~" if before is None else run_sort_key(before - 1)
        runs = Key(PK).eq(group_partition(group_id)) & Key(SK).between(RUNS, high)
        answer = self._client.query(**query(self._table, runs, limit=limit, newest_first=True))
        return [from_item(unmarshal(item)) for item in answer["Items"]]

    def overdue(self, now: datetime) -> Iterator[RunKey]:
        """Find the open or unannounced runs whose time is up, from the sparse index."""
        shards = (self._overdue(str(shard), now) for shard in range(OPEN_SHARDS))
        for item in merge(*shards, key=itemgetter(RunItem.OPEN_UNTIL)):
            yield RunKey(EnterpriseId(item[RunItem.ENTERPRISE]), *run_of_key(item))

    def _overdue(self, shard: str, now: datetime) -> Iterator[Item]:
        """One partition of the index, in the order of its sort key."""
        due = Key(RunItem.OPEN_SHARD).eq(shard) & Key(RunItem.OPEN_UNTIL).lt(seconds(now))
        pages = self._client.get_paginator("query").paginate(
            **query(self._table, due, index=OPEN_RUNS)
        )
        for page in pages:
            yield from map(unmarshal, page["Items"])

    def sent(self, run: Run, now: datetime) -> None:
        """Note that a message was taken by its queue; see ``ports.Runs.sent``."""
        self._if_still(run, {RunItem.SENT_AT: seconds(now)}, Attr(RunItem.LEG).eq(run.leg))

    # Legs

    def claim(
        self, key: RunKey, states: frozenset[RunState], leg: int, owner: str, now: datetime
    ) -> Run | None:
        """Take a leg; see ``ports.Legs.claim``."""
        until = seconds(now + self._lease)
        claim = update(
            self._table,
            run_key(key),
            {
                RunItem.OWNER: owner,
                RunItem.LEASE_UNTIL: until,
                RunItem.OPEN_UNTIL: until,
                RunItem.STATE: _working(states),
                RunItem.STARTED_AT: IfUnset(now.isoformat()),
            },
            condition=Attr(RunItem.ENTERPRISE).eq(key.enterprise)
            & Attr(RunItem.LEG).eq(leg)
            & _in(states)
            & Attr(RunItem.CREATED_AT).gt((now - timers.RUN_DEADLINE).isoformat())
            & _free_for(owner, now),
        )
        try:
            return from_item(write_item(self._client, claim, read_back=True))
        except WriteRefusedError:
            return None

    def beat(self, key: RunKey, owner: str, now: datetime, progress: dict[str, Any]) -> None:
        """Renew the lease and show progress."""
        until = seconds(now + self._lease)
        self._mine(
            key,
            owner,
            {
                RunItem.LEASE_UNTIL: until,
                RunItem.OPEN_UNTIL: until,
                RunItem.PROGRESS: as_json(progress),
            },
        )

    def hand_on(self, key: RunKey, owner: str, now: datetime, step: NextLeg) -> int:
        """End this leg; see ``ports.Legs.hand_on``."""
        until = now + self._resend_after + timedelta(seconds=step.delay_seconds)
        run = self._mine(
            key,
            owner,
            {
                RunItem.STATE: step.state,
                RunItem.LEG: Plus(1),
                RunItem.CURSOR: as_json(step.cursor),
                RunItem.PROGRESS: as_json(step.progress),
                RunItem.OPEN_UNTIL: seconds(until),
                RunItem.RESENDS: 0,
                RunItem.BUNDLE: structure(step.bundle) if step.bundle else None,
            },
            removes=(RunItem.OWNER, RunItem.LEASE_UNTIL, RunItem.SENT_AT),
        )
        return from_item(run).leg

    def resend(self, run: Run, now: datetime, delay_seconds: int = 0) -> None:
        """Count that the run's message is about to be sent again; see ``ports.Legs.resend``."""
        until = now + timedelta(seconds=delay_seconds)
        until += timers.wait_after(run.resends, self._resend_after)
        counted = self._if_still(
            run,
            {RunItem.RESENDS: Plus(1), RunItem.OPEN_UNTIL: seconds(until)},
            Attr(RunItem.RESENDS).eq(run.resends) & Attr(RunItem.OPEN_UNTIL).lt(seconds(now)),
            removes=(RunItem.SENT_AT,),
        )
        if not counted:
            raise StoppedError

    def put_off(self, run: Run, now: datetime) -> None:
        """Look after this run again later; see ``ports.Legs.put_off``."""
        self._if_still(
            run,
            {RunItem.OPEN_UNTIL: seconds(now + self._resend_after)},
            Attr(RunItem.OPEN_SHARD).exists() & Attr(RunItem.OPEN_UNTIL).lt(seconds(now)),
        )

    def _if_still(
        self,
        run: Run,
        sets: Attributes,
        condition: ConditionBase,
        *,
        removes: Sequence[RunItem] = (),
    ) -> bool:
        """Update a run that is in the state in which it was seen; False if it is not."""
        # A state that this version does not know is stored in the word of a newer one.
        unknown = run.state is RunState.UNKNOWN
        still = ~_in(frozenset(RunState)) if unknown else Attr(RunItem.STATE).eq(run.state)
        action = update(
            self._table, run_key(run.key), sets, removes=removes, condition=still & condition
        )
        return try_write(self._client, action)

    def close(self, key: RunKey, now: datetime, end: RunEnd, owner: str | None = None) -> bool:
        """End an open run without moving the snapshot; see ``ports.Legs.close``."""
        run = self.get(key)
        if run is None or not run.open:
            return False
        known = {
            RunItem.REASON: end.reason,
            RunItem.BUNDLE: end.bundle,
            RunItem.NOTICES: end.notices,
            RunItem.COUNTS: end.counts,
        }
        close = end_run(
            self._table,
            key,
            end.state,
            now,
            _in(OPEN_STATES) & _free_for(owner or "-", now),
            facts={name: structure(value) for name, value in known.items() if value},
            config=run.config,
        )
        release = update(
            self._table,
            group_key(key.enterprise, key.group_id),
            last_ended(run, end.state, end.reason, now),
            removes=(GroupItem.ACTIVE_RUN,),
            condition=Attr(GroupItem.ACTIVE_RUN).eq(key.seq),
        )
        return not transact(self._client, [close, release])

    def recorded(self, key: RunKey) -> bool:
        """Note that the run's end stands in the log; see ``ports.Legs.recorded``."""
        first = IS_THERE & Attr(RunItem.RECORDED).not_exists()
        return try_write(
            self._client,
            update(self._table, run_key(key), {RunItem.RECORDED: True}, condition=first),
        )

    def published(self, key: RunKey) -> None:
        """Note that the run's end has been published; see ``ports.Legs.published``."""
        write_item(
            self._client,
            update(self._table, run_key(key), {RunItem.PUBLISHED: True}, condition=IS_THERE),
        )

    def announced(self, key: RunKey) -> None:
        """Note that all that follows the run's end is done: it leaves the index of open runs."""
        write_item(
            self._client,
            update(
                self._table,
                run_key(key),
                removes=(RunItem.OPEN_SHARD, RunItem.OPEN_UNTIL, RunItem.SUPERSEDES),
                condition=~_in(OPEN_STATES),
            ),
        )

    def learn(self, key: RunKey, facts: dict[str, str]) -> None:
        """Remember at the group what was found out about its source; see ``ports.Legs.learn``."""
        active = Attr(GroupItem.ACTIVE_RUN).eq(key.seq)
        group = group_key(key.enterprise, key.group_id)
        try_write(
            self._client,
            update(self._table, group, {GroupItem.LEARNED: facts}, condition=active),
        )

    def _mine(
        self,
        key: RunKey,
        owner: str,
        sets: Attributes,
        *,
        removes: Sequence[RunItem] = (),
    ) -> Item:
        """Update a run that is this owner's, or raise StoppedError; gives the run's item."""
        mine = Attr(RunItem.OWNER).eq(owner) & _in(_OWNED)
        action = update(self._table, run_key(key), sets, removes=removes, condition=mine)
        try:
            return write_item(self._client, action, read_back=True)
        except WriteRefusedError as error:
            raise StoppedError from error


_OWNED = frozenset({RunState.EXTRACTING, RunState.PLANNING, RunState.APPLYING})


def _in(states: frozenset[RunState]) -> ConditionBase:
    """The run is in one of these states."""
    return Attr(RunItem.STATE).is_in(sorted(states))


def _free_for(owner: str, now: datetime) -> ConditionBase:
    """Nobody works on the run but this owner, or whoever did has been silent for too long."""
    mine = Attr(RunItem.OWNER).not_exists() | Attr(RunItem.OWNER).eq(owner)
    return mine | Attr(RunItem.LEASE_UNTIL).lt(seconds(now))


def _working(states: frozenset[RunState]) -> RunState:
    """The state of a run whose leg somebody works on: that of the leg's kind."""
    [state] = states & _OWNED
    return state
