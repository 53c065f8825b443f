"""What a group that is being deleted has left in the ``roster`` table."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.table import BatchWriter
from botocore.exceptions import ClientError

from shared.adapters.dynamo_items import Item, marshal, refused
from shared.adapters.roster_keys import login_key, partitions
from shared.domain.ids import EnterpriseId, GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE = 500
"""Items between two looks at the clock: about a second of deleting."""


class DynamoRemains:
    """``Remains`` over the roster table.

    All partitions that a group can have are looked into, whatever was fixed for it: a run that was
    stopped in the middle of a first load has written, and left no note of how many there are.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def sweep(self, enterprise: EnterpriseId, group_id: GroupId) -> Iterator[int]:
        """Delete the records of a group, and the login names of its users."""
        for partition in partitions(group_id):
            start: dict[str, Any] = {}
            while True:
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues=marshal({":pk": partition}),
                    ProjectionExpression="pk, sk, id, doc.loginName",
                    Limit=PAGE,
                    ConsistentRead=True,
                    **start,
                )
                yield self._delete(enterprise, answer["Items"])
                if "LastEvaluatedKey" not in answer:
                    break
                start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _delete(self, enterprise: EnterpriseId, items: list[Item]) -> int:
        # The names first: once the users are gone, nobody knows which names were theirs.
        for item in items:
            name = item.get("doc", {}).get("M", {}).get("loginName", {}).get("S")
            if name is not None:
                self._free(login_key(enterprise, name), item["id"])
        with BatchWriter(self._table, self._client) as batch:
            for item in items:
                batch.delete_item({"pk": item["pk"], "sk": item["sk"]})
        return len(items)

    def _free(self, key: dict[str, str], user: Item) -> None:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=marshal(key),
                ConditionExpression="userId = :id",
                ExpressionAttributeValues={":id": user},
            )
        except ClientError as error:
            if not refused(error):
                raise
