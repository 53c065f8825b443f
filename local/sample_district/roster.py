"""The sample district's roster, generated from a seed; the same seed gives the same district."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

PUPILS_PER_SCHOOL = 600
PUPILS_PER_HOMEROOM = 25
SUBJECTS = ("Mathematics", "English", "Science")
GRADES = tuple(f"{grade:02d}" for grade in range(1, 9))
_GIVEN = """
    Ada Ben Chloé Daan Elif Finn Grace Hugo Inès José Kaito Lena Mila Noor Oskar Priya Quinn Rosa
    Søren Tara Uma Viktor Wanda Xaver Yara Zoë
""".split()  # noqa: SIM905
_FAMILY = """
    Abbott Brandt Castillo Dubois Eriksen Fischer García Haddad Ivanova Jansen Kowalski López
    Müller Nakamura O'Neill Petrov Quist Rossi Singh Tanaka Usman Vasquez Weber Xu Yilmaz Zając
""".split()  # noqa: SIM905


@dataclass(frozen=True)
class Org:
    """An organisation: the district or a school."""

    sourced_id: str
    name: str
    type: str
    identifier: str
    parent: str | None = None


@dataclass(frozen=True)
class Session:
    """A school year or a term."""

    sourced_id: str
    title: str
    type: str
    start: str
    end: str
    school_year: str
    parent: str | None = None


@dataclass(frozen=True)
class Course:
    """A course that the district offers."""

    sourced_id: str
    title: str
    code: str
    grade: str
    org: str
    school_year: str


@dataclass(frozen=True)
class Class:
    """A homeroom or a scheduled class."""

    sourced_id: str
    title: str
    code: str
    type: str
    grade: str
    course: str
    school: str
    terms: tuple[str, ...]
    period: str


@dataclass(frozen=True)
class User:
    """A person; ``orgs`` begins with the primary one."""

    sourced_id: str
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


@dataclass(frozen=True)
class Enrollment:
    """A membership of a user in a class."""

    sourced_id: str
    class_id: str
    school: str
    user: str
    role: str
    primary: bool | None
    begin: str | None
    end: str | None


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
        """How many records a sync in the default scope (students and staff) brings in."""
        guardians = {user.sourced_id for user in self.users if user.role in ("guardian", "parent")}
        return {
            "partners": len(self.orgs),
            "academicSessions": len(self.sessions),
            "courses": len(self.courses),
            "classes": len(self.classes),
            "users": len(self.users) - len(guardians),
            "enrollments": sum(e.user not in guardians for e in self.enrollments),
        }

    @property
    def client_partner_id(self) -> str:
        """The sourcedId under which the district knows itself."""
        return self.orgs[0].sourced_id


def generate(seed: int = 2026, pupils: int = 4600, year: int = 2026) -> District:
    """Make a district of ``pupils`` pupils in the school year that begins in ``year``."""
    return _Builder(seed, pupils, year).build()


class _Builder:
    def __init__(self, seed: int, pupils: int, year: int) -> None:
        self._random = random.Random(seed)
        self._pupils = pupils
        self._year = year
        self._names: set[str] = set()

    def build(self) -> District:
        district = Org("district", "Springfield Public Schools", "district", "SPR-000")
        schools = [
            Org(f"school-{n:02d}", f"{_FAMILY[n]} School", "school", f"SPR-{n:03d}", "district")
            for n in range(1, max(2, -(-self._pupils // PUPILS_PER_SCHOOL)) + 1)
        ]
        sessions = self._sessions()
        courses = self._courses()
        users, classes, enrollments = self._schools(schools, courses, sessions)
        return District(
            orgs=(district, *schools),
            sessions=tuple(sorted(sessions, key=lambda s: s.sourced_id)),
            courses=tuple(sorted(courses, key=lambda c: c.sourced_id)),
            classes=tuple(sorted(classes, key=lambda c: c.sourced_id)),
            users=tuple(sorted(users, key=lambda u: u.sourced_id)),
            enrollments=tuple(sorted(enrollments, key=lambda e: e.sourced_id)),
            year=self._year,
        )

    def _sessions(self) -> list[Session]:
        first, last = self._year, self._year + 1
        year = Session(
            f"sy-{last}",
            f"{first}-{last}",
            "schoolYear",
            f"{first}-08-17",
            f"{last}-06-12",
            str(last),
        )
        fall = Session(
            f"fall-{last}",
            f"Fall {first}",
            "semester",
            f"{first}-08-17",
            f"{last}-01-15",
            str(last),
            year.sourced_id,
        )
        spring = Session(
            f"spring-{last}",
            f"Spring {last}",
            "semester",
            f"{last}-01-18",
            f"{last}-06-12",
            str(last),
            year.sourced_id,
        )
        return [year, fall, spring]

    def _courses(self) -> list[Course]:
        year = f"sy-{self._year + 1}"
        return [
            Course(f"course-{subject[:3].lower()}-{grade}", f"{subject} {int(grade)}",
                   f"{subject[:3].upper()}{grade}", grade, "district", year)
            for grade in GRADES
            for subject in ("Homeroom", *SUBJECTS)
        ]  # fmt: skip

    def _schools(
        self, schools: list[Org], courses: list[Course], sessions: list[Session]
    ) -> tuple[list[User], list[Class], list[Enrollment]]:
        users: list[User] = []
        classes: list[Class] = []
        enrollments: list[Enrollment] = []
        pupils = list(self._make_pupils(schools))
        users.extend(pupils)
        users.append(self._person("admin-district", "administrator", ("district",)))
        for school in schools:
            users.append(self._person(f"admin-{school.sourced_id}", "administrator",
                                      (school.sourced_id,)))  # fmt: skip
            users.append(self._person(f"aide-{school.sourced_id}", "aide", (school.sourced_id,)))
            own = [pupil for pupil in pupils if school.sourced_id in pupil.orgs]
            for grade in GRADES:
                year_group = [pupil for pupil in own if pupil.grade == grade]
                for start in range(0, len(year_group), PUPILS_PER_HOMEROOM):
                    group = year_group[start : start + PUPILS_PER_HOMEROOM]
                    teacher = self._person(
                        f"teacher-{school.sourced_id}-{grade}-{start // PUPILS_PER_HOMEROOM}",
                        "teacher",
                        (school.sourced_id,),
                    )
                    users.append(teacher)
                    made = list(self._classes_of(school, grade, start, courses, sessions))
                    classes.extend(made)
                    for each in made:
                        enrollments.extend(self._members(each, teacher, group, sessions[0]))
        users.extend(self._guardians(pupils, users))
        return users, classes, enrollments

    def _make_pupils(self, schools: list[Org]) -> Iterator[User]:
        for number in range(1, self._pupils + 1):
            school = schools[(number - 1) % len(schools)].sourced_id
            grade = GRADES[((number - 1) // len(schools)) % len(GRADES)]
            pupil = self._person(f"pupil-{number:06d}", "student", (school,))
            yield replace(
                pupil,
                grade=grade,
                enabled=number % 97 != 0,
                email=None if number % 10 == 0 else pupil.email,
            )

    def _classes_of(
        self,
        school: Org,
        grade: str,
        start: int,
        courses: list[Course],
        sessions: list[Session],
    ) -> Iterator[Class]:
        section = start // PUPILS_PER_HOMEROOM + 1
        terms = tuple(s.sourced_id for s in sessions[1:])
        for period, course in enumerate(c for c in courses if c.grade == grade):
            homeroom = course.title.startswith("Homeroom")
            yield Class(
                f"class-{self._year}-{school.sourced_id}-{course.code.lower()}-{section}",
                f"{course.title} / {section}",
                f"{course.code}-{section}",
                "homeroom" if homeroom else "scheduled",
                grade,
                course.sourced_id,
                school.sourced_id,
                terms,
                str(period + 1),
            )

    def _members(
        self, each: Class, teacher: User, pupils: list[User], year: Session
    ) -> Iterator[Enrollment]:
        yield Enrollment(
            f"enr-{self._year}-{each.sourced_id}-{teacher.sourced_id}",
            each.sourced_id,
            each.school,
            teacher.sourced_id,
            "teacher",
            True,
            year.start,
            year.end,
        )
        for pupil in pupils:
            yield Enrollment(
                f"enr-{self._year}-{each.sourced_id}-{pupil.sourced_id}",
                each.sourced_id,
                each.school,
                pupil.sourced_id,
                "student",
                None,
                year.start,
                year.end,
            )

    def _guardians(self, pupils: list[User], users: list[User]) -> Iterator[User]:
        for number, pupil in enumerate(pupils[::50], start=1):
            guardian = self._person(f"guardian-{number:04d}", "guardian", pupil.orgs)
            at = users.index(pupil)
            users[at] = replace(pupil, agents=(guardian.sourced_id,))
            yield replace(guardian, agents=(pupil.sourced_id,))

    def _person(self, sourced_id: str, role: str, orgs: tuple[str, ...]) -> User:
        given, family = self._random.choice(_GIVEN), self._random.choice(_FAMILY)
        base = "".join(c for c in f"{given[0]}{family}".lower() if c.isascii() and c.isalpha())
        username, n = base, 1
        while username in self._names:
            n += 1
            username = f"{base}{n}"
        self._names.add(username)
        return User(
            sourced_id=sourced_id,
            username=username,
            given_name=given,
            family_name=family,
            role=role,
            orgs=orgs,
            identifier=f"ID-{sourced_id}",
            email=f"{username}@springfield.example",
        )
