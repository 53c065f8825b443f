"""The deletion of groups in the ``control`` table: its beginning and its end."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.adapters.control_table.certificates import keep_certificate
from shared.adapters.control_table.group_claims import freed
from shared.adapters.control_table.group_item import group_runs_of
from shared.adapters.control_table.groups import disown
from shared.adapters.control_table.keys import group_key, run_key
from shared.adapters.control_table.read_group import REREADS, changes_too_fast, read_group
from shared.adapters.control_table.run_item import from_item
from shared.adapters.control_table.run_steps import group_condition, opening_actions, run_action
from shared.adapters.dynamodb.actions import delete
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.writes import transact
from shared.domain import timers
from shared.domain.errors import StoppedError
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.deletion_certificate import Certificate
from shared.domain.run.life.end import deleted
from shared.domain.run.life.opening import deletes, deletion_begun
from shared.domain.run.run import Run

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
        for _ in range(REREADS):
            item = read_group(self._client, self._table, enterprise, group_id, deleting=True)
            group = group_runs_of(item)
            active = self._run(enterprise, group_id, group.active_run)
            if active is not None and deletes(active):
                return active
            waiting = (self._run(enterprise, group_id, seq) for seq in group.waiting)
            opening = deletion_begun(
                (enterprise, group_id),
                person,
                group,
                [run for run in (active, *waiting) if run is not None],
                self._run(enterprise, group_id, group.deletion_run),
                now,
                self._resend_after,
            )
            if not transact(self._client, opening_actions(self._table, opening)):
                return opening.run
        raise changes_too_fast()

    def finish(self, key: RunKey, owner: str, group: Group, certificate: Certificate) -> None:
        """Delete the group itself; see ``ports.Deletions.finish``."""
        step = deleted(key, owner, certificate.deleted_at, certificate.counts)
        assert step.group is not None
        close = run_action(self._table, key, step)
        gone = delete(
            self._table, group_key(key.enterprise, key.group_id), group_condition(step.group)
        )
        freeing = [action for action, _ in freed(self._table, group)]
        ends = [disown(self._table, key.group_id), keep_certificate(self._table, certificate)]
        if transact(self._client, [close, gone, *ends, *freeing]):
            raise StoppedError

    def _run(self, enterprise: EnterpriseId, group_id: GroupId, seq: int | None) -> Run | None:
        if seq is None:
            return None
        item = get(self._client, self._table, run_key(RunKey(enterprise, group_id, seq)))
        assert item is not None, "runs of a group that is not ended are kept"
        return from_item(item)
