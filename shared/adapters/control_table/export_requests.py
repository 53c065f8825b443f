"""Which exports have been asked for, in the ``control`` table; each is remembered for a day."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.adapters.control_table.run_item import seconds
from shared.adapters.dynamodb import Item, marshal, refused
from shared.domain import timers
from shared.domain.ids import GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(days=1)


class DynamoExportRequests:
    """``ExportRequests`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def first(self, group_id: GroupId, seq: int, now: datetime) -> bool:
        """Note that an export is asked for; see ``ports.ExportRequests.first``."""
        asked = {"askedAt": seconds(now), "expiresAt": seconds(now + KEPT)}
        before = seconds(now - timers.EXPORT_AGAIN)
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_key(group_id, seq) | marshal(asked),
                ConditionExpression="attribute_not_exists(pk) OR askedAt <= :before",
                ExpressionAttributeValues=marshal({":before": before}),
            )
        except ClientError as error:
            if refused(error):
                return False
            raise
        return True


def _key(group_id: GroupId, seq: int) -> Item:
    return {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": f"EXPORT#{seq:010d}"}}
