"""The open batches of a planned run in the ``control`` table.

Open batches are sets of numbers, 256 to an item, and the run holds the set of items that are not
empty yet: striking out twice does nothing, where a counter would commit too early.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Key

from shared.adapters.control_table.attributes import EXPIRES_AT, BatchesItem, GroupItem, RunItem
from shared.adapters.control_table.group_item import hold_of
from shared.adapters.control_table.keys import (
    PK,
    SK,
    UNAPPLIED,
    batches_partition,
    group_key,
    pending_key,
    pending_prefix,
    run_key,
    unapplied_key,
)
from shared.adapters.control_table.run_item import from_item
from shared.adapters.control_table.run_steps import group_action, in_states, run_action, take_step
from shared.adapters.dynamodb.actions import put, update
from shared.adapters.dynamodb.reads import Query, get
from shared.adapters.dynamodb.values import Item, as_json, seconds, unmarshal
from shared.adapters.dynamodb.writes import WriteRefusedError, transact, write_item
from shared.adapters.roster_table.stamp_item import put_stamp
from shared.domain import timers
from shared.domain.errors import StoppedError
from shared.domain.ids import RecordId, RunKey
from shared.domain.roster.collection import Collection
from shared.domain.roster.stamp import Stamp
from shared.domain.run.life import work
from shared.domain.run.life.end import committed
from shared.domain.run.results import Commit, PlanResult, RosterBase, Unapplied
from shared.domain.run.run import Plan, Run, RunState, Snapshot

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCHES_PER_ITEM = 256
KEPT = timedelta(days=30)
"""How long the items of a run's batches stay; what is still uncertain then is in ``dirty``."""


class DynamoBatches:
    """``Batches`` over DynamoDB. ``quiet`` is how long a run being applied may stay untouched.

    Whoever plans also names the ``roster`` table, which bears witness to the plan.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        quiet: timedelta = timers.RESEND_AFTER,
        roster: str | None = None,
    ) -> None:
        self._client = client
        self._table = table
        self._quiet = quiet
        self._roster = roster

    def base(self, key: RunKey) -> RosterBase:
        """Read what the group's roster holds, consistently."""
        group = get(self._client, self._table, group_key(key.enterprise, key.group_id), _BASE) or {}
        snapshot, stamp = group.get(GroupItem.BASE), group.get(GroupItem.STAMP)
        shards = group.get(GroupItem.SHARDS)
        return RosterBase(
            snapshot=Snapshot.model_validate_json(snapshot) if snapshot else None,
            dirty=tuple(group.get(GroupItem.DIRTY, ())),
            shards=None if shards is None else int(shards),
            hold=hold_of(group),
            stamp=None if stamp is None else Stamp.model_validate_json(stamp),
        )

    def open(self, key: RunKey, plan: Plan, now: datetime) -> None:
        """Write down which batches will be open."""
        for shard in range(_shards_of(plan)):
            first = shard * BATCHES_PER_ITEM
            item = {
                **pending_key(key, plan.attempt, shard),
                BatchesItem.PENDING: set(range(first, min(first + BATCHES_PER_ITEM, plan.batches))),
                EXPIRES_AT: seconds(now + KEPT),
            }
            write_item(self._client, put(self._table, item))

    def planned(self, key: RunKey, owner: str, now: datetime, result: PlanResult) -> None:
        """Take the run from Planning to Applying; see ``ports.Batches.planned``."""
        last = self._last_number(key, result.stamp)
        step = work.planned(key, owner, now, self._quiet, result, last)
        assert step.group is not None
        open_shards = {RunItem.PENDING_SHARDS: set(range(_shards_of(result.plan)))}
        actions = [
            run_action(self._table, key, step, sets=open_shards),
            group_action(self._table, key.enterprise, key.group_id, step.group),
        ]
        if result.stamp is not None:
            assert self._roster is not None
            group_id, stamp, seen = key.group_id, result.stamp, result.seen
            actions.append(put_stamp(self._roster, group_id, stamp, seen, now))
        if transact(self._client, actions):
            raise StoppedError

    def _last_number(self, key: RunKey, stamp: Stamp | None) -> int:
        """The last number that the group gave out, read only where that can matter."""
        if stamp is None or stamp.order <= key.seq:
            return key.seq
        group = group_key(key.enterprise, key.group_id)
        item = get(self._client, self._table, group, (GroupItem.RUN_SEQ,)) or {}
        return int(item.get(GroupItem.RUN_SEQ, 0))

    def touch(self, key: RunKey, now: datetime) -> Run | None:
        """Say that this run is being applied; None if it is not Applying (any more)."""
        item = take_step(self._client, self._table, key, work.touched(now, self._quiet))
        return None if item is None else from_item(item)

    def still_open(self, key: RunKey, plan: Plan) -> Sequence[int]:
        """List the batches that have not been finished."""
        items = self._items(key, pending_prefix(plan.attempt))
        return sorted(int(number) for item in items for number in item.get(BatchesItem.PENDING, ()))

    def finish(self, key: RunKey, plan: Plan, batch: int) -> bool:
        """Strike out one batch; True once none is left open."""
        shard = batch // BATCHES_PER_ITEM
        strike = update(
            self._table,
            pending_key(key, plan.attempt, shard),
            takes_out={BatchesItem.PENDING: {batch}},
        )
        if BatchesItem.PENDING in write_item(self._client, strike, read_back=True):
            return False
        strike = update(
            self._table,
            run_key(key),
            takes_out={RunItem.PENDING_SHARDS: {shard}},
            condition=in_states(frozenset({RunState.APPLYING})),
        )
        try:
            return RunItem.PENDING_SHARDS not in write_item(self._client, strike, read_back=True)
        except WriteRefusedError:
            return False

    def note_unapplied(
        self, key: RunKey, batch: int, changes: Sequence[Unapplied], now: datetime
    ) -> None:
        """Remember changes that could not be applied."""
        item = {
            **unapplied_key(key, batch),
            BatchesItem.CHANGES: as_json([[c.collection.value, c.id, c.code] for c in changes]),
            EXPIRES_AT: seconds(now + KEPT),
        }
        write_item(self._client, put(self._table, item))

    def unapplied(self, key: RunKey) -> Sequence[Unapplied]:
        """List the changes that could not be applied."""
        return [
            Unapplied(Collection(collection), RecordId(id_), code)
            for item in self._items(key, UNAPPLIED)
            for collection, id_, code in json.loads(item[BatchesItem.CHANGES])
        ]

    def commit(self, key: RunKey, now: datetime, commit: Commit) -> None:
        """Close the run and move the group's pointer; see ``ports.Batches.commit``."""
        item = get(self._client, self._table, run_key(key))
        if item is None:
            raise StoppedError
        step = committed(from_item(item), now, commit)
        assert step.group is not None
        actions = [
            run_action(self._table, key, step, removes=(RunItem.PENDING_SHARDS,)),
            group_action(self._table, key.enterprise, key.group_id, step.group),
        ]
        if transact(self._client, actions):
            raise StoppedError

    def _items(self, key: RunKey, prefix: str) -> list[Item]:
        """What belongs to a run's batches, of one kind."""
        of_kind = Key(PK).eq(batches_partition(key)) & Key(SK).begins_with(prefix)
        pages = self._client.get_paginator("query").paginate(
            **Query(self._table, of_kind, consistent=True).parameters()
        )
        return [unmarshal(item) for page in pages for item in page["Items"]]


_BASE = (GroupItem.BASE, GroupItem.DIRTY, GroupItem.SHARDS, GroupItem.HOLD, GroupItem.STAMP)


def _shards_of(plan: Plan) -> int:
    """Over how many items the open batches of a plan are spread."""
    return -(-plan.batches // BATCHES_PER_ITEM)
