"""Connection tests in the ``control`` table; they are kept for a day."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.adapters.control_table.attributes import EXPIRES_AT, ConnectionTestItem
from shared.adapters.control_table.keys import IS_THERE, connection_test_key
from shared.adapters.dynamodb.actions import put, update
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import seconds
from shared.adapters.dynamodb.writes import try_write, write_item
from shared.domain.group.connection_test import ConnectionTest, Probe
from shared.domain.ids import EnterpriseId, GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(days=1)


class DynamoConnectionTests:
    """``ConnectionTests`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, test: ConnectionTest) -> None:
        """Write down that a test is under way."""
        item = {
            **connection_test_key(test.group_id, test.test_id),
            ConnectionTestItem.TEST: test.model_dump_json(),
            EXPIRES_AT: seconds(test.created_at + KEPT),
        }
        write_item(self._client, put(self._table, item))

    def get(
        self, enterprise: EnterpriseId, group_id: GroupId, test_id: str, now: datetime
    ) -> ConnectionTest | None:
        """Read a test. One that has expired is gone, even if the table still has it."""
        item = get(self._client, self._table, connection_test_key(group_id, test_id))
        if item is None:
            return None
        test = ConnectionTest.model_validate_json(item[ConnectionTestItem.TEST])
        expired = int(item[EXPIRES_AT]) <= seconds(now)
        return None if expired or test.enterprise != enterprise else test

    def finish(self, test: ConnectionTest, probes: tuple[Probe, ...], now: datetime) -> None:
        """Write down what was found; a test that has expired stays gone."""
        done = test.model_copy(update={"probes": probes, "finished_at": now})
        key = connection_test_key(test.group_id, test.test_id)
        found = {ConnectionTestItem.TEST: done.model_dump_json()}
        try_write(self._client, update(self._table, key, found, condition=IS_THERE))
