"""What became of the records of a run, in numbers."""

from pydantic import Field

from shared.domain.described import Described, Kept
from shared.domain.roster.collection import Collection


class CountFields(Described):
    """What became of one kind of record in a run."""

    created: int = Field(0, description="How many records are new.")
    updated: int = Field(0, description="How many records were changed.")
    deleted: int = Field(0, description="How many records were deleted.")
    restored: int = Field(0, description="How many deleted records came back.")
    ended: int = Field(
        0, description="How many classes and enrollments ended, so that they are past from now on."
    )
    rekeyed: int = Field(
        0, description="How many users came with a new sourcedId, and were recognized."
    )
    unchanged: int = Field(0, description="How many records in the roster are as they were.")
    rejected: int = Field(
        0, description="How many rows were not loaded; the error report says why."
    )
    held: int = Field(
        0,
        description="How many records in the roster wait for a person to decide. `created`, "
        "`updated`, `restored`, `rekeyed`, `unchanged`, `held` and `kept` together are the records "
        "in the roster after the run.",
    )
    kept: int = Field(
        0,
        description="How many records stay as they are in the roster because a person has "
        "rejected their deletion or change.",
    )
    held_new: int = Field(
        0,
        description="How many records wait for a person to decide before they come into the "
        "roster.",
    )
    kept_new: int = Field(
        0, description="How many records stay out because a person has rejected them."
    )
    left_out: int = Field(
        0,
        description="How many records that the source has stay out because of an exception. In the "
        "run in which they leave, they count as `deleted`, too.",
    )


class EntityCounts(CountFields, Kept):
    """The counts as a run keeps them; fixed by the plan, never counted by workers."""


Counts = dict[str, EntityCounts]
"""By entity name (``Collection.entity``)."""


def no_counts() -> Counts:
    """The counts of a run that has not been planned."""
    return {collection.entity: EntityCounts() for collection in Collection}
