"""The six collections of a roster, ordered so that references point backwards."""

from enum import StrEnum


class Collection(StrEnum):
    """A OneRoster collection; the value is its REST path and envelope key (1.2, table 3.1)."""

    ORGS = "orgs"
    ACADEMIC_SESSIONS = "academicSessions"
    COURSES = "courses"
    CLASSES = "classes"
    USERS = "users"
    ENROLLMENTS = "enrollments"

    @property
    def entity(self) -> str:
        """The collection's name in counts and reads: orgs are called partners."""
        return "partners" if self is Collection.ORGS else self.value


class CollectionStatus(StrEnum):
    """What an extractor knows about a collection it delivered.

    ``COMPLETE``: proven, because it was read to its end in the order of sourcedId.
    ``UNPROVEN``: read to its end, but not in that order, so a missing record proves nothing.
    ``DELTA``: only changes.
    ``ABSENT``: not delivered.
    """

    COMPLETE = "complete"
    UNPROVEN = "unproven"
    DELTA = "delta"
    ABSENT = "absent"
