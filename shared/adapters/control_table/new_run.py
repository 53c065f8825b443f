"""The next run of a group, and the action that stores it."""

from datetime import datetime

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.group_item import config_of
from shared.adapters.control_table.keys import IS_NEW, run_key
from shared.adapters.control_table.run_item import open_shard, to_item
from shared.adapters.dynamodb.actions import Action, put
from shared.adapters.dynamodb.values import Attributes, Item, seconds
from shared.domain.roster.staged_rows import NOTHING_STAGED
from shared.domain.run.bundle import Bundle
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Run, RunState


def new_run(request: RunRequest, group: Item, now: datetime) -> Run:
    """The next run of a group."""
    return Run(
        enterprise=request.enterprise,
        group_id=request.group_id,
        seq=int(group[GroupItem.RUN_SEQ]) + 1,
        mode=request.mode,
        trigger=request.trigger,
        requested_by=request.requested_by,
        state=RunState.ACCEPTED if request.fetches else RunState.PLANNING,
        config=config_of(group),
        cursor=None if request.fetches else NOTHING_STAGED,
        decision=request.decision,
        marked=request.marked,
        restores=request.restores,
        bundle=Bundle(accept_older=True) if request.accept_older else None,
        created_at=now,
    )


def put_run(table: str, run: Run, look_after: datetime, more: Attributes | None = None) -> Action:
    """The action that stores a new run, among the open ones; ``more`` are further attributes."""
    place = {
        RunItem.OPEN_SHARD: open_shard(run.group_id),
        RunItem.OPEN_UNTIL: seconds(look_after),
    }
    return put(table, {**run_key(run.key), **to_item(run), **place, **(more or {})}, IS_NEW)
