"""Dropped bundles in the ``control`` table: each a Waiting run until the group is free.

The group's ``waiting`` lists their numbers, oldest first. While it is not empty no other run is
accepted, so that runs are worked off in the order of their numbers, which is that of the roster's
writes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.control_table.group_item import DELETING, MARKED, STAYS, no_group
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.control_table.run_item import (
    config_of,
    from_item,
    new_run,
    open_shard,
    seconds,
    structure,
    superseding,
    to_item,
)
from shared.adapters.dynamodb import Item, marshal, refusals, unmarshal
from shared.domain import timers
from shared.domain.errors import TryLaterError
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.requests import Drop, RunRequest
from shared.domain.run.run import Reason, Run, RunState, Trigger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRIES = 5
MAX_WAITING = 50
"""A drop and what it supersedes change in one transaction, which takes 100 actions (AWS)."""
REMEMBERED = timedelta(days=14)
"""How long a drop is known again: longer than a queue keeps its notice."""
_CONFLICTS = {"TransactionCanceledException", "TransactionConflictException"}


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
        for _ in range(TRIES):
            if known := self._known(drop):
                return known
            group = self._group(drop.enterprise, drop.group_id)
            if group is None or DELETING in group:
                raise no_group()
            waiting = [int(seq) for seq in group.get("waiting", ())]
            superseded = [seq for seq in waiting if seq in drop.supersedes]
            if len(waiting) - len(superseded) >= MAX_WAITING:
                raise TryLaterError("too many drops wait")
            request = RunRequest(drop.enterprise, drop.group_id, drop.mode, Trigger.DROP, "drop")
            run = new_run(request, group, now).model_copy(
                update={"state": RunState.WAITING, "bundle": drop.bundle}
            )
            if self._write(self._opening(run, drop, group, superseded, now)):
                return run
        raise TryLaterError("the group is being changed all the time")

    def waiting(self, enterprise: EnterpriseId, group_id: GroupId) -> Sequence[Run]:
        """List the group's Waiting runs, oldest first."""
        group = self._group(enterprise, group_id) or {}
        runs = [
            self._run(RunKey(enterprise, group_id, int(seq))) for seq in group.get("waiting", ())
        ]
        return [run for run in runs if run is not None]

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Run | None:
        """Accept the group's oldest Waiting run; see ``ports.Drops.begin``."""
        for _ in range(TRIES):
            group = self._group(enterprise, group_id)
            if group is None or not group.get("waiting"):
                return None
            waiting = [int(seq) for seq in group["waiting"]]
            key = RunKey(enterprise, group_id, waiting[0])
            if "activeRun" in group:
                for seq in waiting:
                    self._postpone(RunKey(enterprise, group_id, seq), now)
                return None
            if self._write(self._beginning(key, group, waiting, now)):
                return self._run(key)
        raise TryLaterError("the group is being changed all the time")

    def _opening(
        self, run: Run, drop: Drop, group: Item, superseded: list[int], now: datetime
    ) -> list[Item]:
        seen = [int(seq) for seq in group.get("waiting", ())]
        left = [seq for seq in seen if seq not in superseded] + [run.seq]
        same = "waiting = :seen" if seen else "(attribute_not_exists(waiting) OR waiting = :seen)"
        item = to_item(run) | {
            "openShard": open_shard(run.group_id),
            "openUntil": seconds(now + self._look_again),
        }
        once = {
            **_drop_key(drop),
            **marshal({"seq": run.seq, "expiresAt": seconds(now + REMEMBERED)}),
        }
        ends = [self._superseding(RunKey(*run.key[:2], seq), run.seq, now) for seq in superseded]
        return [
            self._update_group(
                run.key,
                "SET runSeq = :seq, waiting = :left",
                f"{STAYS} AND runSeq = :last AND version = :version AND {same}",
                {
                    ":seq": run.seq,
                    ":last": run.seq - 1,
                    ":left": left,
                    ":seen": seen,
                    ":version": group["version"],
                },
            ),
            self._put(run_key(run.key) | marshal(item)),
            self._put(once),
            *ends,
        ]

    def _superseding(self, key: RunKey, by: int, now: datetime) -> Item:
        reason = Reason(
            code="superseded",
            message=f"A later bundle (run {by}) holds all that this one held; it was not needed.",
        )
        run = self._run(key)
        assert run is not None
        return superseding(self._table, run, reason, now)

    def _beginning(self, key: RunKey, group: Item, waiting: list[int], now: datetime) -> list[Item]:
        # The group's settings may have changed while the bundle waited: those of now count.
        # So does its mark, if it has one by now: the bundle is not loaded then.
        marked = MARKED in group
        begun: dict[str, Any] = {
            **({":marked": True} if marked else {}),
            ":accepted": RunState.ACCEPTED.value,
            ":waiting": RunState.WAITING.value,
            ":config": structure(config_of(group)),
            ":until": seconds(now + self._look_again),
        }
        return [
            self._update_group(
                key,
                "SET activeRun = :seq, waiting = :left",
                f"{STAYS} AND attribute_not_exists(activeRun) AND "
                f"attribute_{'exists' if marked else 'not_exists'}({MARKED}) "
                "AND waiting = :seen AND version = :version",
                {
                    ":seq": key.seq,
                    ":left": waiting[1:],
                    ":seen": waiting,
                    ":version": group["version"],
                },
            ),
            {
                "Update": {
                    "TableName": self._table,
                    "Key": run_key(key),
                    "UpdateExpression": "SET #state = :accepted, config = :config, "
                    f"openUntil = :until{', marked = :marked' if marked else ''}",
                    "ConditionExpression": "#state = :waiting",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": marshal(begun),
                }
            },
        ]

    def _update_group(
        self, key: RunKey, update: str, condition: str, values: dict[str, Any]
    ) -> Item:
        return {
            "Update": {
                "TableName": self._table,
                "Key": group_key(key.enterprise, key.group_id),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": marshal(values),
            }
        }

    def _put(self, item: Item) -> Item:
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _write(self, actions: list[Item]) -> bool:
        """Write all or nothing; False if something has changed since it was read."""
        try:
            self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]  # dicts
        except ClientError as error:
            if refusals(error) is None and error.response["Error"]["Code"] not in _CONFLICTS:
                raise
            return False
        return True

    def _postpone(self, key: RunKey, now: datetime) -> None:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=run_key(key),
                UpdateExpression="SET openUntil = :until",
                ConditionExpression="#state = :waiting",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=marshal(
                    {
                        ":until": seconds(now + self._look_again),
                        ":waiting": RunState.WAITING.value,
                    }
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # it has begun meanwhile

    def _known(self, drop: Drop) -> Run | None:
        answer = self._client.get_item(
            TableName=self._table, Key=_drop_key(drop), ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        seq = int(unmarshal(answer["Item"])["seq"])
        return self._run(RunKey(drop.enterprise, drop.group_id, seq))

    def _run(self, key: RunKey) -> Run | None:
        answer = self._client.get_item(TableName=self._table, Key=run_key(key), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def _group(self, enterprise: EnterpriseId, group_id: GroupId) -> Item | None:
        answer = self._client.get_item(
            TableName=self._table, Key=group_key(enterprise, group_id), ConsistentRead=True
        )
        return unmarshal(answer["Item"]) if "Item" in answer else None


def _drop_key(drop: Drop) -> Item:
    """The item by which a drop is known again; an S3 key can be longer than a sort key."""
    place = drop.bundle.objects[0]
    name = sha256(f"{place.key}\x1f{place.version}".encode()).hexdigest()
    return {"pk": {"S": f"GROUP#{drop.group_id}"}, "sk": {"S": f"DROP#{name}"}}
