"""The commit of a run in the ``control`` table: it ends, and its snapshot becomes the base."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.end_run import end_run, last_ended
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.control_table.run_item import from_item, structure
from shared.adapters.dynamodb.actions import Action, update
from shared.adapters.dynamodb.expressions import IfUnset
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.writes import transact
from shared.domain.errors import StoppedError
from shared.domain.ids import RunKey
from shared.domain.run.results import Commit
from shared.domain.run.run import Run, RunState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def commit(
    client: "DynamoDBClient", table: str, key: RunKey, now: datetime, committed: Commit
) -> None:
    """Close the run and move the group's pointer, in one transaction.

    :raises StoppedError: the run had already ended.
    """
    item = get(client, table, run_key(key))
    if item is None:
        raise StoppedError
    run = from_item(item)
    close = _close(table, key, run, now, committed)
    if transact(client, [close, _move(table, key, run, now, committed)]):
        raise StoppedError


def _close(table: str, key: RunKey, run: Run, now: datetime, committed: Commit) -> Action:
    """The action that ends the run: all its batches are applied, or its plan has none."""
    state = Attr(RunItem.STATE)
    condition: ConditionBase = state.eq(RunState.APPLYING)
    if committed.owner is not None:
        condition = state.eq(RunState.PLANNING) & Attr(RunItem.OWNER).eq(committed.owner)
    facts: dict[str, Any] = {
        RunItem.SNAPSHOT: structure(committed.snapshot),
        RunItem.COUNTS: None if committed.counts is None else structure(committed.counts),
        RunItem.NOTICES: structure(committed.notices) if committed.notices else None,
        RunItem.REASON: structure(committed.reason) if committed.reason else None,
        RunItem.SUPERSEDES: list(committed.supersedes) or None,
        RunItem.HOLD: structure(committed.hold) if committed.hold else None,
    }
    return end_run(
        table,
        key,
        committed.state,
        now,
        condition,
        facts=facts,
        config=run.config,
        removes=(RunItem.PENDING_SHARDS,),
    )


def _move(table: str, key: RunKey, run: Run, now: datetime, committed: Commit) -> Action:
    """The action that moves the group's pointer and gives its lock back."""
    hold = structure(committed.hold) if committed.hold else None
    removes = [GroupItem.ACTIVE_RUN]
    if hold is None:
        removes.append(GroupItem.HOLD)
    if committed.unmark:
        removes.append(GroupItem.MARKED_AT)
    if committed.distrust:
        removes.append(GroupItem.STAMP)
    return update(
        table,
        group_key(key.enterprise, key.group_id),
        {
            GroupItem.BASE: structure(committed.snapshot),
            GroupItem.BASE_AT: now.isoformat(),
            GroupItem.DIRTY: list(committed.dirty),
            GroupItem.SHARDS: IfUnset(committed.shards),
            GroupItem.HOLD: hold,
            **last_ended(run, committed.state, committed.reason, now),
        },
        removes=removes,
        condition=Attr(GroupItem.ACTIVE_RUN).eq(key.seq),
    )
