"""The stamp that shows whether a table was restored from a backup.

The group (table ``control``) and the roster table both keep it. A plan that begins to write changes
it in both at once. If the two differ, one of the tables was restored to an earlier moment, or is
another table.
"""

from pydantic import BaseModel, ConfigDict


class Stamp(BaseModel):
    """Names the last plan that began to write into a group's roster.

    ``order``: the number that the plan's writes carry.
    ``attempt``: the invocation that made the plan.
    ``shards``: over how many partitions the group's records of one type are spread.
    """

    model_config = ConfigDict(frozen=True)

    order: int
    attempt: str
    shards: int


def table_was_restored(group_stamp: Stamp | None, table_stamp: Stamp | None) -> bool:
    """Whether the group and the roster table come from different moments.

    Neither has a stamp before the first plan that writes; that is no difference.
    """
    return group_stamp != table_stamp
