"""Dropped bundles in the ``control`` table: each a Waiting run until the group is free.

The group's ``waiting`` lists their numbers, oldest first. While it is not empty no other run is
accepted, so that runs are worked off in the order of their numbers, which is that of the roster's
writes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from shared.adapters.control_table.attributes import EXPIRES_AT, DropItem, GroupItem, RunItem
from shared.adapters.control_table.end_run import supersede
from shared.adapters.control_table.group_item import config_of, waiting_of
from shared.adapters.control_table.keys import IS_NEW, Key, drop_key, group_key, run_key
from shared.adapters.control_table.new_run import new_run, put_run
from shared.adapters.control_table.read_group import STAYS, no_group
from shared.adapters.control_table.run_item import from_item, structure
from shared.adapters.dynamodb.actions import Action, put, update
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import Item, seconds
from shared.adapters.dynamodb.writes import REREADS, changes_too_fast, transact, try_write
from shared.domain import timers
from shared.domain.errors import TryLaterError
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.requests import Drop, RunRequest
from shared.domain.run.run import Reason, Run, RunState, Trigger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_WAITING = 50
"""A drop and what it supersedes change in one transaction, which takes 100 actions (AWS)."""
REMEMBERED = timedelta(days=14)
"""How long a drop is known again: longer than a queue keeps its notice."""


class DynamoDrops:
    """``Drops`` over DynamoDB; ``look_again`` is when a run that still waits is looked after."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        look_again: timedelta = timers.RESEND_AFTER,
    ) -> None:
        self._client = client
        self._table = table
        self._look_again = look_again

    def take(self, drop: Drop, now: datetime) -> Run:
        """Open a Waiting run for a drop; see ``ports.Drops.take``."""
        for _ in range(REREADS):
            if known := self._known(drop):
                return known
            group = self._group(drop.enterprise, drop.group_id)
            if group is None or GroupItem.DELETING_SINCE in group:
                raise no_group()
            waiting = waiting_of(group)
            superseded = [seq for seq in waiting if seq in drop.supersedes]
            if len(waiting) - len(superseded) >= MAX_WAITING:
                raise TryLaterError("too many drops wait")
            request = RunRequest(drop.enterprise, drop.group_id, drop.mode, Trigger.DROP, "drop")
            run = new_run(request, group, now).model_copy(
                update={"state": RunState.WAITING, "bundle": drop.bundle}
            )
            if not transact(self._client, self._opening(run, drop, group, superseded, now)):
                return run
        raise changes_too_fast()

    def waiting(self, enterprise: EnterpriseId, group_id: GroupId) -> Sequence[Run]:
        """List the group's Waiting runs, oldest first."""
        group = self._group(enterprise, group_id) or {}
        runs = [self._run(RunKey(enterprise, group_id, seq)) for seq in waiting_of(group)]
        return [run for run in runs if run is not None]

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Run | None:
        """Accept the group's oldest Waiting run; see ``ports.Drops.begin``."""
        for _ in range(REREADS):
            group = self._group(enterprise, group_id) or {}
            waiting = waiting_of(group)
            if not waiting:
                return None
            key = RunKey(enterprise, group_id, waiting[0])
            if GroupItem.ACTIVE_RUN in group:
                for seq in waiting:
                    self._postpone(RunKey(enterprise, group_id, seq), now)
                return None
            if not transact(self._client, self._beginning(key, group, waiting, now)):
                return self._run(key)
        raise changes_too_fast()

    def _opening(
        self, run: Run, drop: Drop, group: Item, superseded: list[int], now: datetime
    ) -> list[Action]:
        seen = waiting_of(group)
        waiting = Attr(GroupItem.WAITING)
        same = waiting.eq(seen) if seen else waiting.not_exists() | waiting.eq(seen)
        take_number = update(
            self._table,
            group_key(run.enterprise, run.group_id),
            {
                GroupItem.RUN_SEQ: run.seq,
                GroupItem.WAITING: [*(seq for seq in seen if seq not in superseded), run.seq],
            },
            condition=STAYS
            & Attr(GroupItem.RUN_SEQ).eq(run.seq - 1)
            & Attr(GroupItem.VERSION).eq(group[GroupItem.VERSION])
            & same,
        )
        once = {
            **_drop_key(drop),
            DropItem.SEQ: run.seq,
            EXPIRES_AT: seconds(now + REMEMBERED),
        }
        ends = [self._superseding(run.key._replace(seq=seq), run.seq, now) for seq in superseded]
        return [
            take_number,
            put_run(self._table, run, now + self._look_again),
            put(self._table, once, IS_NEW),
            *ends,
        ]

    def _superseding(self, key: RunKey, by: int, now: datetime) -> Action:
        reason = Reason(
            code="superseded",
            message=f"A later bundle (run {by}) holds all that this one held; it was not needed.",
        )
        run = self._run(key)
        assert run is not None
        return supersede(self._table, run, reason, now)

    def _beginning(
        self, key: RunKey, group: Item, waiting: list[int], now: datetime
    ) -> list[Action]:
        # The group's settings may have changed while the bundle waited: those of now count.
        # So does its mark, if it has one by now: the bundle is not loaded then.
        marked = GroupItem.MARKED_AT in group
        mark = Attr(GroupItem.MARKED_AT)
        lock = update(
            self._table,
            group_key(key.enterprise, key.group_id),
            {GroupItem.ACTIVE_RUN: key.seq, GroupItem.WAITING: waiting[1:]},
            condition=STAYS
            & Attr(GroupItem.ACTIVE_RUN).not_exists()
            & (mark.exists() if marked else mark.not_exists())
            & Attr(GroupItem.WAITING).eq(waiting)
            & Attr(GroupItem.VERSION).eq(group[GroupItem.VERSION]),
        )
        accept = update(
            self._table,
            run_key(key),
            {
                RunItem.STATE: RunState.ACCEPTED,
                RunItem.CONFIG: structure(config_of(group)),
                RunItem.OPEN_UNTIL: seconds(now + self._look_again),
                RunItem.MARKED: True if marked else None,
            },
            condition=_WAITS,
        )
        return [lock, accept]

    def _postpone(self, key: RunKey, now: datetime) -> None:
        """Look after a run again later; nothing is done where it has begun meanwhile."""
        later = {RunItem.OPEN_UNTIL: seconds(now + self._look_again)}
        try_write(self._client, update(self._table, run_key(key), later, condition=_WAITS))

    def _known(self, drop: Drop) -> Run | None:
        item = get(self._client, self._table, _drop_key(drop))
        if item is None:
            return None
        return self._run(RunKey(drop.enterprise, drop.group_id, int(item[DropItem.SEQ])))

    def _run(self, key: RunKey) -> Run | None:
        item = get(self._client, self._table, run_key(key))
        return None if item is None else from_item(item)

    def _group(self, enterprise: EnterpriseId, group_id: GroupId) -> Item | None:
        return get(self._client, self._table, group_key(enterprise, group_id))


_WAITS = Attr(RunItem.STATE).eq(RunState.WAITING)


def _drop_key(drop: Drop) -> Key:
    """The item by which a drop is known again; an S3 key can be longer than a sort key."""
    place = drop.bundle.objects[0]
    name = sha256(f"{place.key}\x1f{place.version}".encode()).hexdigest()
    return drop_key(drop.group_id, name)
