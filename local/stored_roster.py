"""Reads the roster table directly, without the API, for the demo and the tests.

The table has several kinds of items (docs/data-model.md): a group's records, content assigned to
them, and the enterprise's login names. Only records have a document and the number of their run.
"""

from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.stack import Stack
from shared.adapters.roster_table.keys import LETTERS

Json = dict[str, Any]


def stored_items(
    stack: Stack, group_id: str | None = None, fields: str | None = None
) -> Iterator[Json]:
    """Read every item of the table, or only a group's: its records and their content.

    :param fields: a projection of what to read, such as ``pk, doc.sourcedId``; None for all.
    """
    only: Json = {"ProjectionExpression": fields} if fields else {}
    if group_id is not None:
        only |= {
            "FilterExpression": "begins_with(pk, :group)",
            "ExpressionAttributeValues": {":group": {"S": f"{group_id}#"}},
        }
    read = TypeDeserializer().deserialize
    paginator = stack.client("dynamodb").get_paginator("scan")
    for page in paginator.paginate(TableName=stack.roster_table, **only):
        for item in page["Items"]:
            yield {name: read(value) for name, value in item.items()}


def stored_records(stack: Stack, group_id: str, fields: str | None = None) -> list[Json]:
    """Read a group's records, including those that have left: items with ``doc`` and ``seq``."""
    letters = set(LETTERS.values())
    return [item for item in stored_items(stack, group_id, fields) if letter_of(item) in letters]


def letter_of(item: Json) -> str:
    """The kind of a group's item: P, S, K, C, U or E for a record, CT for content."""
    return str(item["pk"]).split("#")[1]
