"""The groups of the ``control`` table whose time has come, by the index ``dueGroups``."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, Key

from shared.adapters.control_table.attributes import GroupItem, RetentionItem
from shared.adapters.control_table.group_claims import NEW_RETENTION
from shared.adapters.control_table.keys import DUE_GROUPS, IS_NEW, group_of_key, retention_key
from shared.adapters.dynamodb.actions import delete
from shared.adapters.dynamodb.reads import Query
from shared.adapters.dynamodb.values import seconds, unmarshal
from shared.adapters.dynamodb.writes import try_write
from shared.domain.group.choices import Period
from shared.domain.ids import EnterpriseId, GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDueGroups:
    """``DueGroups`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def due(
        self, period: Period, tick: datetime
    ) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups that are due; see ``ports.DueGroups.due``."""
        yield from self._due(period.value, tick)

    def new_retentions(self, tick: datetime) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups with a new retention; see ``ports.DueGroups``."""
        yield from self._due(NEW_RETENTION, tick)

    def retention_kept(self, enterprise: EnterpriseId, group_id: GroupId, version: int) -> None:
        """Note that the retention of ``version`` is kept; see ``ports.DueGroups``."""
        kept = IS_NEW | Attr(RetentionItem.VERSION).lte(version)
        try_write(self._client, delete(self._table, retention_key(enterprise, group_id), kept))

    def _due(
        self, partition: str, tick: datetime
    ) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        due = Key(GroupItem.DUE_PERIOD).eq(partition) & Key(GroupItem.NEXT_RUN_AT).lte(
            seconds(tick)
        )
        pages = self._client.get_paginator("query").paginate(
            **Query(self._table, due, index=DUE_GROUPS).parameters()
        )
        for page in pages:
            yield [group_of_key(unmarshal(item)) for item in page["Items"]]
