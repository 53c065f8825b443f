"""Values as DynamoDB stores them, and what it says when it refuses a write."""

import json
from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

Item = dict[str, Any]

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


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
