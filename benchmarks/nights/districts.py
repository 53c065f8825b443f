"""The three districts that the nights happen to, and where to look in them."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from benchmarks.nights.story import Size
from local.sample_district.evolution import without_users
from local.sample_district.people import People
from local.sample_district.records import GUARDIANS, Class, Course, District, Enrollment, Org, User
from local.sample_district.roster import generate
from local.sample_district.school_year import sessions_of

_SIZES = {Size.MIDDLE: (576, 48), Size.LARGE: (20_000, 500)}
"""Pupils, and pupils in a school."""
YEAR = 2026
FIRST_DAY, LAST_DAY = "2026-08-17", "2027-06-12"


@cache
def district_of(size: Size) -> District:
    """The district of a size, without guardians."""
    if size is Size.SMALL:
        return small(2, 8)
    pupils, per_school = _SIZES[size]
    made = generate(pupils=pupils, per_school=per_school)
    return without_users(made, [u.sourced_id for u in made.users if u.role in GUARDIANS])


def small(classes: int, pupils: int) -> District:
    """One school with one teacher, who teaches all pupils in some classes."""
    people = People(7)
    teacher = people.person("teacher-01", "teacher", ("school-01",))
    learners = [
        replace(people.person(f"pupil-{n:06d}", "student", ("school-01",)), grade="03")
        for n in range(1, pupils + 1)
    ]
    rooms = [
        Class(
            f"class-{n:02d}", title=f"Class {n}", code=f"C-{n}", type="scheduled", grade="03",
            subject="Science", course="course", school="school-01",
            terms=("fall-2027", "spring-2027"), period=str(n),
        )
        for n in range(1, classes + 1)
    ]  # fmt: skip
    return District((), (), (), (), (), (), year=YEAR).having(
        orgs=[
            Org("district", "Shelbyville Schools", "district", "SHE-000"),
            Org("school-01", "Shelbyville School", "school", "SHE-001", "district"),
        ],
        academicSessions=sessions_of(YEAR),
        courses=[Course("course", "Science 3", "SCI03", "03", "Science", "district", "sy-2027")],
        classes=rooms,
        users=[teacher, *learners],
        enrollments=[
            membership(room, user) for room in rooms for user in (teacher, *learners)
        ],
    )  # fmt: skip


def membership(room: Class, user: User) -> Enrollment:
    """A membership for the whole year."""
    role = "student" if user.role == "student" else "teacher"
    return Enrollment(
        f"enr-{room.sourced_id}-{user.sourced_id}", room.sourced_id, room.school, user.sourced_id,
        role, True if role == "teacher" else None, FIRST_DAY, LAST_DAY,
    )  # fmt: skip


def schools_of(district: District) -> list[str]:
    """The sourcedIds of the schools."""
    return [org.sourced_id for org in district.orgs if org.type == "school"]


def pupils_of(district: District, school: str | None = None) -> list[User]:
    """The pupils of the district, or of a school."""
    return [
        user
        for user in district.users
        if user.role == "student" and (school is None or school in user.orgs)
    ]


def teachers_of(district: District, school: str | None = None) -> list[User]:
    """The teachers of the district, or of a school."""
    return [
        user
        for user in district.users
        if user.role == "teacher" and (school is None or school in user.orgs)
    ]


def rooms_of(district: District, school: str) -> list[Class]:
    """The classes of a school."""
    return [each for each in district.classes if each.school == school]


def in_room(district: District, room: str) -> list[Enrollment]:
    """The memberships of a class."""
    return [each for each in district.enrollments if each.class_id == room]


def ids(records: Iterable[User | Class | Enrollment | Org]) -> list[str]:
    """The sourcedIds of records."""
    return [each.sourced_id for each in records]
