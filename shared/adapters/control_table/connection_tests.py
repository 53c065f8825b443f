"""Connection tests in the ``control`` table; they are kept for a day."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.adapters.control_table.run_item import seconds
from shared.adapters.dynamodb import Item, marshal, refused, unmarshal
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
        values = {
            "test": test.model_dump_json(),
            "expiresAt": seconds(test.created_at + KEPT),
        }
        self._client.put_item(
            TableName=self._table, Item=_key(test.group_id, test.test_id) | marshal(values)
        )

    def get(
        self, enterprise: EnterpriseId, group_id: GroupId, test_id: str, now: datetime
    ) -> ConnectionTest | None:
        """Read a test; what has expired is gone, whenever the table gets to it."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(group_id, test_id), ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        item = unmarshal(answer["Item"])
        test = ConnectionTest.model_validate_json(item["test"])
        expired = int(item["expiresAt"]) <= seconds(now)
        return None if expired or test.enterprise != enterprise else test

    def finish(self, test: ConnectionTest, probes: tuple[Probe, ...], now: datetime) -> None:
        """Write down what was found; a test that has expired stays gone."""
        done = test.model_copy(update={"probes": probes, "finished_at": now})
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(test.group_id, test.test_id),
                UpdateExpression="SET #test = :test",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames={"#test": "test"},
                ExpressionAttributeValues=marshal({":test": done.model_dump_json()}),
            )
        except ClientError as error:
            if not refused(error):
                raise


def _key(group_id: GroupId, test_id: str) -> Item:
    return {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": f"TEST#{test_id}"}}
