"""Deletes what the ``roster`` table holds of a group."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.table import BatchWriter

from shared.adapters.dynamodb.actions import delete
from shared.adapters.dynamodb.reads import Query
from shared.adapters.dynamodb.values import Item, marshal, unmarshal
from shared.adapters.dynamodb.writes import try_write
from shared.adapters.roster_table.attributes import Doc, LoginItem, RecordItem
from shared.adapters.roster_table.keys import PK, SK, kinds_by_partition, login_key
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.deletion_certificate import Store, tally_name
from shared.ports.deletion import SweptPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE = 500
"""Items between two looks at the clock: about a second of deleting."""


class DynamoGroupSweeper:
    """``GroupSweeper`` over the roster table.

    All partitions that a group can have are looked into, whatever was fixed for it: a run that was
    stopped in the middle of a first load has written, and left no note of how many there are.
    """

    store = Store.ROSTER

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def sweep(
        self, enterprise: EnterpriseId, group_id: GroupId, counted: str | None
    ) -> Iterator[SweptPage]:
        """Delete the records of a group, and the login names of its users."""
        noted, until = json.loads(counted) if counted else (None, "")
        for partition, kind in kinds_by_partition(group_id):
            start: Item | None = None
            while True:
                answer = self._client.query(
                    **Query(
                        self._table,
                        Key(PK).eq(partition),
                        only=(PK, SK, RecordItem.ID, Doc.LOGIN_NAME),
                        after=start,
                        limit=PAGE,
                        consistent=True,
                    ).parameters()
                )
                items = [unmarshal(item) for item in answer["Items"]]
                new = [each for each in items if partition != noted or each[SK] > until]
                end = items[-1][SK] if items else ""
                if partition == noted:
                    # What was noted up to here stays noted, though little of it may be left.
                    end = max(end, until)
                yield SweptPage(_tally(kind, new), json.dumps([partition, end]))
                self._delete(enterprise, items)
                if "LastEvaluatedKey" not in answer:
                    break
                start = unmarshal(answer["LastEvaluatedKey"])

    def _delete(self, enterprise: EnterpriseId, items: list[Item]) -> None:
        # The names first: once the users are gone, nobody knows which names were theirs.
        for item in items:
            name = _login_name(item)
            if name is not None:
                his = Attr(LoginItem.USER_ID).eq(item[RecordItem.ID])
                try_write(self._client, delete(self._table, login_key(enterprise, name), his))
        with BatchWriter(self._table, self._client) as batch:
            for item in items:
                batch.delete_item(marshal({PK: item[PK], SK: item[SK]}))


def _tally(kind: str, items: list[Item]) -> Counter[str]:
    names = sum(_login_name(item) is not None for item in items)
    found = Counter({tally_name(Store.ROSTER, kind): len(items)})
    if names:
        found[tally_name(Store.ROSTER, "loginNames")] = names
    return +found


def _login_name(item: Item) -> str | None:
    document, field = Doc.LOGIN_NAME.split(".")
    name: str | None = item.get(document, {}).get(field)
    return name
