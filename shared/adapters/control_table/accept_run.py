"""How a run is opened in the ``control`` table: the group's lock and number, and the run's item."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.control_table.group_item import STAYS, read_group
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.control_table.run_item import (
    hold_of,
    new_run,
    open_shard,
    seconds,
    structure,
    to_item,
    under_way,
    without_secrets,
)
from shared.adapters.dynamodb import Item, marshal, refusals
from shared.domain.errors import NotDueError, TryLaterError
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Reason, Run, RunState
from shared.ports.runs import check_decision

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRIES = 5
_CONFLICTS = {"TransactionCanceledException", "TransactionConflictException"}


def accept(
    client: "DynamoDBClient",
    table: str,
    request: RunRequest,
    now: datetime,
    resend_after: timedelta,
) -> Run:
    """Open a run; see ``ports.Runs.accept``."""
    for _ in range(TRIES):
        group = _group(client, table, request)
        if "activeRun" in group or group.get("waiting"):
            raise under_way(group)
        check_decision(request.decision, hold_of(group))
        run = new_run(request, group, now)
        lock = _take_number(
            table,
            run,
            group,
            request,
            "SET activeRun = :seq, runSeq = :seq",
            "attribute_not_exists(activeRun) AND "
            "(attribute_not_exists(waiting) OR waiting = :none)",
            {":none": []},
        )
        until = now + resend_after + timedelta(seconds=request.delay_seconds)
        try:
            _write(client, lock, _put(table, run, seconds(until), {}))
        except ClientError as error:
            old = refusals(error)
            if old is None and error.response["Error"]["Code"] not in _CONFLICTS:
                raise
            if old and old[0]:
                _check_due(request, old[0])
                if "activeRun" in old[0] or old[0].get("waiting"):
                    raise under_way(old[0]) from error
            continue  # the group was changed between reading and writing
        return run
    raise TryLaterError("the group is being changed all the time")


def skip(
    client: "DynamoDBClient", table: str, request: RunRequest, reason: Reason, now: datetime
) -> Run:
    """Note that a run of the clock does not begin; see ``ports.Runs.skip``."""
    for _ in range(TRIES):
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
        number = _take_number(table, run, group, request, "SET runSeq = :seq", "", {})
        ended = {"reason": structure(reason), "finishedAt": now.isoformat()}
        try:
            # Ended already, it stands among the open runs until close_runs has announced it.
            _write(client, number, _put(table, run, seconds(now), ended))
        except ClientError as error:
            if refusals(error) is None and error.response["Error"]["Code"] not in _CONFLICTS:
                raise
            continue
        return run
    raise TryLaterError("the group is being changed all the time")


def _group(client: "DynamoDBClient", table: str, request: RunRequest) -> Item:
    """The group that a run is asked of, as it is now."""
    group = read_group(client, table, request.enterprise, request.group_id)
    _check_due(request, group)
    return group


def _check_due(request: RunRequest, group: Item) -> None:
    """See that the clock has not been here before: the group is due at that very moment."""
    if request.due is not None and group.get("nextRunAt") != seconds(request.due.at):
        raise NotDueError


def _take_number(
    table: str,
    run: Run,
    group: Item,
    request: RunRequest,
    update: str,
    condition: str,
    values: dict[str, Any],
) -> Item:
    """The action by which a group gives out its next number."""
    conditions = [
        STAYS,
        "runSeq = :last",
        "version = :version",
        *([condition] if condition else []),
    ]
    values = values | {":seq": run.seq, ":last": run.seq - 1, ":version": group["version"]}
    if request.due is not None:
        conditions.append("nextRunAt = :due")
        values[":due"] = seconds(request.due.at)
        if request.due.next_at is None:
            update += " REMOVE nextRunAt"
        else:
            update += ", nextRunAt = :next, anchor = if_not_exists(anchor, :anchor)"
            values[":next"] = seconds(request.due.next_at)
            values[":anchor"] = request.due.anchor.isoformat()
    return {
        "Update": {
            "TableName": table,
            "Key": group_key(run.enterprise, run.group_id),
            "UpdateExpression": update,
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeValues": marshal(values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def _put(table: str, run: Run, open_until: int, more: Item) -> Item:
    item = to_item(run) | {"openShard": open_shard(run.group_id), "openUntil": open_until} | more
    return {
        "Put": {
            "TableName": table,
            "Item": run_key(run.key) | marshal(item),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _write(client: "DynamoDBClient", *actions: Item) -> None:
    client.transact_write_items(TransactItems=list(actions))  # type: ignore[arg-type]  # dicts
