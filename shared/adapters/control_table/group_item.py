"""The group's item in the ``control`` table, and whether the group is on its way out.

``DELETING`` is written when a deletion begins, and stands until the item itself goes; ``MARKED`` is
what a person has said of the roster alone. Both are named here alone: who reads a group, and who
makes a write depend on it, asks in these words.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.adapters.control_table.keys import group_key
from shared.adapters.dynamodb import Item, unmarshal
from shared.domain.errors import NotFoundError
from shared.domain.ids import EnterpriseId, GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DELETING = "deletingSince"
"""Since when the group is being deleted; a group without it is not."""

MARKED = "markedAt"
"""Since when the group's roster is marked for deletion."""

STAYS = f"attribute_exists(pk) AND attribute_not_exists({DELETING})"
"""The condition of a write: the group is there, and is not being deleted."""


def no_group() -> NotFoundError:
    """What is said of a group that is not there, is another's, or is being deleted."""
    return NotFoundError("group_not_found", "There is no such group.")


def read_group(
    client: "DynamoDBClient",
    table: str,
    enterprise: EnterpriseId,
    group_id: GroupId,
    *,
    deleting: bool = False,
    only: Mapping[str, Any] | None = None,
) -> Item:
    """Read a group's item, consistently; one that is being deleted only for who says so.

    ``only`` are attributes, each by its placeholder in an expression; without it all are read.

    :raises NotFoundError: no such group in this enterprise.
    """
    projection: dict[str, Any] = {}
    if only is not None:
        names = {"#pk": "pk", "#deleting": DELETING, **only}
        projection = {
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
    answer = client.get_item(
        TableName=table, Key=group_key(enterprise, group_id), ConsistentRead=True, **projection
    )
    item = unmarshal(answer.get("Item", {}))
    if not item or (DELETING in item and not deleting):
        raise no_group()
    return item
