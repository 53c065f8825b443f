"""The expressions of a request to DynamoDB, with the placeholders of their names and values.

Every attribute goes by a placeholder, so that no name is a reserved word. Conditions are boto3's
(``Attr`` and ``Key``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder

from shared.adapters.dynamodb.values import Attributes, Item, marshal


@dataclass(frozen=True)
class IfUnset:
    """A value for an attribute that has none yet; otherwise it keeps its own."""

    value: Any


@dataclass(frozen=True)
class Plus:
    """Adds to the number that the attribute holds."""

    number: int


@dataclass(frozen=True)
class Appended:
    """Appends to the list that the attribute holds, or begins one."""

    values: list[Any]


class Expressions:
    """The expressions of one request."""

    def __init__(self) -> None:
        self._conditions = ConditionExpressionBuilder()
        self._parameters: Item = {}
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def where(
        self, parameter: str, condition: ConditionBase | None, *, of_key: bool = False
    ) -> None:
        """Add a condition as ``parameter``, such as ``FilterExpression``; None adds nothing."""
        if condition is None:
            return
        built = self._conditions.build_expression(condition, is_key_condition=of_key)
        self._parameters[parameter] = built.condition_expression
        self._names |= built.attribute_name_placeholders
        self._values |= built.attribute_value_placeholders

    def update(
        self,
        sets: Attributes,
        removes: Iterable[str],
        takes_out: Attributes,
    ) -> None:
        """Add what an update does; see ``actions.update``."""
        clauses = {
            "SET": [self._set(path, to) for path, to in sets.items() if to is not None],
            "REMOVE": [self._name(path) for path in removes],
            "DELETE": [f"{self._name(path)} {self._value(to)}" for path, to in takes_out.items()],
        }
        self._parameters["UpdateExpression"] = " ".join(
            f"{clause} {', '.join(parts)}" for clause, parts in clauses.items() if parts
        )

    def only(self, paths: Iterable[str]) -> None:
        """Read these attributes alone; without any all are read."""
        if names := [self._name(path) for path in paths]:
            self._parameters["ProjectionExpression"] = ", ".join(names)

    def parameters(self) -> Item:
        """The parameters of the request."""
        names, values = self._names, marshal(self._values)
        return (
            self._parameters
            | ({"ExpressionAttributeNames": names} if names else {})
            | ({"ExpressionAttributeValues": values} if values else {})
        )

    def _set(self, path: str, to: Any) -> str:
        name = self._name(path)
        match to:
            case IfUnset(value):
                return f"{name} = if_not_exists({name}, {self._value(value)})"
            case Plus(number):
                return f"{name} = {name} + {self._value(number)}"
            case Appended(values):
                begun = f"if_not_exists({name}, {self._value([])})"
                return f"{name} = list_append({begun}, {self._value(values)})"
            case _:
                return f"{name} = {self._value(to)}"

    def _name(self, path: str) -> str:
        places = []
        for part in path.split("."):
            places.append(f"#u{len(self._names)}")
            self._names[places[-1]] = part
        return ".".join(places)

    def _value(self, value: Any) -> str:
        place = f":u{len(self._values)}"
        self._values[place] = value
        return place
