"""The runs of groups in the ``control`` table: their beginning, their legs, their end.

Every write is conditional on what it assumes (``run_steps``), so that a message that comes twice or
late, and a worker that was given up, change nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from shared.adapters.control_table.attributes import RunItem
from shared.adapters.control_table.group_item import group_runs_of
from shared.adapters.control_table.keys import (
    OPEN_RUNS,
    PK,
    RUNS,
    SK,
    group_partition,
    run_key,
    run_of_key,
    run_sort_key,
)
from shared.adapters.control_table.read_group import REREADS, changes_too_fast, read_group
from shared.adapters.control_table.run_item import OPEN_SHARDS, from_item
from shared.adapters.control_table.run_steps import (
    group_action,
    opening_actions,
    step_actions,
    take_step,
)
from shared.adapters.dynamodb.reads import Query, get
from shared.adapters.dynamodb.values import Item, seconds, unmarshal
from shared.adapters.dynamodb.writes import transact, try_write
from shared.domain import timers
from shared.domain.errors import StoppedError
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.life import end as ends
from shared.domain.run.life import work
from shared.domain.run.life.opening import GroupRuns, Opening, accepted, skipped
from shared.domain.run.life.transition import Transition
from shared.domain.run.requests import RunRequest
from shared.domain.run.results import NextLeg, RunEnd
from shared.domain.run.run import Reason, Run, RunState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
        return self._open(request, lambda group: accepted(request, group, now, self._resend_after))

    def skip(self, request: RunRequest, reason: Reason, now: datetime) -> Run:
        """Note that a run does not begin; see ``ports.Runs.skip``."""
        return self._open(request, lambda group: skipped(request, group, reason, now))

    def _open(self, request: RunRequest, opening_in: Callable[[GroupRuns], Opening]) -> Run:
        """Open a run in the group as it is; one that has changed meanwhile is looked at again."""
        for _ in range(REREADS):
            group = read_group(self._client, self._table, request.enterprise, request.group_id)
            opening = opening_in(group_runs_of(group))
            if not transact(self._client, opening_actions(self._table, opening)):
                return opening.run
        raise changes_too_fast()

    def get(self, key: RunKey) -> Run | None:
        """Read one run, consistently."""
        item = get(self._client, self._table, run_key(key))
        if item is None or item[RunItem.ENTERPRISE] != key.enterprise:
            return None
        return from_item(item)

    def history(self, group_id: GroupId, limit: int, before: int | None) -> Sequence[Run]:
        """Page through a group's runs, newest first."""
        high = f"{RUNS}~" if before is None else run_sort_key(before - 1)
        runs = Key(PK).eq(group_partition(group_id)) & Key(SK).between(RUNS, high)
        answer = self._client.query(
            **Query(self._table, runs, limit=limit, newest_first=True).parameters()
        )
        return [from_item(unmarshal(item)) for item in answer["Items"]]

    def overdue(self, now: datetime) -> Iterator[RunKey]:
        """Find the open or unannounced runs whose time is up, from the sparse index."""
        shards = (self._overdue(str(shard), now) for shard in range(OPEN_SHARDS))
        for item in merge(*shards, key=itemgetter(RunItem.OPEN_UNTIL)):
            yield RunKey(EnterpriseId(item[RunItem.ENTERPRISE]), *run_of_key(item))

    def _overdue(self, shard: str, now: datetime) -> Iterator[Item]:
        """One partition of the index, in the order of its sort key."""
        due = Key(RunItem.OPEN_SHARD).eq(shard) & Key(RunItem.OPEN_UNTIL).lt(seconds(now))
        pages = self._client.get_paginator("query").paginate(
            **Query(self._table, due, index=OPEN_RUNS).parameters()
        )
        for page in pages:
            yield from map(unmarshal, page["Items"])

    def sent(self, run: Run, now: datetime) -> None:
        """Note that a message was taken by its queue; see ``ports.Runs.sent``."""
        self._step(run.key, work.sent(run, now))

    # Legs

    def claim(
        self, key: RunKey, state: RunState, leg: int, owner: str, now: datetime
    ) -> Run | None:
        """Take a leg; see ``ports.Legs.claim``."""
        item = self._step(key, work.claimed(state, leg, owner, now, self._lease))
        return None if item is None else from_item(item)

    def beat(self, key: RunKey, owner: str, now: datetime, progress: dict[str, Any]) -> None:
        """Renew the lease and show progress."""
        self._step_or_stop(key, work.beaten(owner, now, self._lease, progress))

    def hand_on(self, key: RunKey, owner: str, now: datetime, step: NextLeg) -> int:
        """End this leg; see ``ports.Legs.hand_on``."""
        item = self._step_or_stop(key, work.handed_on(owner, now, self._resend_after, step))
        return from_item(item).leg

    def resend(self, run: Run, now: datetime, delay_seconds: int = 0) -> None:
        """Count that the run's message is about to be sent again; see ``ports.Legs.resend``."""
        self._step_or_stop(run.key, work.resent(run, now, self._resend_after, delay_seconds))

    def put_off(self, run: Run, now: datetime) -> None:
        """Look after this run again later; see ``ports.Legs.put_off``."""
        self._step(run.key, work.put_off(run, now, self._resend_after))

    def close(self, key: RunKey, now: datetime, end: RunEnd, owner: str | None = None) -> bool:
        """End an open run without moving the snapshot; see ``ports.Legs.close``."""
        run = self.get(key)
        if run is None:
            return False
        step = ends.closed(run, now, end, owner)
        return not transact(self._client, step_actions(self._table, key, step))

    def recorded(self, key: RunKey) -> bool:
        """Note that the run's end stands in the log; see ``ports.Legs.recorded``."""
        return self._step(key, ends.recorded()) is not None

    def published(self, key: RunKey) -> None:
        """Note that the run's end has been published; see ``ports.Legs.published``."""
        self._step_or_stop(key, ends.published())

    def announced(self, key: RunKey) -> None:
        """Note that all that follows the run's end is done: it leaves the index of open runs."""
        self._step_or_stop(key, ends.announced())

    def learn(self, key: RunKey, facts: dict[str, str]) -> None:
        """Remember at the group what was found out about its source; see ``ports.Legs.learn``."""
        step = work.learned(key, facts)
        try_write(self._client, group_action(self._table, key.enterprise, key.group_id, step))

    def _step(self, key: RunKey, step: Transition) -> Item | None:
        return take_step(self._client, self._table, key, step)

    def _step_or_stop(self, key: RunKey, step: Transition) -> Item:
        item = self._step(key, step)
        if item is None:
            raise StoppedError
        return item
