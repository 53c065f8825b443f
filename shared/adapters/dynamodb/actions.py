"""Writes as DynamoDB takes them: ``writes`` carries them out, alone or together."""

from collections.abc import Iterable, Mapping

from boto3.dynamodb.conditions import ConditionBase

from shared.adapters.dynamodb.expressions import Expressions
from shared.adapters.dynamodb.values import Attributes, Item, marshal

Action = dict[str, Item]
"""One write: its kind (Put, Update, Delete, ConditionCheck) and its parameters."""
Key = Mapping[str, str]


def put(table: str, item: Attributes, condition: ConditionBase | None = None) -> Action:
    """Store an item, its key included, in place of any that is there."""
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
    """Change attributes of an item, or begin it.

    :param sets: new values by attribute, or by path (``config.name``). A value may be ``IfUnset``,
        ``Plus`` or ``Appended``; None leaves the attribute as it is.
    :param removes: attributes that go.
    :param takes_out: what goes from attributes that are sets; an empty set is no attribute.
    :param tell_old: whether a refusal tells the item as it is.
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
    """Delete an item; one that is not there stays so."""
    return {"Delete": {"TableName": table, "Key": marshal(key)} | _if(condition) | _tell(tell_old)}


def check(table: str, key: Key, condition: ConditionBase) -> Action:
    """Only see, in a transaction, that a condition holds."""
    return {"ConditionCheck": {"TableName": table, "Key": marshal(key)} | _if(condition)}


def _if(condition: ConditionBase | None) -> Item:
    expressions = Expressions()
    expressions.where("ConditionExpression", condition)
    return expressions.parameters()


def _tell(old: bool) -> Item:
    return {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if old else {}
