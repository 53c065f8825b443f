"""Reading from DynamoDB: one item, or a query."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import ConditionBase

from shared.adapters.dynamodb.expressions import Expressions
from shared.adapters.dynamodb.values import Item, marshal, unmarshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def get(
    client: "DynamoDBClient", table: str, key: Mapping[str, str], only: Iterable[str] = ()
) -> Item | None:
    """Read an item, consistently; None if there is none.

    :param only: the attributes to read; without any all are read.
    """
    expressions = Expressions()
    expressions.only(only)
    answer = client.get_item(
        TableName=table, Key=marshal(key), ConsistentRead=True, **expressions.parameters()
    )
    return unmarshal(answer["Item"]) if "Item" in answer else None


def query(
    table: str,
    key: ConditionBase,
    *,
    where: ConditionBase | None = None,
    only: Iterable[str] = (),
    index: str | None = None,
    after: Mapping[str, str] | None = None,
    limit: int | None = None,
    newest_first: bool = False,
    consistent: bool = False,
) -> Item:
    """The parameters of a query, or of a paginator of it.

    :param where: what of the items that are read is given (a filter).
    :param only: the attributes to read; without any all are read.
    :param after: the key behind which it begins.
    """
    return (
        {"TableName": table}
        | _expressions(key, where, only)
        | ({"IndexName": index} if index else {})
        | ({"ExclusiveStartKey": marshal(after)} if after else {})
        | ({"Limit": limit} if limit else {})
        | ({"ScanIndexForward": False} if newest_first else {})
        | ({"ConsistentRead": True} if consistent else {})
    )


def scan(
    table: str,
    *,
    where: ConditionBase | None = None,
    only: Iterable[str] = (),
    consistent: bool = False,
) -> Item:
    """The parameters of a scan, or of a paginator of it; see ``query``."""
    return (
        {"TableName": table}
        | _expressions(None, where, only)
        | ({"ConsistentRead": True} if consistent else {})
    )


def _expressions(
    key: ConditionBase | None, where: ConditionBase | None, only: Iterable[str]
) -> Item:
    expressions = Expressions()
    expressions.where("KeyConditionExpression", key, of_key=True)
    expressions.where("FilterExpression", where)
    expressions.only(only)
    return expressions.parameters()
