"""When the queues were last seen empty: one item of the ``control`` table."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.adapters.control_table.keys import QUEUES_KEY
from shared.adapters.dynamodb.actions import update
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import seconds
from shared.adapters.dynamodb.writes import write_item
from shared.ports.messaging import WorkQueue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoQueueWatch:
    """``QueueWatch`` over DynamoDB; each queue has an attribute of its name."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def emptied(self) -> Mapping[WorkQueue, datetime]:
        """Read when each was last empty; see ``ports.QueueWatch.emptied``."""
        seen = get(self._client, self._table, QUEUES_KEY) or {}
        return {
            queue: datetime.fromtimestamp(int(seen[queue.value]), UTC)
            for queue in WorkQueue
            if queue.value in seen
        }

    def saw_empty(self, queues: Iterable[WorkQueue], now: datetime) -> None:
        """Write down that these are empty now; see ``ports.QueueWatch.saw_empty``."""
        if seen := {queue.value: seconds(now) for queue in queues}:
            write_item(self._client, update(self._table, QUEUES_KEY, seen))
