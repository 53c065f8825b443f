"""Reading from DynamoDB: one item, or a query."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import ConditionBase

from shared.adapters.dynamodb.expressions import Expressions
from shared.adapters.dynamodb.values import Item, marshal, unmarshal
from shared.domain.errors import TryLaterError

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


MOST_AT_ONCE = 100
"""How many items BatchGetItem takes."""
BATCH_TRIES = 6
FIRST_WAIT_SECONDS = 0.05
"""How long to wait before asking again for what a batch left out; doubled each time."""


def get_many(
    client: "DynamoDBClient",
    table: str,
    keys: Sequence[Mapping[str, str]],
    wait: Callable[[float], None],
    only: Iterable[str] = (),
) -> Iterator[Item]:
    """Read items consistently, in no order; those that are not there are left out.

    What the table leaves out of a batch is asked for again, a few times.

    :param wait: waits for so many seconds.
    :param only: the attributes to read; without any all are read.
    :raises TryLaterError: the table is busy.
    """
    expressions = Expressions()
    expressions.only(only)
    how = {"ConsistentRead": True} | expressions.parameters()
    for first in range(0, len(keys), MOST_AT_ONCE):
        some = [marshal(key) for key in keys[first : first + MOST_AT_ONCE]]
        request: Item = {table: {"Keys": some} | how}
        for attempt in range(BATCH_TRIES):
            if attempt:
                wait(FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
            answer = client.batch_get_item(RequestItems=request)
            yield from map(unmarshal, answer["Responses"].get(table, []))
            request = dict(answer.get("UnprocessedKeys") or {})
            if not request:
                break
        else:
            raise TryLaterError("the table is busy")


@dataclass(frozen=True)
class Query:
    """A query of one partition of a table, or of an index.

    ``table``: the table.
    ``key``: the partition, and which of its sort keys.
    ``where``: a filter of the items that are read.
    ``only``: the attributes to read; without any, all are read.
    ``index``: the index to query; None for the table itself.
    ``after``: the key after which it begins.
    ``limit``: how many items are read at most.
    ``newest_first``: whether the sort keys descend.
    ``consistent``: whether it sees all writes that are done.
    """

    table: str
    key: ConditionBase
    where: ConditionBase | None = None
    only: Iterable[str] = ()
    index: str | None = None
    after: Mapping[str, str] | None = None
    limit: int | None = None
    newest_first: bool = False
    consistent: bool = False

    def parameters(self) -> Item:
        """The parameters of a call of ``query``, or of a paginator of it."""
        return (
            {"TableName": self.table}
            | _expressions(self.key, self.where, self.only)
            | ({"IndexName": self.index} if self.index else {})
            | ({"ExclusiveStartKey": marshal(self.after)} if self.after else {})
            | ({"Limit": self.limit} if self.limit else {})
            | ({"ScanIndexForward": False} if self.newest_first else {})
            | ({"ConsistentRead": True} if self.consistent else {})
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
