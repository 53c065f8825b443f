"""The open batches of a planned run, and the commit, in the ``control`` table.

Open batches are sets of numbers, 256 to an item, and the run holds the set of items that are not
empty yet: striking out twice does nothing, where a counter would commit too early.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.control_table.group_item import MARKED
from shared.adapters.control_table.keys import batches_key, group_key, run_key
from shared.adapters.control_table.run_item import (
    ended_of,
    from_item,
    hold_of,
    seconds,
    structure,
    without_secrets,
)
from shared.adapters.dynamodb import Item, as_json, marshal, refusals, refused, unmarshal
from shared.adapters.roster_table.keys import stamp_key
from shared.domain import timers
from shared.domain.errors import StoppedError
from shared.domain.ids import RecordId, RunKey
from shared.domain.roster.collection import Collection
from shared.domain.roster.stamp import Stamp
from shared.domain.run.results import Commit, PlanResult, RosterBase, Unapplied
from shared.domain.run.run import Plan, Run, RunState, Snapshot

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCHES_PER_ITEM = 256
KEPT = timedelta(days=30)
"""How long the items of a run's batches stay; what is still uncertain then is in ``dirty``."""


class DynamoBatches:
    """``Batches`` over DynamoDB. ``quiet`` is how long a run being applied may stay untouched.

    Whoever plans names the ``roster`` table besides, which bears witness to the plan.
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
        answer = self._client.get_item(
            TableName=self._table,
            Key=group_key(key.enterprise, key.group_id),
            ConsistentRead=True,
            ProjectionExpression="#base, dirty, shards, #hold, stamp",
            ExpressionAttributeNames=_RESERVED,
        )
        group = unmarshal(answer.get("Item", {}))
        snapshot = group.get("base")
        return RosterBase(
            snapshot=Snapshot.model_validate_json(snapshot) if snapshot else None,
            dirty=tuple(group.get("dirty", ())),
            shards=int(group["shards"]) if "shards" in group else None,
            hold=hold_of(group),
            stamp=Stamp.model_validate_json(group["stamp"]) if "stamp" in group else None,
        )

    def open(self, key: RunKey, plan: Plan, now: datetime) -> None:
        """Write down which batches will be open."""
        for shard in range(_shards(plan)):
            first = shard * BATCHES_PER_ITEM
            numbers = set(range(first, min(first + BATCHES_PER_ITEM, plan.batches)))
            self._client.put_item(
                TableName=self._table,
                Item=_pending_key(key, plan, shard)
                | marshal({"pending": numbers, "expiresAt": seconds(now + KEPT)}),
            )

    def planned(self, key: RunKey, owner: str, now: datetime, result: PlanResult) -> None:
        """Take the run from Planning to Applying; see ``ports.Batches.planned``."""
        run = {
            "Update": {
                "TableName": self._table,
                "Key": run_key(key),
                "UpdateExpression": (
                    "SET #state = :applying, #plan = :plan, #counts = :counts, notices = :notices, "
                    "pendingShards = :shards, openUntil = :until, resends = :zero "
                    "REMOVE #owner, leaseUntil, #cursor, sentAt"
                ),
                "ConditionExpression": "#state = :planning AND #owner = :owner",
                "ExpressionAttributeNames": {
                    "#state": "state",
                    "#owner": "owner",
                    "#plan": "plan",
                    "#counts": "counts",
                    "#cursor": "cursor",
                },
                "ExpressionAttributeValues": marshal(
                    {
                        ":applying": RunState.APPLYING.value,
                        ":planning": RunState.PLANNING.value,
                        ":owner": owner,
                        ":plan": structure(result.plan),
                        ":counts": structure(result.counts),
                        ":notices": structure(result.notices),
                        ":shards": set(range(_shards(result.plan))),
                        ":until": seconds(now + self._quiet),
                        ":zero": 0,
                    }
                ),
            }
        }
        sets = (
            "SET dirty = list_append(if_not_exists(dirty, :none), :changes), "
            "shards = if_not_exists(shards, :spread)"
        )
        condition = "activeRun = :seq"
        values = {
            ":none": [],
            ":changes": [result.plan.changes_key],
            ":spread": result.plan.shards,
            ":seq": key.seq,
        }
        witness = []
        if result.stamp is not None:
            witness.append(self._bear_witness(key, now, result.stamp, result.seen))
            sets += ", stamp = :stamp"
            values[":stamp"] = structure(result.stamp)
            if (last := self._overtaken(key, result.stamp)) is not None:
                sets += ", runSeq = :order"
                condition += " AND runSeq = :last"
                values |= {":order": result.stamp.order, ":last": last}
        group = {
            "Update": {
                "TableName": self._table,
                "Key": group_key(key.enterprise, key.group_id),
                "UpdateExpression": sets,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": marshal(values),
            }
        }
        self._transact(run, group, *witness)

    def _bear_witness(self, key: RunKey, now: datetime, stamp: Stamp, seen: Stamp | None) -> Item:
        """The action by which the roster's table takes the stamp, if it says what was seen."""
        values = {":stamp": structure(stamp), ":now": now.isoformat()}
        condition = "attribute_not_exists(pk)"
        if seen is not None:
            # By what no two have alike: a newer version may have stored more in it.
            condition = "contains(stamp, :seen)"
            values[":seen"] = f'"attempt":{json.dumps(seen.attempt)}'
        return {
            "Update": {
                "TableName": self._roster,
                "Key": marshal(stamp_key(key.group_id)),
                "UpdateExpression": "SET stamp = :stamp, updatedAt = :now",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": marshal(values),
            }
        }

    def _overtaken(self, key: RunKey, stamp: Stamp) -> int | None:
        """The group's last number, if it lies below the stamp."""
        if stamp.order <= key.seq:
            return None
        answer = self._client.get_item(
            TableName=self._table,
            Key=group_key(key.enterprise, key.group_id),
            ConsistentRead=True,
            ProjectionExpression="runSeq",
        )
        last = int(unmarshal(answer.get("Item", {})).get("runSeq", 0))
        return last if last < stamp.order else None

    def touch(self, key: RunKey, now: datetime) -> Run | None:
        """Say that this run is being applied; None if it is not Applying (any more)."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=run_key(key),
                UpdateExpression="SET openUntil = :until",
                ConditionExpression="#state = :applying AND enterprise = :enterprise",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=marshal(
                    {
                        ":until": seconds(now + self._quiet),
                        ":applying": RunState.APPLYING.value,
                        ":enterprise": key.enterprise,
                    }
                ),
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if refused(error):
                return None
            raise
        return from_item(answer["Attributes"])

    def still_open(self, key: RunKey, plan: Plan) -> Sequence[int]:
        """List the batches that have not been finished."""
        numbers: list[int] = []
        for page in self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :run AND begins_with(sk, :pending)",
            ExpressionAttributeValues={
                ":run": batches_key(key, "")["pk"],
                ":pending": {"S": f"PEND#{plan.attempt}#"},
            },
            ConsistentRead=True,
        ):
            for item in page["Items"]:
                numbers.extend(int(number) for number in unmarshal(item).get("pending", ()))
        return sorted(numbers)

    def finish(self, key: RunKey, plan: Plan, batch: int) -> bool:
        """Strike out one batch; True once none is left open."""
        shard = batch // BATCHES_PER_ITEM
        left = self._client.update_item(
            TableName=self._table,
            Key=_pending_key(key, plan, shard),
            UpdateExpression="DELETE pending :batch",
            ExpressionAttributeValues=marshal({":batch": {batch}}),
            ReturnValues="ALL_NEW",
        )["Attributes"]
        if "pending" in left:
            return False
        try:
            run = self._client.update_item(
                TableName=self._table,
                Key=run_key(key),
                UpdateExpression="DELETE pendingShards :shard",
                ConditionExpression="#state = :applying",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=marshal(
                    {":shard": {shard}, ":applying": RunState.APPLYING.value}
                ),
                ReturnValues="ALL_NEW",
            )["Attributes"]
        except ClientError as error:
            if refused(error):
                return False
            raise
        return "pendingShards" not in run

    def note_unapplied(
        self, key: RunKey, batch: int, changes: Sequence[Unapplied], now: datetime
    ) -> None:
        """Remember changes that could not be applied."""
        entries = [[c.collection.value, c.id, c.code] for c in changes]
        self._client.put_item(
            TableName=self._table,
            Item=batches_key(key, f"UNAPPLIED#{batch:06d}")
            | marshal({"changes": as_json(entries), "expiresAt": seconds(now + KEPT)}),
        )

    def unapplied(self, key: RunKey) -> Sequence[Unapplied]:
        """List the changes that could not be applied."""
        found: list[Unapplied] = []
        for page in self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :run AND begins_with(sk, :unapplied)",
            ExpressionAttributeValues={
                ":run": batches_key(key, "")["pk"],
                ":unapplied": {"S": "UNAPPLIED#"},
            },
            ConsistentRead=True,
        ):
            for item in page["Items"]:
                found.extend(
                    Unapplied(Collection(collection), RecordId(id_), code)
                    for collection, id_, code in json.loads(unmarshal(item)["changes"])
                )
        return found

    def commit(self, key: RunKey, now: datetime, commit: Commit) -> None:
        """Close the run and move the group's pointer, in one transaction."""
        answer = self._client.get_item(TableName=self._table, Key=run_key(key), ConsistentRead=True)
        if "Item" not in answer:
            raise StoppedError
        run = from_item(answer["Item"])
        sets = (
            "SET #state = :closed, finishedAt = :now, config = :config, openUntil = :seconds, "
            "#snapshot = :snapshot"
        )
        condition = "#state = :applying"
        values: dict[str, Any] = {
            ":closed": commit.state.value,
            ":now": now.isoformat(),
            ":config": structure(without_secrets(run.config)),
            ":seconds": seconds(now),
            ":snapshot": structure(commit.snapshot),
        }
        if commit.owner is None:
            values[":applying"] = RunState.APPLYING.value
        else:
            condition = "#state = :planning AND #owner = :owner"
            values |= {":planning": RunState.PLANNING.value, ":owner": commit.owner}
        names = {
            "#state": "state",
            "#owner": "owner",
            "#cursor": "cursor",
            "#snapshot": "snapshot",
        }
        for name, value in (
            ("counts", structure(commit.counts) if commit.counts is not None else None),
            ("notices", structure(commit.notices) if commit.notices else None),
            ("reason", structure(commit.reason) if commit.reason else None),
            ("supersedes", list(commit.supersedes) or None),
            ("hold", structure(commit.hold) if commit.hold else None),
        ):
            if value is not None:
                sets += f", #{name} = :{name}"
                names[f"#{name}"] = name
                values[f":{name}"] = value
        close = {
            "Update": {
                "TableName": self._table,
                "Key": run_key(key),
                "UpdateExpression": f"{sets} REMOVE #owner, leaseUntil, #cursor, pendingShards",
                "ConditionExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": marshal(values),
            }
        }
        ended = ended_of(run, commit.state, commit.reason, now)
        remember = ", lastEnded = :lastEnded" if ended else ""
        move = {
            "Update": {
                "TableName": self._table,
                "Key": group_key(key.enterprise, key.group_id),
                "UpdateExpression": (
                    "SET #base = :base, baseAt = :now, dirty = :dirty, "
                    f"shards = if_not_exists(shards, :spread){remember}"
                    f"{', #hold = :hold REMOVE' if commit.hold else ' REMOVE #hold,'} activeRun"
                    f"{f', {MARKED}' if commit.unmark else ''}"
                    f"{', stamp' if commit.distrust else ''}"
                ),
                "ConditionExpression": "activeRun = :seq",
                "ExpressionAttributeNames": _RESERVED,
                "ExpressionAttributeValues": marshal(
                    {
                        ":base": structure(commit.snapshot),
                        ":now": now.isoformat(),
                        ":dirty": list(commit.dirty),
                        ":spread": commit.shards,
                        ":seq": key.seq,
                        **{f":{name}": value for name, value in ended.items()},
                        **({":hold": structure(commit.hold)} if commit.hold else {}),
                    }
                ),
            }
        }
        self._transact(close, move)

    def _transact(self, *actions: Item) -> None:
        try:
            self._client.transact_write_items(TransactItems=list(actions))  # type: ignore[arg-type]
        except ClientError as error:
            if refusals(error) is not None:
                raise StoppedError from error
            raise


_RESERVED = {"#base": "base", "#hold": "hold"}
"""Words that DynamoDB does not take in expressions."""


def _shards(plan: Plan) -> int:
    return -(-plan.batches // BATCHES_PER_ITEM)


def _pending_key(key: RunKey, plan: Plan, shard: int) -> Item:
    return batches_key(key, f"PEND#{plan.attempt}#{shard:04d}")
