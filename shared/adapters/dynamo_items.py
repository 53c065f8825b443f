"""Keys and marshalling of the ``control`` table (see docs/data-model.md)."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from shared.domain.ids import EnterpriseId, GroupId, RunKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def group_key(enterprise: EnterpriseId, group_id: GroupId) -> Item:
    """The key of a group's item."""
    return {"pk": {"S": f"ENT#{enterprise}"}, "sk": {"S": f"GROUP#{group_id}"}}


def run_key(key: RunKey) -> Item:
    """The key of a run's item; the number is padded so that runs sort by it."""
    return {"pk": {"S": f"GROUP#{key.group_id}"}, "sk": {"S": f"RUN#{key.seq:010d}"}}


def batches_key(key: RunKey, sort_key: str) -> Item:
    """The key of one of the items that belong to a run's batches."""
    return {"pk": {"S": f"RUN#{key.group_id}#{key.seq}"}, "sk": {"S": sort_key}}


def marshal(values: Mapping[str, Any]) -> Item:
    """Turn plain values into DynamoDB attributes; None is left out."""
    return {name: _serializer.serialize(v) for name, v in values.items() if v is not None}


def unmarshal(item: Mapping[str, Any]) -> Item:
    """Turn DynamoDB attributes into plain values."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def as_json(value: Any) -> str:
    """Write a structure that is only ever read as a whole."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def refused(error: ClientError) -> bool:
    """Whether a single conditional write was refused by its condition."""
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def refusals(error: ClientError) -> list[Item | None] | None:
    """The old items of the refused actions of a transaction, None for actions that were fine.

    Returns None if the transaction failed for another reason than its conditions.
    """
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        return None
    reasons = error.response.get("CancellationReasons", [])
    if not any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
        return None
    return [
        unmarshal(reason.get("Item") or {})
        if reason.get("Code") == "ConditionalCheckFailed"
        else None
        for reason in reasons
    ]


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
