"""Keys of the ``control`` table (see docs/data-model.md)."""

from typing import TYPE_CHECKING

from shared.adapters.dynamodb import Item, marshal, unmarshal
from shared.domain.ids import EnterpriseId, GroupId, RunKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def group_key(enterprise: EnterpriseId, group_id: GroupId) -> Item:
    """The key of a group's item."""
    return {"pk": {"S": f"ENT#{enterprise}"}, "sk": {"S": f"GROUP#{group_id}"}}


def run_key(key: RunKey) -> Item:
    """The key of a run's item; the number is padded so that runs sort by it."""
    return {"pk": {"S": f"GROUP#{key.group_id}"}, "sk": {"S": f"RUN#{key.seq:010d}"}}


def batches_key(key: RunKey, sort_key: str) -> Item:
    """The key of one of the items that belong to a run's batches."""
    return {"pk": {"S": f"RUN#{key.group_id}#{key.seq}"}, "sk": {"S": sort_key}}


def enterprise_page(
    client: "DynamoDBClient",
    table: str,
    enterprise: EnterpriseId,
    prefix: str,
    limit: int,
    after: str | None,
) -> tuple[list[Item], str | None]:
    """One page of an enterprise's items of a kind, and the id after which the next begins."""
    pk = f"ENT#{enterprise}"
    start = {"ExclusiveStartKey": marshal({"pk": pk, "sk": prefix + after})} if after else {}
    answer = client.query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues=marshal({":pk": pk, ":prefix": prefix}),
        Limit=limit,
        **start,  # type: ignore[arg-type]
    )
    last = answer.get("LastEvaluatedKey")
    more = last["sk"]["S"].removeprefix(prefix) if last else None
    return [unmarshal(item) for item in answer["Items"]], more
