"""The guard: which deletions and changes of a run wait for a person. Counts in, decisions out.

``known`` counts the records that the roster holds before the run. Every percentage is "more than",
every minimum "at least".
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


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


class GuardSettings(BaseModel):
    """The thresholds of a group's guard.

    Users and classes: above ``deleted_percent`` of the group's (and at least ``deleted_minimum``),
    or above ``deleted_most``, or above ``school_percent`` of one school's. Enrollments: above
    ``enrollment_percent`` (and at least ``enrollment_minimum``), or above ``class_percent`` of a
    class of ``class_size`` or more. Identities: above ``changed_percent`` of a school's or the
    group's users. Re-keying: above ``rekeyed_percent`` gone and as many new.
    """

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, extra="forbid"
    )

    deleted_percent: int = 10
    deleted_minimum: int = 10
    deleted_most: int = 500
    school_percent: int = 25
    enrollment_percent: int = 20
    enrollment_minimum: int = 50
    class_percent: int = 50
    class_size: int = 5
    changed_percent: int = 5
    changed_minimum: int = 10
    rekeyed_percent: int = 50
    rekeyed_minimum: int = 10


def _above(part: int, whole: int, percent: int, minimum: int) -> bool:
    return part >= minimum and part * 100 > percent * whole


def too_many_deleted(gone: int, known: int, guard: GuardSettings) -> bool:
    """Whether so many users (or classes that have not ended) of a group may not go unasked."""
    return gone > guard.deleted_most or _above(
        gone, known, guard.deleted_percent, guard.deleted_minimum
    )


def too_many_in_school(gone: int, known: int, guard: GuardSettings) -> bool:
    """The same for one school."""
    return _above(gone, known, guard.school_percent, guard.deleted_minimum)


def too_many_enrollments(gone: int, known: int, guard: GuardSettings) -> bool:
    """Whether so many enrollments of classes that have not ended may not go unasked."""
    return _above(gone, known, guard.enrollment_percent, guard.enrollment_minimum)


def too_many_of_class(gone: int, known: int, guard: GuardSettings) -> bool:
    """The same for one class."""
    return known >= guard.class_size and _above(gone, known, guard.class_percent, 1)


def too_many_changed(changed: int, known: int, guard: GuardSettings) -> bool:
    """Whether so many users of a school or group cannot have become somebody else in one run."""
    return _above(changed, known, guard.changed_percent, guard.changed_minimum)


def looks_rekeyed(gone: int, new: int, known: int, guard: GuardSettings) -> bool:
    """Whether most of a kind went and as many came: the same ones under other sourcedIds."""
    percent, minimum = guard.rekeyed_percent, guard.rekeyed_minimum
    return _above(gone, known, percent, minimum) and _above(new, known, percent, minimum)
