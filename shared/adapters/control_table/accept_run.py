"""How a run is opened in the ``control`` table: the group's lock and number, and the run's item."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.end_run import without_secrets
from shared.adapters.control_table.group_item import hold_of
from shared.adapters.control_table.keys import group_key
from shared.adapters.control_table.new_run import new_run, put_run
from shared.adapters.control_table.read_group import STAYS, read_group, under_way
from shared.adapters.control_table.run_item import structure
from shared.adapters.dynamodb.actions import Action, update
from shared.adapters.dynamodb.expressions import IfUnset
from shared.adapters.dynamodb.values import Attributes, Item, seconds
from shared.adapters.dynamodb.writes import REREADS, changes_too_fast, transact
from shared.domain.errors import NotDueError
from shared.domain.run.decision import check_decision
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Reason, Run, RunState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def accept(
    client: "DynamoDBClient",
    table: str,
    request: RunRequest,
    now: datetime,
    resend_after: timedelta,
) -> Run:
    """Open a run; see ``ports.Runs.accept``."""
    waiting = Attr(GroupItem.WAITING)
    free = Attr(GroupItem.ACTIVE_RUN).not_exists() & (waiting.not_exists() | waiting.eq([]))
    for _ in range(REREADS):
        group = _group(client, table, request)
        _check_free(group)
        check_decision(request.decision, hold_of(group))
        run = new_run(request, group, now)
        lock = _take_number(table, run, group, request, {GroupItem.ACTIVE_RUN: run.seq}, free)
        until = now + resend_after + timedelta(seconds=request.delay_seconds)
        refused = transact(client, [lock, put_run(table, run, until)])
        if not refused:
            return run
        if changed := refused.get(0):
            _check_due(request, changed)
            _check_free(changed)
    raise changes_too_fast()


def skip(
    client: "DynamoDBClient", table: str, request: RunRequest, reason: Reason, now: datetime
) -> Run:
    """Note that a run of the clock does not begin; see ``ports.Runs.skip``."""
    for _ in range(REREADS):
        group = _group(client, table, request)
        run = new_run(request, group, now)
        run = run.model_copy(
            update={
                "state": RunState.CANCELLED,
                "config": without_secrets(run.config),
                "cursor": None,
                "reason": reason,
                "finished_at": now,
            }
        )
        number = _take_number(table, run, group, request, {}, None)
        ended = {RunItem.REASON: structure(reason), RunItem.FINISHED_AT: now.isoformat()}
        # Ended already, it stands among the open runs until close_runs has announced it.
        if not transact(client, [number, put_run(table, run, now, ended)]):
            return run
    raise changes_too_fast()


def _group(client: "DynamoDBClient", table: str, request: RunRequest) -> Item:
    """The group that a run is asked of, as it is now."""
    group = read_group(client, table, request.enterprise, request.group_id)
    _check_due(request, group)
    return group


def _check_due(request: RunRequest, group: Item) -> None:
    """See that the clock has not been here before: the group is due at that very moment."""
    if request.due is not None and group.get(GroupItem.NEXT_RUN_AT) != seconds(request.due.at):
        raise NotDueError


def _check_free(group: Item) -> None:
    """See that no run of the group is under way, or waits for its turn."""
    if GroupItem.ACTIVE_RUN in group or group.get(GroupItem.WAITING):
        raise under_way(group)


def _take_number(
    table: str,
    run: Run,
    group: Item,
    request: RunRequest,
    more: Attributes,
    condition: ConditionBase | None,
) -> Action:
    """The action by which a group gives out its next number, on ``condition`` if there is one."""
    assumed = (
        STAYS
        & Attr(GroupItem.RUN_SEQ).eq(run.seq - 1)
        & Attr(GroupItem.VERSION).eq(group[GroupItem.VERSION])
    )
    if condition is not None:
        assumed &= condition
    sets: dict[str, Any] = {GroupItem.RUN_SEQ: run.seq, **more}
    removes: list[str] = []
    if (due := request.due) is not None:
        assumed &= Attr(GroupItem.NEXT_RUN_AT).eq(seconds(due.at))
        if due.next_at is None:
            removes.append(GroupItem.NEXT_RUN_AT)
        else:
            sets[GroupItem.NEXT_RUN_AT] = seconds(due.next_at)
            sets[GroupItem.ANCHOR] = IfUnset(due.anchor.isoformat())
    key = group_key(run.enterprise, run.group_id)
    return update(table, key, sets, removes=removes, condition=assumed, tell_old=True)
