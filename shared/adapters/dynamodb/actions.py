"""Makes writes as DynamoDB takes them; ``writes`` carries them out, alone or together."""

from collections.abc import Iterable, Mapping

from boto3.dynamodb.conditions import ConditionBase

from shared.adapters.dynamodb.expressions import Expressions
from shared.adapters.dynamodb.values import Attributes, Item, marshal

Action = dict[str, Item]
"""One write: its kind (Put, Update, Delete, ConditionCheck) and its parameters."""
Key = Mapping[str, str]


def put(table: str, item: Attributes, condition: ConditionBase | None = None) -> Action:
    """Store an item with its key. It replaces the one that is there."""
    return {"Put": {"TableName": table, "Item": marshal(item)} | _if(condition)}


def update(
    table: str,
    key: Key,
    sets: Attributes | None = None,
    *,
    removes: Iterable[str] = (),
    takes_out: Attributes | None = None,
    condition: ConditionBase | None = None,
    tell_old: bool = False,
) -> Action:
    """Change attributes of an item. An item that is not there is created.

    :param sets: new values by attribute, or by path (``config.name``). A value may be ``IfUnset``,
        ``Plus`` or ``Appended``; None leaves the attribute as it is.
    :param removes: the attributes to remove.
    :param takes_out: what to remove from attributes that are sets. A set that is empty is removed.
    :param tell_old: whether a refusal tells what the item is (``WriteRefusedError.old``).
    """
    expressions = Expressions()
    expressions.where("ConditionExpression", condition)
    expressions.update(sets or {}, removes, takes_out or {})
    return {
        "Update": {"TableName": table, "Key": marshal(key)}
        | expressions.parameters()
        | _tell(tell_old)
    }


def delete(
    table: str, key: Key, condition: ConditionBase | None = None, *, tell_old: bool = False
) -> Action:
    """Delete an item, if it is there."""
    return {"Delete": {"TableName": table, "Key": marshal(key)} | _if(condition) | _tell(tell_old)}


def check(table: str, key: Key, condition: ConditionBase) -> Action:
    """Check a condition within a transaction, and write nothing."""
    return {"ConditionCheck": {"TableName": table, "Key": marshal(key)} | _if(condition)}


def _if(condition: ConditionBase | None) -> Item:
    expressions = Expressions()
    expressions.where("ConditionExpression", condition)
    return expressions.parameters()


def _tell(old: bool) -> Item:
    return {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if old else {}
