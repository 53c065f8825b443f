"""The deletion of groups in the ``control`` table: its beginning and its end."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.adapters.control_table.certificates import keep_certificate
from shared.adapters.control_table.group_claims import freed
from shared.adapters.control_table.group_item import DELETING, MARKED, read_group
from shared.adapters.control_table.groups import disown
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.control_table.run_item import (
    from_item,
    new_run,
    open_shard,
    seconds,
    structure,
    superseding,
    to_item,
    without_secrets,
)
from shared.adapters.dynamodb import Item, marshal, refusals
from shared.domain import timers
from shared.domain.errors import StoppedError, TryLaterError
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.deletion_certificate import Certificate
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Reason, Run, RunState, Trigger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRIES = 5
LATEST = "deletionRun"
"""The number of the last run that deletes the group: where another begins, it was given up."""
_CONFLICTS = {"TransactionCanceledException", "TransactionConflictException"}


class DynamoDeletions:
    """``Deletions`` over DynamoDB; ``resend_after`` is how long a leg may wait for its worker."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        resend_after: timedelta = timers.RESEND_AFTER,
    ) -> None:
        self._client = client
        self._table = table
        self._resend_after = resend_after

    def begin(self, enterprise: EnterpriseId, group_id: GroupId, person: str, now: datetime) -> Run:
        """Take the group from its runs; see ``ports.Deletions.begin``."""
        request = RunRequest(enterprise, group_id, Mode.DELETE, Trigger.REQUEST, person)
        for _ in range(TRIES):
            group = self._group(enterprise, group_id)
            under_way = (
                self._run(enterprise, group_id, group["activeRun"])
                if ("activeRun" in group)
                else None
            )
            if under_way is not None and under_way.mode is Mode.DELETE:
                return under_way
            waiting = [self._run(enterprise, group_id, seq) for seq in group.get("waiting", ())]
            stopped = [*([under_way] if under_way else []), *waiting]
            run = new_run(request, group, now)
            begun = {"state": RunState.ACCEPTED, "config": without_secrets(run.config)}
            if LATEST in group:
                # What it had counted is gone, and counts.
                begun["progress"] = self._run(enterprise, group_id, group[LATEST]).progress
            run = run.model_copy(update=begun)
            if self._write(self._beginning(run, group, stopped, now)):
                return run
        raise TryLaterError("the group is being changed all the time")

    def finish(self, key: RunKey, owner: str, group: Group, certificate: Certificate) -> None:
        """Delete the group itself; see ``ports.Deletions.finish``."""
        now = certificate.deleted_at
        close = {
            "Update": {
                "TableName": self._table,
                "Key": run_key(key),
                "UpdateExpression": "SET #state = :done, finishedAt = :now, openUntil = :seconds, "
                "counts = :counts "
                "REMOVE #owner, leaseUntil, #cursor",
                "ConditionExpression": "#state = :applying AND #owner = :owner",
                "ExpressionAttributeNames": {
                    "#state": "state",
                    "#owner": "owner",
                    "#cursor": "cursor",
                },
                "ExpressionAttributeValues": marshal(
                    {
                        ":done": RunState.SUCCEEDED.value,
                        ":now": now.isoformat(),
                        ":seconds": seconds(now),
                        ":counts": structure(certificate.counts),
                        ":applying": RunState.APPLYING.value,
                        ":owner": owner,
                    }
                ),
            }
        }
        delete = {
            "Delete": {
                "TableName": self._table,
                "Key": group_key(key.enterprise, key.group_id),
                "ConditionExpression": "activeRun = :seq",
                "ExpressionAttributeValues": marshal({":seq": key.seq}),
            }
        }
        freeing = [action for action, _ in freed(self._table, group)]
        ends = [disown(self._table, key.group_id), keep_certificate(self._table, certificate)]
        if not self._write([close, delete, *ends, *freeing]):
            raise StoppedError

    def _beginning(self, run: Run, group: Item, stopped: list[Run], now: datetime) -> list[Item]:
        reason = Reason(
            code="group_deleted", message=f"The group is being deleted (run {run.seq})."
        )
        active = (
            "activeRun = :active" if "activeRun" in group else "attribute_not_exists(activeRun)"
        )
        values = {
            ":seq": run.seq,
            ":last": run.seq - 1,
            ":now": now.isoformat(),
            ":version": group["version"],
        }
        if "activeRun" in group:
            values[":active"] = group["activeRun"]
        lock = {
            "Update": {
                "TableName": self._table,
                "Key": group_key(run.enterprise, run.group_id),
                "UpdateExpression": (
                    f"SET activeRun = :seq, runSeq = :seq, {LATEST} = :seq, "
                    f"{DELETING} = if_not_exists({DELETING}, :now) "
                    f"REMOVE waiting, #hold, {MARKED}, duePeriod, nextRunAt"
                ),
                "ConditionExpression": f"runSeq = :last AND version = :version AND {active}",
                "ExpressionAttributeNames": {"#hold": "hold"},
                "ExpressionAttributeValues": marshal(values),
            }
        }
        item = to_item(run) | {
            "openShard": open_shard(run.group_id),
            "openUntil": seconds(now + self._resend_after),
        }
        put = {
            "Put": {
                "TableName": self._table,
                "Item": run_key(run.key) | marshal(item),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        return [lock, put, *(superseding(self._table, old, reason, now) for old in stopped)]

    def _write(self, actions: list[Item]) -> bool:
        """Write all or nothing; False if something has changed since it was read."""
        try:
            self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]  # dicts
        except ClientError as error:
            if refusals(error) is None and error.response["Error"]["Code"] not in _CONFLICTS:
                raise
            return False
        return True

    def _group(self, enterprise: EnterpriseId, group_id: GroupId) -> Item:
        return read_group(self._client, self._table, enterprise, group_id, deleting=True)

    def _run(self, enterprise: EnterpriseId, group_id: GroupId, seq: int) -> Run:
        key = run_key(RunKey(enterprise, group_id, int(seq)))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return from_item(answer["Item"])
