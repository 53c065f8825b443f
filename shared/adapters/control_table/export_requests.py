"""Which exports have been asked for, in the ``control`` table; each is remembered for a day."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from shared.adapters.control_table.attributes import EXPIRES_AT, ExportRequestItem
from shared.adapters.control_table.keys import IS_NEW, export_request_key
from shared.adapters.dynamodb.actions import put
from shared.adapters.dynamodb.values import seconds
from shared.adapters.dynamodb.writes import try_write
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
        item = {
            **export_request_key(group_id, seq),
            ExportRequestItem.ASKED_AT: seconds(now),
            EXPIRES_AT: seconds(now + KEPT),
        }
        long_ago = Attr(ExportRequestItem.ASKED_AT).lte(seconds(now - timers.EXPORT_AGAIN))
        return try_write(self._client, put(self._table, item, IS_NEW | long_ago))
