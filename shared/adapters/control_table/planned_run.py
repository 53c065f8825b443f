"""How a planned run begins to be applied: in the ``control`` table, and in the roster's stamp."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.control_table.run_item import structure
from shared.adapters.dynamodb.actions import Action, update
from shared.adapters.dynamodb.expressions import Appended, IfUnset
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import seconds
from shared.adapters.dynamodb.writes import transact
from shared.adapters.roster_table.stamp_item import put_stamp
from shared.domain.errors import StoppedError
from shared.domain.ids import RunKey
from shared.domain.roster.stamp import Stamp
from shared.domain.run.results import PlanResult
from shared.domain.run.run import Plan, RunState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCHES_PER_ITEM = 256


def begin_applying(
    client: "DynamoDBClient",
    table: str,
    roster_table: str | None,
    key: RunKey,
    owner: str,
    result: PlanResult,
    now: datetime,
    quiet: timedelta,
) -> None:
    """Take the run from Planning to Applying; see ``ports.Batches.planned``.

    :param quiet: how long the run may then stay untouched.
    """
    actions = [_apply(table, key, owner, result, now + quiet)]
    sets: dict[str, Any] = {
        GroupItem.DIRTY: Appended([result.plan.changes_key]),
        GroupItem.SHARDS: IfUnset(result.plan.shards),
    }
    condition: ConditionBase = Attr(GroupItem.ACTIVE_RUN).eq(key.seq)
    witness: list[Action] = []
    if result.stamp is not None:
        assert roster_table is not None
        witness.append(put_stamp(roster_table, key.group_id, result.stamp, result.seen, now))
        sets[GroupItem.STAMP] = structure(result.stamp)
        if (last := _overtaken(client, table, key, result.stamp)) is not None:
            sets[GroupItem.RUN_SEQ] = result.stamp.order
            condition &= Attr(GroupItem.RUN_SEQ).eq(last)
    group = group_key(key.enterprise, key.group_id)
    actions.append(update(table, group, sets, condition=condition))
    if transact(client, [*actions, *witness]):
        raise StoppedError


def shards_of(plan: Plan) -> int:
    """Over how many items the open batches of a plan are spread."""
    return -(-plan.batches // BATCHES_PER_ITEM)


def _apply(table: str, key: RunKey, owner: str, result: PlanResult, look_after: datetime) -> Action:
    return update(
        table,
        run_key(key),
        {
            RunItem.STATE: RunState.APPLYING,
            RunItem.PLAN: structure(result.plan),
            RunItem.COUNTS: structure(result.counts),
            RunItem.NOTICES: structure(result.notices),
            RunItem.PENDING_SHARDS: set(range(shards_of(result.plan))),
            RunItem.OPEN_UNTIL: seconds(look_after),
            RunItem.RESENDS: 0,
        },
        removes=(RunItem.OWNER, RunItem.LEASE_UNTIL, RunItem.CURSOR, RunItem.SENT_AT),
        condition=Attr(RunItem.STATE).eq(RunState.PLANNING) & Attr(RunItem.OWNER).eq(owner),
    )


def _overtaken(client: "DynamoDBClient", table: str, key: RunKey, stamp: Stamp) -> int | None:
    """The group's last number, if it lies below the stamp."""
    if stamp.order <= key.seq:
        return None
    group = group_key(key.enterprise, key.group_id)
    item = get(client, table, group, (GroupItem.RUN_SEQ,)) or {}
    last = int(item.get(GroupItem.RUN_SEQ, 0))
    return last if last < stamp.order else None
