"""The six collections a roster is made of, in the order in which references point backwards."""

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
        """The name of this collection in counts and reads: an org becomes a partner."""
        return "partners" if self is Collection.ORGS else self.value


class CollectionStatus(StrEnum):
    """What an extractor says of a collection that it delivered.

    ``COMPLETE`` is proven: read to its end in the order of sourcedId. ``UNPROVEN`` was read to its
    end, but the server refused to sort, so that nothing may be concluded from an absence.
    """

    COMPLETE = "complete"
    UNPROVEN = "unproven"
    DELTA = "delta"
    ABSENT = "absent"
