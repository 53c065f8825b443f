"""Reading a group from the ``control`` table, and what a write to it assumes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from shared.adapters.control_table.attributes import GroupItem
from shared.adapters.control_table.keys import IS_THERE, PK, group_key
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import Item
from shared.domain.errors import TryLaterError, group_not_found
from shared.domain.ids import EnterpriseId, GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STAYS = IS_THERE & Attr(GroupItem.DELETING_SINCE).not_exists()
"""The condition of a write: the group is there, and is not being deleted."""


REREADS = 5
"""How often a write that assumes what a group was is tried again, because the group has changed."""


def changes_too_fast() -> TryLaterError:
    """What is raised when the group has changed each time."""
    return TryLaterError("the group is being changed all the time")


def read_group(
    client: "DynamoDBClient",
    table: str,
    enterprise: EnterpriseId,
    group_id: GroupId,
    *,
    deleting: bool = False,
    only: Iterable[GroupItem] | None = None,
) -> Item:
    """Read a group's item, consistently.

    :param deleting: whether to return a group that is being deleted as well.
    :param only: the attributes to read; None reads all.
    :raises NotFoundError: no such group in this enterprise.
    """
    wanted = () if only is None else (PK, GroupItem.DELETING_SINCE, *only)
    item = get(client, table, group_key(enterprise, group_id), wanted)
    if not item or (GroupItem.DELETING_SINCE in item and not deleting):
        raise group_not_found()
    return item
