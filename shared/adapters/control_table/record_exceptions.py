"""Exceptions for records in the ``control`` table, beside the runs of the group."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import ConditionBase, Key

from shared.adapters.control_table.attributes import EXPIRES_AT, ExceptionItem
from shared.adapters.control_table.keys import (
    EXCEPTIONS,
    IS_THERE,
    PK,
    SK,
    exception_key,
    group_partition,
)
from shared.adapters.dynamodb.actions import delete, put
from shared.adapters.dynamodb.reads import Query
from shared.adapters.dynamodb.values import Item, seconds, unmarshal
from shared.adapters.dynamodb.writes import try_write, write_item
from shared.domain.errors import exception_not_found, too_many_exceptions
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.roster.record_exception import LISTED_AFTER, MOST_EXCEPTIONS, RecordException
from shared.domain.run.deletion_certificate import Store, tally_name
from shared.ports.deletion import SweptPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE = 100
"""Items between two looks at the clock while a group is deleted: about a second."""


class DynamoRecordExceptions:
    """``RecordExceptions`` over DynamoDB, and their ``GroupSweeper``.

    ``most`` is how many a group can have. Two that are stored at the same moment can exceed it.
    """

    store = Store.CONTROL

    def __init__(
        self, client: "DynamoDBClient", table: str, *, most: int = MOST_EXCEPTIONS
    ) -> None:
        self._client = client
        self._table = table
        self._most = most

    def put(self, group_id: GroupId, exception: RecordException) -> bool:
        """Store an exception; see ``ports.RecordExceptions.put``."""
        item = _item(group_id, exception)
        if try_write(self._client, put(self._table, item, IS_THERE)):
            return False
        if self._count(group_id) >= self._most:
            raise too_many_exceptions(self._most)
        write_item(self._client, put(self._table, item))
        return True

    def list(
        self, group_id: GroupId, limit: int, after: str | None
    ) -> tuple[Sequence[RecordException], str | None]:
        """Read a page of exceptions, by their ids."""
        answer = self._client.query(
            **Query(
                self._table,
                _of_group(group_id),
                after=None if after is None else exception_key(group_id, after),
                limit=limit,
                consistent=True,
            ).parameters()
        )
        last = answer.get("LastEvaluatedKey")
        return (
            [_exception(unmarshal(item)) for item in answer["Items"]],
            unmarshal(last)[SK].removeprefix(EXCEPTIONS) if last else None,
        )

    def all(self, group_id: GroupId) -> Sequence[RecordException]:
        """Read all exceptions, in pages of 1 MB."""
        query = Query(self._table, _of_group(group_id), consistent=True).parameters()
        pages = self._client.get_paginator("query").paginate(**query)
        return [_exception(unmarshal(item)) for page in pages for item in page["Items"]]

    def remove(self, group_id: GroupId, exception_id: str) -> None:
        """Remove an exception; see ``ports.RecordExceptions.remove``."""
        gone = delete(self._table, exception_key(group_id, exception_id), IS_THERE)
        if not try_write(self._client, gone):
            raise exception_not_found()

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[SweptPage]:
        """Delete the exceptions of a group that is deleted; see ``ports.GroupSweeper.sweep``."""
        start: Item | None = None
        while True:
            answer = self._client.query(
                **Query(
                    self._table,
                    _of_group(group_id),
                    only=(PK, SK),
                    after=start,
                    limit=PAGE,
                    consistent=True,
                ).parameters()
            )
            items = [unmarshal(item) for item in answer["Items"]]
            new = [item for item in items if item[SK] > (counted or "")]
            tally = {tally_name(Store.CONTROL, "exceptions"): len(new)} if new else {}
            yield SweptPage(tally, items[-1][SK] if items else counted or "")
            for item in items:
                write_item(self._client, delete(self._table, item))
            if "LastEvaluatedKey" not in answer:
                return
            start = unmarshal(answer["LastEvaluatedKey"])

    def _count(self, group_id: GroupId) -> int:
        query = Query(self._table, _of_group(group_id)).parameters() | {"Select": "COUNT"}
        pages = self._client.get_paginator("query").paginate(**query)
        return sum(page["Count"] for page in pages)


def _of_group(group_id: GroupId) -> ConditionBase:
    return Key(PK).eq(group_partition(group_id)) & Key(SK).begins_with(EXCEPTIONS)


def _item(group_id: GroupId, exception: RecordException) -> Item:
    values = exception.model_dump(mode="json", by_alias=True)
    item: Item = {str(name): values[name] for name in ExceptionItem}
    if exception.ends_at is not None:
        item[EXPIRES_AT] = seconds(exception.ends_at + LISTED_AFTER)
    return exception_key(group_id, exception.exception_id) | item


def _exception(item: Item) -> RecordException:
    values = {str(name): item[name] for name in ExceptionItem if name in item}
    return RecordException.model_validate(values)
