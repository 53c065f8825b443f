"""What the roster table holds, read past the API: for the demonstration and the tests.

A table has several kinds of items (docs/data-model.md): records of a group, what is assigned to
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
    """Read every item of the table, or those that are a group's: records and assigned content.

    :param fields: what of them, if not all: a projection, ``pk, doc.sourcedId``.
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
    """Read a group's records, those that have left as well: items with ``doc`` and ``seq``."""
    letters = set(LETTERS.values())
    return [item for item in stored_items(stack, group_id, fields) if letter_of(item) in letters]


def letter_of(item: Json) -> str:
    """Name the kind of a group's item: P, S, K, C, U or E for a record, CT for content."""
    return str(item["pk"]).split("#")[1]
