"""Values as DynamoDB stores them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]
Attributes = Mapping[Any, Any]
"""Values by the names of their attributes, which are strings (or enums of them)."""

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def marshal(values: Attributes) -> Item:
    """Turn plain values into DynamoDB attributes; None is left out."""
    return {str(name): attribute_value(v) for name, v in values.items() if v is not None}


def attribute_value(value: Any) -> Item:
    """Turn a plain value into one of DynamoDB's, which name their type."""
    return dict(_serializer.serialize(value))


def unmarshal(item: Mapping[str, Any]) -> Item:
    """Turn DynamoDB attributes into plain values."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def as_json(value: Any) -> str:
    """Write a structure that is only ever read as a whole."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def seconds(moment: datetime) -> int:
    """A moment as whole seconds since the epoch, as TTL and indexes want it."""
    return int(moment.timestamp())
