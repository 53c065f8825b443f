"""Dropped bundles in the ``control`` table: each a Waiting run until the group is free.

The group's ``waiting`` lists their numbers, oldest first. While it is not empty no other run is
accepted, so that runs are worked off in the order of their numbers, which is that of the roster's
writes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from shared.adapters.control_table.attributes import EXPIRES_AT, DropItem
from shared.adapters.control_table.group_item import group_runs_of
from shared.adapters.control_table.keys import IS_NEW, Key, drop_key, group_key, run_key
from shared.adapters.control_table.read_group import REREADS, changes_too_fast, read_group
from shared.adapters.control_table.run_item import from_item
from shared.adapters.control_table.run_steps import opening_actions, step_actions, take_step
from shared.adapters.dynamodb.actions import put
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import seconds
from shared.adapters.dynamodb.writes import transact
from shared.domain import timers
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.life.opening import GroupRuns, begun, dropped
from shared.domain.run.life.work import waiting_on
from shared.domain.run.requests import Drop
from shared.domain.run.run import Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

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
            group = group_runs_of(
                read_group(self._client, self._table, drop.enterprise, drop.group_id)
            )
            needless = [seq for seq in group.waiting if seq in drop.supersedes]
            waiting = self._runs(drop.enterprise, drop.group_id, needless)
            opening = dropped(drop, group, waiting, now, self._look_again)
            once = {
                **_drop_key(drop),
                DropItem.SEQ: opening.run.seq,
                EXPIRES_AT: seconds(now + REMEMBERED),
            }
            actions = [*opening_actions(self._table, opening), put(self._table, once, IS_NEW)]
            if not transact(self._client, actions):
                return opening.run
        raise changes_too_fast()

    def waiting(self, enterprise: EnterpriseId, group_id: GroupId) -> Sequence[Run]:
        """List the group's Waiting runs, oldest first."""
        group = self._group(enterprise, group_id)
        return [] if group is None else self._runs(enterprise, group_id, group.waiting)

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Run | None:
        """Accept the group's oldest Waiting run; see ``ports.Drops.begin``."""
        for _ in range(REREADS):
            group = self._group(enterprise, group_id)
            if group is None:
                return None
            keys = [RunKey(enterprise, group_id, seq) for seq in group.waiting]
            step = begun(group, now, self._look_again)
            if step is None:
                for key in keys:
                    later = waiting_on(now, self._look_again)
                    take_step(self._client, self._table, key, later)
                return None
            if not transact(self._client, step_actions(self._table, keys[0], step)):
                return self._run(keys[0])
        raise changes_too_fast()

    def _runs(
        self, enterprise: EnterpriseId, group_id: GroupId, seqs: Sequence[int]
    ) -> Sequence[Run]:
        runs = (self._run(RunKey(enterprise, group_id, seq)) for seq in seqs)
        return [run for run in runs if run is not None]

    def _known(self, drop: Drop) -> Run | None:
        item = get(self._client, self._table, _drop_key(drop))
        if item is None:
            return None
        return self._run(RunKey(drop.enterprise, drop.group_id, int(item[DropItem.SEQ])))

    def _run(self, key: RunKey) -> Run | None:
        item = get(self._client, self._table, run_key(key))
        return None if item is None else from_item(item)

    def _group(self, enterprise: EnterpriseId, group_id: GroupId) -> GroupRuns | None:
        item = get(self._client, self._table, group_key(enterprise, group_id))
        return None if item is None else group_runs_of(item)


def _drop_key(drop: Drop) -> Key:
    """The item by which a drop is known again; an S3 key can be longer than a sort key."""
    place = drop.bundle.objects[0]
    name = sha256(f"{place.key}\x1f{place.version}".encode()).hexdigest()
    return drop_key(drop.group_id, name)
