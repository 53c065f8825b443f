"""The stamp by which a group and its part of the roster table know that they are of one history."""

from pydantic import BaseModel, ConfigDict


class Stamp(BaseModel):
    """Which plan was the last that began to write into a group's roster.

    The group (table ``control``) and the roster's table each keep it, and it changes in both at
    once. Where the two differ, one of the tables is not of the moment of the other. ``order`` is
    the number that the plan's writes bear, ``attempt`` the invocation that made it, ``shards`` over
    how many partitions a type of the group's records is spread.
    """

    model_config = ConfigDict(frozen=True)

    order: int
    attempt: str
    shards: int
