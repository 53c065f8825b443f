"""The deletion of groups in the ``control`` table: its beginning and its end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.certificates import keep_certificate
from shared.adapters.control_table.end_run import end_run, supersede, without_secrets
from shared.adapters.control_table.group_claims import freed
from shared.adapters.control_table.group_item import waiting_of
from shared.adapters.control_table.groups import disown
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.control_table.new_run import new_run, put_run
from shared.adapters.control_table.read_group import read_group
from shared.adapters.control_table.run_item import from_item, structure
from shared.adapters.dynamodb.actions import Action, delete, update
from shared.adapters.dynamodb.expressions import IfUnset
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import Item
from shared.adapters.dynamodb.writes import REREADS, changes_too_fast, transact
from shared.domain import timers
from shared.domain.errors import StoppedError
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.deletion_certificate import Certificate
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Reason, Run, RunState, Trigger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
        for _ in range(REREADS):
            group = self._group(enterprise, group_id)
            active = group.get(GroupItem.ACTIVE_RUN)
            under_way = None if active is None else self._run(enterprise, group_id, active)
            if under_way is not None and under_way.mode is Mode.DELETE:
                return under_way
            waiting = [self._run(enterprise, group_id, seq) for seq in waiting_of(group)]
            stopped = [*([under_way] if under_way else []), *waiting]
            run = new_run(request, group, now)
            begun = {"state": RunState.ACCEPTED, "config": without_secrets(run.config)}
            if GroupItem.DELETION_RUN in group:
                # What it had counted is gone, and counts.
                before = self._run(enterprise, group_id, group[GroupItem.DELETION_RUN])
                begun["progress"] = before.progress
            run = run.model_copy(update=begun)
            if not transact(self._client, self._beginning(run, group, stopped, now)):
                return run
        raise changes_too_fast()

    def finish(self, key: RunKey, owner: str, group: Group, certificate: Certificate) -> None:
        """Delete the group itself; see ``ports.Deletions.finish``."""
        close = end_run(
            self._table,
            key,
            RunState.SUCCEEDED,
            certificate.deleted_at,
            Attr(RunItem.STATE).eq(RunState.APPLYING) & Attr(RunItem.OWNER).eq(owner),
            facts={RunItem.COUNTS: structure(certificate.counts)},
            config=None,  # it has had no secrets from the beginning
        )
        gone = delete(
            self._table,
            group_key(key.enterprise, key.group_id),
            Attr(GroupItem.ACTIVE_RUN).eq(key.seq),
        )
        freeing = [action for action, _ in freed(self._table, group)]
        ends = [disown(self._table, key.group_id), keep_certificate(self._table, certificate)]
        if transact(self._client, [close, gone, *ends, *freeing]):
            raise StoppedError

    def _beginning(
        self, run: Run, group: Item, stopped: Sequence[Run], now: datetime
    ) -> list[Action]:
        reason = Reason(
            code="group_deleted", message=f"The group is being deleted (run {run.seq})."
        )
        active = Attr(GroupItem.ACTIVE_RUN)
        seen = group.get(GroupItem.ACTIVE_RUN)
        lock = update(
            self._table,
            group_key(run.enterprise, run.group_id),
            {
                GroupItem.ACTIVE_RUN: run.seq,
                GroupItem.RUN_SEQ: run.seq,
                GroupItem.DELETION_RUN: run.seq,
                GroupItem.DELETING_SINCE: IfUnset(now.isoformat()),
            },
            removes=(
                GroupItem.WAITING,
                GroupItem.HOLD,
                GroupItem.MARKED_AT,
                GroupItem.DUE_PERIOD,
                GroupItem.NEXT_RUN_AT,
            ),
            condition=Attr(GroupItem.RUN_SEQ).eq(run.seq - 1)
            & Attr(GroupItem.VERSION).eq(group[GroupItem.VERSION])
            & (active.not_exists() if seen is None else active.eq(seen)),
        )
        put = put_run(self._table, run, now + self._resend_after)
        return [lock, put, *(supersede(self._table, old, reason, now) for old in stopped)]

    def _group(self, enterprise: EnterpriseId, group_id: GroupId) -> Item:
        return read_group(self._client, self._table, enterprise, group_id, deleting=True)

    def _run(self, enterprise: EnterpriseId, group_id: GroupId, seq: int) -> Run:
        item = get(self._client, self._table, run_key(RunKey(enterprise, group_id, int(seq))))
        assert item is not None, "runs of a group that is not ended are kept"
        return from_item(item)
