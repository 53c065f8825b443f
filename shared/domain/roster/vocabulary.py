"""OneRoster's closed vocabularies (1.1 and 1.2 together). Case and surrounding spaces are ignored.

A term that begins with ``ext:`` is an extension, which 1.2 allows; it is kept unchanged.
"""

import re

_EXTENSION = re.compile(r"ext:[a-zA-Z0-9._-]+")


def _terms(*terms: str) -> dict[str, str]:
    return {term.casefold(): term for term in terms}


ORG_TYPES = _terms("department", "district", "local", "national", "school", "state")
SESSION_TYPES = _terms("gradingPeriod", "semester", "schoolYear", "term")
CLASS_TYPES = _terms("homeroom", "scheduled")
ROLES = _terms(
    "administrator",  # 1.1; in 1.2 only for enrollments
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    "student",
    "systemAdministrator",
    "teacher",
)
ROLE_TYPES = _terms("primary", "secondary")
BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

ACTIVE, INACTIVE, TO_BE_DELETED = "active", "inactive", "tobedeleted"
STATUSES = (ACTIVE, INACTIVE, TO_BE_DELETED)
"""The values of ``status``, in lower case: a record is compared without regard to case.

``inactive`` is from OneRoster 1.0, and still sent. Blank means active.
"""


def gone_statuses(*, users: bool) -> tuple[str, ...]:
    """The values of ``status`` that say that a record is gone.

    An inactive user is disabled and present. Anything else that is inactive is gone: no reader of
    the roster can disable a class or an enrollment.

    :param users: whether it is the status of a user.
    """
    return (TO_BE_DELETED,) if users else (TO_BE_DELETED, INACTIVE)


STUDENT_ROLE = "student"
GUARDIAN_ROLES = ("guardian", "parent", "relative")


def term(text: str, vocabulary: dict[str, str]) -> str | None:
    """Return the canonical spelling of ``text``, or None if the vocabulary does not know it."""
    stripped = text.strip()
    if known := vocabulary.get(stripped.casefold()):
        return known
    return stripped if _EXTENSION.fullmatch(stripped) else None
