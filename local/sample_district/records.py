"""The records of a roster, and the district that holds them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

MODIFIED = "2026-08-01T06:00:00.000Z"
GUARDIANS = frozenset({"guardian", "parent", "relative"})


@dataclass(frozen=True)
class Record:
    """The fields that every record has."""

    sourced_id: str
    status: str = field(default="active", kw_only=True)
    modified: str = field(default=MODIFIED, kw_only=True)


@dataclass(frozen=True)
class Org(Record):
    """An organisation: the district or a school."""

    name: str
    type: str
    identifier: str
    parent: str | None = None


@dataclass(frozen=True)
class Session(Record):
    """A school year, a semester or a term."""

    title: str
    type: str
    start: str
    end: str
    school_year: str
    parent: str | None = None


@dataclass(frozen=True)
class Course(Record):
    """A course that the district offers."""

    title: str
    code: str
    grade: str
    subject: str
    org: str
    school_year: str


@dataclass(frozen=True)
class Class(Record):
    """A homeroom or a scheduled class."""

    title: str
    code: str
    type: str
    grade: str
    subject: str
    course: str
    school: str
    terms: tuple[str, ...]
    period: str
    location: str | None = None


@dataclass(frozen=True)
class User(Record):
    """A person; only 1.2 has the last two fields."""

    username: str
    given_name: str
    family_name: str
    role: str
    orgs: tuple[str, ...]
    identifier: str
    email: str | None
    grade: str | None = None
    enabled: bool = True
    agents: tuple[str, ...] = ()
    preferred_name: str | None = None
    primary_org: str | None = None


@dataclass(frozen=True)
class Enrollment(Record):
    """A user's membership in a class."""

    class_id: str
    school: str
    user: str
    role: str
    primary: bool | None
    begin: str | None
    end: str | None


_ATTRIBUTES = {
    "orgs": "orgs",
    "academicSessions": "sessions",
    "courses": "courses",
    "classes": "classes",
    "users": "users",
    "enrollments": "enrollments",
}
COLLECTIONS = tuple(_ATTRIBUTES)


@dataclass(frozen=True)
class District:
    """A whole roster, each collection in the order of sourcedId."""

    orgs: tuple[Org, ...]
    sessions: tuple[Session, ...]
    courses: tuple[Course, ...]
    classes: tuple[Class, ...]
    users: tuple[User, ...]
    enrollments: tuple[Enrollment, ...]
    year: int = field(default=2026, kw_only=True)

    def counts(self) -> dict[str, int]:
        """How many records a sync in the default scope (students and staff) loads."""
        guardians = {user.sourced_id for user in self.users if user.role in GUARDIANS}
        return {
            "partners": _present(self.orgs),
            "academicSessions": _present(self.sessions),
            "courses": _present(self.courses),
            "classes": _present(self.classes),
            "users": _present(u for u in self.users if u.sourced_id not in guardians),
            "enrollments": _present(e for e in self.enrollments if e.user not in guardians),
        }

    @property
    def client_partner_id(self) -> str:
        """The sourcedId of the district's own org."""
        return next(org.sourced_id for org in self.orgs if org.type == "district")

    def records(self, collection: str) -> tuple[Any, ...]:
        """One collection by its OneRoster name."""
        found: tuple[Any, ...] = getattr(self, _ATTRIBUTES[collection])
        return found

    def having(self, **collections: Iterable[Record]) -> "District":
        """Replace these collections, given by their OneRoster names, in the right order."""
        changed: dict[str, Any] = {
            _ATTRIBUTES[name]: tuple(sorted(records, key=lambda each: each.sourced_id))
            for name, records in collections.items()
        }
        return replace(self, **changed)


def _present(records: Iterable[Record]) -> int:
    return sum(record.status != "tobedeleted" for record in records)
