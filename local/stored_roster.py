"""Reads the roster table directly, without the API, for the demo and the tests.

The table has several kinds of items (docs/data-model.md): a group's records, content assigned to
them, and the enterprise's login names. Only records have a document and the number of their run.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from boto3.dynamodb.conditions import Attr

from local.stack import Stack
from shared.adapters.dynamodb.reads import scan
from shared.adapters.dynamodb.values import unmarshal
from shared.adapters.roster_table.keys import LETTERS, PK, group_prefix, letter_of_partition
from shared.domain.ids import GroupId

Json = dict[str, Any]


def stored_items(
    stack: Stack, group_id: str | None = None, only: Iterable[str] = ()
) -> Iterator[Json]:
    """Read every item of the table, or only a group's: its records and their content.

    :param only: the attributes to read; without any all are read.
    """
    of_group = Attr(PK).begins_with(group_prefix(GroupId(group_id))) if group_id else None
    paginator = stack.client("dynamodb").get_paginator("scan")
    for page in paginator.paginate(**scan(stack.roster_table, where=of_group, only=only)):
        yield from map(unmarshal, page["Items"])


def stored_records(stack: Stack, group_id: str, only: Iterable[str] = ()) -> list[Json]:
    """Read a group's records, including those that have left: items with a document."""
    letters = set(LETTERS.values())
    return [item for item in stored_items(stack, group_id, only) if letter_of(item) in letters]


def letter_of(item: Json) -> str:
    """The kind of a group's item: P, S, K, C, U or E for a record, CT for content."""
    return letter_of_partition(item[PK])
