"""When the queues were last seen empty: one item of the ``control`` table."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.adapters.control_table.run_item import seconds
from shared.adapters.dynamodb import Item, marshal, unmarshal
from shared.ports.messaging import WorkQueue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY: Item = {"pk": {"S": "QUEUES"}, "sk": {"S": "EMPTIED"}}


class DynamoQueueWatch:
    """``QueueWatch`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def emptied(self) -> Mapping[WorkQueue, datetime]:
        """Read when each was last empty; see ``ports.QueueWatch.emptied``."""
        answer = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        seen = unmarshal(answer.get("Item", {}))
        return {
            queue: datetime.fromtimestamp(int(seen[queue.value]), UTC)
            for queue in WorkQueue
            if queue.value in seen
        }

    def saw_empty(self, queues: Iterable[WorkQueue], now: datetime) -> None:
        """Write down that these are empty now; see ``ports.QueueWatch.saw_empty``."""
        names = {f"#{queue.value}": queue.value for queue in queues}
        if not names:
            return
        self._client.update_item(
            TableName=self._table,
            Key=KEY,
            UpdateExpression=f"SET {', '.join(f'{name} = :now' for name in names)}",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=marshal({":now": seconds(now)}),
        )
