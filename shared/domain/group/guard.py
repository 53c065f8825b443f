"""The guard decides from counts which deletions and changes of a run wait for a person.

``known`` counts the records in the roster before the run. A percentage means "more than", a minimum
"at least". No minimum lets most of a small place go (docs/decisions/0028).
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from shared.domain.described import Described, Kept
from shared.domain.request_body import Input


class HoldRule(StrEnum):
    """Why a record waits for a person."""

    PARTNER_GONE = "partner_gone"
    TOO_MANY_DELETED = "too_many_deleted"
    TOO_MANY_IN_SCHOOL = "too_many_in_school"
    TOO_MANY_ENROLLMENTS = "too_many_enrollments"
    TOO_MANY_OF_CLASS = "too_many_of_class"
    OUT_OF_SCOPE = "out_of_scope"
    MARKED = "marked"
    REKEYED = "rekeyed"
    WITH_HELD = "with_held"
    IDENTITIES_CHANGED = "identities_changed"
    ACCESS_LOST = "access_lost"
    ROSTER_MOVED = "roster_moved"
    TOO_MANY_NEW = "too_many_new"


Percent = Annotated[int, Field(ge=0, le=100, strict=True)]
Many = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]

_ALL = 100
_SMALLEST_PLACE = 3
"""From so many records on, more than half of them is too many, whatever the minimum is."""


class GuardFields(Described):
    """The thresholds above which deletions and changes wait for a person."""

    deleted_percent: Percent = Field(
        10,
        description="Users and classes wait when more than this percentage of the group's would be "
        "deleted.",
    )
    deleted_minimum: Many = Field(
        10,
        description="Fewer deletions than this do not wait for `deletedPercent` or "
        "`schoolPercent`, unless they are more than half of three or more.",
    )
    deleted_most: Many = Field(
        500,
        description="Users and classes wait when more than this many would be deleted, whatever "
        "the percentage.",
    )
    school_percent: Percent = Field(
        25,
        description="A school's users and classes wait when more than this percentage of them "
        "would be deleted.",
    )
    enrollment_percent: Percent = Field(
        20,
        description="Enrollments wait when more than this percentage of the group's would be "
        "deleted.",
    )
    enrollment_minimum: Many = Field(
        50,
        description="Fewer deletions than this do not wait for `enrollmentPercent`, unless they "
        "are more than half of three or more.",
    )
    class_percent: Percent = Field(
        50,
        description="A class's enrollments wait when more than this percentage of them would be "
        "deleted.",
    )
    class_size: Many = Field(
        3, description="A class with fewer enrollments than this never waits for `classPercent`."
    )
    changed_percent: Percent = Field(
        5,
        description="Users wait when more than this percentage of a school's or the group's would "
        "become other people.",
    )
    changed_minimum: Many = Field(
        10,
        description="Fewer such users than this do not wait for `changedPercent`, unless they "
        "are more than half of three or more.",
    )
    new_percent: Percent = Field(
        50,
        description="New orgs, and new users of a kind (pupils, staff), wait when they are more "
        "than this percentage of those that are known; at 100 they never do.",
    )
    new_minimum: Many = Field(
        10,
        description="Fewer new orgs or users than this never wait for `newPercent`.",
    )
    rekeyed_percent: Percent = Field(
        50,
        description="Records wait when more than this percentage of a kind would go while as many "
        "come: the source has probably given them new sourcedIds.",
    )
    rekeyed_minimum: Many = Field(
        10, description="Fewer such records than this never wait for `rekeyedPercent`."
    )


class GuardSettings(GuardFields, Kept):
    """The thresholds as they are kept. People write them, so misspelt names are refused."""

    model_config = ConfigDict(extra="forbid")


class GuardInput(GuardFields, Input):
    """The thresholds of the guard; those that are left out have their defaults."""


def _above(part: int, whole: int, percent: int, minimum: int) -> bool:
    most = whole >= _SMALLEST_PLACE and part * 2 > whole
    return (part >= minimum or most) and part * 100 > percent * whole


def too_many_deleted(gone: int, known: int, guard: GuardSettings) -> bool:
    """Tell whether the deletion of so many of a group's users, or current classes, must wait."""
    return gone > guard.deleted_most or _above(
        gone, known, guard.deleted_percent, guard.deleted_minimum
    )


def too_many_in_school(gone: int, known: int, guard: GuardSettings) -> bool:
    """Tell the same about one school."""
    return _above(gone, known, guard.school_percent, guard.deleted_minimum)


def too_many_enrollments(gone: int, known: int, guard: GuardSettings) -> bool:
    """Tell whether the deletion of so many enrollments in current classes must wait."""
    return _above(gone, known, guard.enrollment_percent, guard.enrollment_minimum)


def roster_moved(moved: int, known: int, guard: GuardSettings) -> bool:
    """Tell whether so many memberships of a school or group go to other classes that they wait."""
    return _above(moved, known, guard.school_percent, guard.deleted_minimum)


def too_many_of_class(gone: int, known: int, guard: GuardSettings) -> bool:
    """Tell the same about one class."""
    return known >= guard.class_size and _above(gone, known, guard.class_percent, 1)


def too_many_new(new: int, known: int, guard: GuardSettings) -> bool:
    """Tell whether so many new users of a kind, or orgs, must wait: a first load never does."""
    if guard.new_percent == _ALL or known == 0 or new < guard.new_minimum:
        return False
    return new * 100 > guard.new_percent * known


def too_many_changed(changed: int, known: int, guard: GuardSettings) -> bool:
    """Tell whether it must wait that so many users of a school or group become other people."""
    return _above(changed, known, guard.changed_percent, guard.changed_minimum)


def looks_rekeyed(gone: int, new: int, known: int, guard: GuardSettings) -> bool:
    """Tell whether most of a kind went and as many came: the same ones with new sourcedIds."""
    least = min(gone, new)
    return least >= guard.rekeyed_minimum and least * 100 > guard.rekeyed_percent * known
