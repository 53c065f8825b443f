"""The runs of groups in the ``control`` table: the lock, the legs, the leases.

Every write is conditional on the state it assumes, so that a duplicate, a zombie or a late message
changes nothing. Times in conditions are whole seconds since the epoch.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.control_table.accept_run import accept, skip
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.control_table.run_item import (
    OPEN_SHARDS,
    ended_of,
    from_item,
    seconds,
    structure,
    without_secrets,
)
from shared.adapters.dynamodb import Item, as_json, marshal, refusals, refused, unmarshal
from shared.domain import timers
from shared.domain.errors import StoppedError
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.requests import RunRequest
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import OPEN_STATES, Reason, Run, RunState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ACCEPT_TRIES = 5


class DynamoRuns:
    """``Runs`` and ``Legs`` over DynamoDB.

    ``lease`` is how long an owner may be silent; ``resend_after`` how soon a run is looked at that
    nobody works on. Once its message had to be sent again, the next look is four times as far off,
    each time: from five minutes, the fifth has had its time after 28 hours.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        lease: timedelta = timers.LEASE,
        resend_after: timedelta = timers.RESEND_AFTER,
    ) -> None:
        self._client = client
        self._table = table
        self._lease = lease
        self._resend_after = resend_after

    # Runs

    def accept(self, request: RunRequest, now: datetime) -> Run:
        """Open a run; see ``ports.Runs.accept``."""
        return accept(self._client, self._table, request, now, self._resend_after)

    def skip(self, request: RunRequest, reason: Reason, now: datetime) -> Run:
        """Note that a run does not begin; see ``ports.Runs.skip``."""
        return skip(self._client, self._table, request, reason, now)

    def get(self, key: RunKey) -> Run | None:
        """Read one run, consistently."""
        answer = self._client.get_item(TableName=self._table, Key=run_key(key), ConsistentRead=True)
        item = answer.get("Item")
        if item is None or item["enterprise"]["S"] != key.enterprise:
            return None
        return from_item(item)

    def history(self, group_id: GroupId, limit: int, before: int | None) -> Sequence[Run]:
        """Page through a group's runs, newest first."""
        high = f"RUN#{before - 1:010d}" if before is not None else "RUN#~"
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :group AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues=marshal(
                {":group": f"GROUP#{group_id}", ":low": "RUN#", ":high": high}
            ),
            ScanIndexForward=False,
            Limit=limit,
        )
        return [from_item(item) for item in answer["Items"]]

    def overdue(self, now: datetime) -> Iterator[RunKey]:
        """Find the open or unannounced runs whose time is up, from the sparse index."""
        shards = (self._overdue(str(shard), now) for shard in range(OPEN_SHARDS))
        for item in merge(*shards, key=itemgetter("openUntil")):
            group_id = GroupId(item["pk"].removeprefix("GROUP#"))
            seq = int(item["sk"].removeprefix("RUN#"))
            yield RunKey(EnterpriseId(item["enterprise"]), group_id, seq)

    def _overdue(self, shard: str, now: datetime) -> Iterator[Item]:
        """One partition of the index, in the order of its sort key."""
        for page in self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="openRuns",
            KeyConditionExpression="openShard = :shard AND openUntil < :now",
            ExpressionAttributeValues=marshal({":shard": shard, ":now": seconds(now)}),
        ):
            yield from map(unmarshal, page["Items"])

    def sent(self, run: Run, now: datetime) -> None:
        """Note that a message was taken by its queue; see ``ports.Runs.sent``."""
        self._if_still(
            run,
            "SET sentAt = :now",
            "leg = :leg",
            {":now": seconds(now), ":leg": run.leg},
        )

    # Legs

    def claim(
        self, key: RunKey, states: frozenset[RunState], leg: int, owner: str, now: datetime
    ) -> Run | None:
        """Take a leg; see ``ports.Legs.claim``."""
        until = seconds(now + self._lease)
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=run_key(key),
                UpdateExpression=(
                    "SET #owner = :owner, leaseUntil = :until, openUntil = :until, "
                    "#state = :working, startedAt = if_not_exists(startedAt, :now)"
                ),
                ConditionExpression=(
                    f"enterprise = :enterprise AND leg = :leg AND #state IN ({_names(states)}) AND "
                    "createdAt > :oldest AND "
                    "(attribute_not_exists(#owner) OR #owner = :owner OR leaseUntil < :seconds)"
                ),
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues=marshal(
                    {
                        ":owner": owner,
                        ":until": until,
                        ":now": now.isoformat(),
                        ":seconds": seconds(now),
                        ":enterprise": key.enterprise,
                        ":leg": leg,
                        ":oldest": (now - timers.RUN_DEADLINE).isoformat(),
                        ":working": _working(states).value,
                        **_values(states),
                    }
                ),
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if refused(error):
                return None
            raise
        return from_item(answer["Attributes"])

    def beat(self, key: RunKey, owner: str, now: datetime, progress: dict[str, Any]) -> None:
        """Renew the lease and show progress."""
        until = seconds(now + self._lease)
        self._mine(
            key,
            owner,
            "SET leaseUntil = :until, openUntil = :until, progress = :progress",
            {":until": until, ":progress": as_json(progress)},
        )

    def hand_on(self, key: RunKey, owner: str, now: datetime, step: NextLeg) -> int:
        """End this leg; see ``ports.Legs.hand_on``."""
        until = now + self._resend_after + timedelta(seconds=step.delay_seconds)
        known = {":bundle": structure(step.bundle)} if step.bundle else {}
        attributes = self._mine(
            key,
            owner,
            "SET #state = :state, leg = leg + :one, #cursor = :cursor, progress = :progress, "
            f"openUntil = :until, resends = :zero{', bundle = :bundle' if known else ''} "
            "REMOVE #owner, leaseUntil, sentAt",
            {
                ":state": step.state.value,
                ":one": 1,
                ":zero": 0,
                ":cursor": as_json(step.cursor),
                ":progress": as_json(step.progress),
                ":until": seconds(until),
                **known,
            },
            {"#cursor": "cursor"},
        )
        return from_item(attributes).leg

    def resend(self, run: Run, now: datetime, delay_seconds: int = 0) -> None:
        """Count that the run's message is about to be sent again; see ``ports.Legs.resend``."""
        until = now + timedelta(seconds=delay_seconds)
        until += timers.wait_after(run.resends, self._resend_after)
        counted = self._if_still(
            run,
            "SET resends = resends + :one, openUntil = :until REMOVE sentAt",
            "resends = :seen AND openUntil < :now",
            {":one": 1, ":until": seconds(until), ":seen": run.resends, ":now": seconds(now)},
        )
        if not counted:
            raise StoppedError

    def put_off(self, run: Run, now: datetime) -> None:
        """Look after this run again later; see ``ports.Legs.put_off``."""
        self._if_still(
            run,
            "SET openUntil = :until",
            "attribute_exists(openShard) AND openUntil < :now",
            {":until": seconds(now + self._resend_after), ":now": seconds(now)},
        )

    def _if_still(self, run: Run, update: str, condition: str, values: dict[str, Any]) -> bool:
        """Update a run that is in the state in which it was seen; False if it is not."""
        still, states = "#state = :state", {":state": run.state.value}
        if run.state is RunState.UNKNOWN:  # the stored word is a newer version's
            known = frozenset(RunState)
            still, states = f"NOT #state IN ({_names(known)})", _values(known)
        try:
            self._client.update_item(
                TableName=self._table,
                Key=run_key(run.key),
                UpdateExpression=update,
                ConditionExpression=f"{still} AND {condition}",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=marshal(values | states),
            )
        except ClientError as error:
            if refused(error):
                return False
            raise
        return True

    def close(self, key: RunKey, now: datetime, end: RunEnd, owner: str | None = None) -> bool:
        """End an open run without moving the snapshot; see ``ports.Legs.close``."""
        run = self.get(key)
        if run is None or not run.open:
            return False
        known = {
            "reason": end.reason,
            "bundle": end.bundle,
            "notices": end.notices,
            "counts": end.counts,
        }
        facts = {name: value for name, value in known.items() if value}
        condition = f"#state IN ({_names(OPEN_STATES)}) AND "
        condition += "(attribute_not_exists(#owner) OR #owner = :owner OR leaseUntil < :seconds)"
        close_run = {
            "Update": {
                "TableName": self._table,
                "Key": run_key(key),
                "UpdateExpression": (
                    "SET #state = :state, finishedAt = :now, config = :config, "
                    f"openUntil = :seconds{''.join(f', {name} = :{name}' for name in facts)} "
                    "REMOVE #owner, leaseUntil, #cursor"
                ),
                "ConditionExpression": condition,
                "ExpressionAttributeNames": _NAMES | {"#cursor": "cursor"},
                "ExpressionAttributeValues": marshal(
                    {
                        ":state": end.state.value,
                        ":now": now.isoformat(),
                        ":seconds": seconds(now),
                        ":config": structure(without_secrets(run.config)),
                        ":owner": owner or "-",
                        **{f":{name}": structure(value) for name, value in facts.items()},
                        **_values(OPEN_STATES),
                    }
                ),
            }
        }
        ended = ended_of(run, end.state, end.reason, now)
        remember = "SET lastEnded = :lastEnded " if ended else ""
        release = {
            "Update": {
                "TableName": self._table,
                "Key": group_key(key.enterprise, key.group_id),
                "UpdateExpression": f"{remember}REMOVE activeRun",
                "ConditionExpression": "activeRun = :seq",
                "ExpressionAttributeValues": marshal(
                    {":seq": key.seq, **{f":{name}": value for name, value in ended.items()}}
                ),
            }
        }
        try:
            self._client.transact_write_items(TransactItems=[close_run, release])  # type: ignore[list-item]
        except ClientError as error:
            if refusals(error) is not None:
                return False
            raise
        return True

    def recorded(self, key: RunKey) -> bool:
        """Note that the run's end stands in the log; see ``ports.Legs.recorded``."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=run_key(key),
                UpdateExpression="SET recorded = :yes",
                ConditionExpression="attribute_exists(pk) AND attribute_not_exists(recorded)",
                ExpressionAttributeValues=marshal({":yes": True}),
            )
        except ClientError as error:
            if not refused(error):
                raise
            return False
        return True

    def published(self, key: RunKey) -> None:
        """Note that the run's end has been published; see ``ports.Legs.published``."""
        self._client.update_item(
            TableName=self._table,
            Key=run_key(key),
            UpdateExpression="SET published = :yes",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues=marshal({":yes": True}),
        )

    def announced(self, key: RunKey) -> None:
        """Note that all that follows the run's end is done: it leaves the index of open runs."""
        self._client.update_item(
            TableName=self._table,
            Key=run_key(key),
            UpdateExpression="REMOVE openShard, openUntil, supersedes",
            ConditionExpression=f"NOT #state IN ({_names(OPEN_STATES)})",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues=marshal(_values(OPEN_STATES)),
        )

    def learn(self, key: RunKey, facts: dict[str, str]) -> None:
        """Remember at the group what was found out about its source; see ``ports.Legs.learn``."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=group_key(key.enterprise, key.group_id),
                UpdateExpression="SET learned = :facts",
                ConditionExpression="activeRun = :seq",
                ExpressionAttributeValues=marshal({":facts": facts, ":seq": key.seq}),
            )
        except ClientError as error:
            if not refused(error):
                raise

    def _mine(
        self,
        key: RunKey,
        owner: str,
        update: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> Item:
        """Update a run that is this owner's, or raise StoppedError."""
        send = partial(
            self._client.update_item,
            TableName=self._table,
            Key=run_key(key),
            UpdateExpression=update,
            ConditionExpression=f"#owner = :owner AND #state IN ({_names(_OWNED)})",
            ExpressionAttributeNames=_NAMES | (names or {}),
            ExpressionAttributeValues=marshal(values | {":owner": owner, **_values(_OWNED)}),
            ReturnValues="ALL_NEW",
        )
        try:
            return send()["Attributes"]
        except ClientError as error:
            if refused(error):
                raise StoppedError from error
            raise


_NAMES = {"#owner": "owner", "#state": "state"}
_OWNED = frozenset({RunState.EXTRACTING, RunState.PLANNING, RunState.APPLYING})


def _names(states: frozenset[RunState]) -> str:
    return ", ".join(f":{state.name.lower()}" for state in sorted(states))


def _values(states: frozenset[RunState]) -> dict[str, str]:
    return {f":{state.name.lower()}": state.value for state in states}


def _working(states: frozenset[RunState]) -> RunState:
    """The state of a run whose leg somebody works on: that of the leg's kind."""
    [state] = states & _OWNED
    return state
