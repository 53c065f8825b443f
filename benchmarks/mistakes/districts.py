"""Random districts of 9 to 600 people, of several shapes, from one year to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from local.sample_district.evolution import with_records
from local.sample_district.people import GRADES, People
from local.sample_district.records import (
    GUARDIANS,
    Class,
    Course,
    District,
    Enrollment,
    Org,
    User,
)
from local.sample_district.school_year import courses_of, sessions_of

_FEWEST, _MOST = 9, 600
_FEWEST_IN_SCHOOL = 20
_MOST_SCHOOLS = 6
_CLASSES_OF_TEACHER = 4


@dataclass(frozen=True)
class Shape:
    """How a district is made.

    ``section``: how many pupils are in a class.
    ``subjects``: in how many classes each of them is.
    ``spans``: the terms that classes name, in turn: ``sy`` is the whole year, nothing none at all.
    ``padded``: whether sourcedIds are numbers with zeros before them.
    ``mixed``: whether pupils of different grades share classes.
    """

    section: int
    subjects: int
    spans: tuple[tuple[str, ...], ...]
    padded: bool
    mixed: bool


_SPANS = (
    (("sy",),),
    (("fall", "spring"),),
    (("fall",), ("spring",), ("sy",)),
    ((),),
)


def random_shape(random: Random) -> Shape:
    """A shape."""
    return Shape(
        section=random.choice([6, 12, 25]),
        subjects=random.randint(1, 3),
        spans=random.choice(_SPANS),
        padded=random.random() < 0.5,
        mixed=random.random() < 0.3,
    )


def random_district(random: Random, shape: Shape, year: int) -> District:
    """A district in a school year; most are small."""
    size = round(_FEWEST * (_MOST / _FEWEST) ** random.random() ** 1.5)
    schools = [f"school-{n:02d}" for n in range(1, 1 + random.randint(1, _schools_at_most(size)))]
    people = People(f"{random.random()}")
    pupils = [
        _pupil(people, shape, n, school, random.choice(GRADES))
        for n, school in enumerate(random.choices(schools, k=size * 9 // 10), start=1)
    ]
    office = [
        people.person(_name(shape, "9", n), "administrator", ("district",)) for n in range(1, 2)
    ]
    orgs = [Org("district", "Springfield Public Schools", "district", "SPR-000")]
    orgs += [Org(s, f"School {s[-2:]}", "school", f"SPR-0{s[-2:]}", "district") for s in schools]
    start = District((), (), (), (), (), ()).having(orgs=orgs, users=[*pupils, *office])
    return school_year(random, shape, start, year)


def joined(district: District, user: User, rooms: Iterable[Class], begin: str) -> District:
    """Add a user, in some classes from a day on."""
    there = with_records(district, "users", user)
    rows = [enrolled(room, user, district.year, begin) for room in rooms]
    return with_records(there, "enrollments", *rows)


def _schools_at_most(size: int) -> int:
    return max(1, min(_MOST_SCHOOLS, size // _FEWEST_IN_SCHOOL))


def next_year(random: Random, shape: Shape, district: District) -> District:
    """The next August: the last grade has left, others have come, all classes are new."""
    year = district.year + 1
    people = People(f"{random.random()}", district.users)
    users: list[User] = []
    left = 0
    for user in district.users:
        if user.grade == GRADES[-1]:
            left += 1
        elif user.grade is not None:
            users.append(replace(user, grade=f"{int(user.grade) + 1:02d}"))
        elif user.role not in GUARDIANS:
            users.append(user)
    schools = [org.sourced_id for org in district.orgs if org.type == "school"]
    users += [
        _pupil(people, shape, year * 1000 + n, random.choice(schools), GRADES[0])
        for n in range(left)
    ]
    return school_year(random, shape, district.having(users=users), year)


def school_year(random: Random, shape: Shape, district: District, year: int) -> District:
    """Give the pupils of a district their classes of a year, and the classes their teachers."""
    people = People(f"{year}-{random.random()}", district.users)
    staff = {user.sourced_id: user for user in district.users if user.role != "student"}
    rooms: list[Class] = []
    rows: list[Enrollment] = []
    courses = courses_of(year)
    for at, school in enumerate(o.sourced_id for o in district.orgs if o.type == "school"):
        sections = _sections(shape, [u for u in district.users if school in u.orgs])
        for number, section in enumerate(sections):
            for subject in range(shape.subjects):
                count = len(rooms)
                room = _room(shape, year, school, count, courses, section[0].grade or GRADES[0])
                rooms.append(replace(room, period=str(subject + 1)))
                taught = (number * shape.subjects + subject) // _CLASSES_OF_TEACHER
                name = _name(shape, f"8{at}", taught + 1)
                if name not in staff:
                    staff[name] = people.person(name, "teacher", (school,))
                rows += [enrolled(room, user, year) for user in (staff[name], *section)]
    pupils = [user for user in district.users if user.role == "student"]
    return replace(district, year=year).having(
        academicSessions=sessions_of(year), courses=courses, classes=rooms,
        users=[*pupils, *staff.values()], enrollments=rows,
    )  # fmt: skip


def enrolled(room: Class, user: User, year: int, begin: str | None = None) -> Enrollment:
    """A membership for as long as the class lasts."""
    role = "student" if user.role == "student" else "teacher"
    days = {s.sourced_id: (s.start, s.end) for s in sessions_of(year)}
    spans = [days[term] for term in room.terms] or [days[f"sy-{year + 1}"]]
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    return Enrollment(
        f"e-{room.sourced_id}-{user.sourced_id}", room.sourced_id, room.school, user.sourced_id,
        role, True if role == "teacher" else None, begin or first, last,
    )  # fmt: skip


def _sections(shape: Shape, people: Sequence[User]) -> list[list[User]]:
    pupils = [user for user in people if user.role == "student"]
    if not shape.mixed:
        pupils.sort(key=lambda user: (user.grade or "", user.sourced_id))
    return [pupils[at : at + shape.section] for at in range(0, len(pupils), shape.section)]


def _room(
    shape: Shape, year: int, school: str, number: int, courses: Sequence[Course], grade: str
) -> Class:
    course = next(c for c in courses if c.grade == grade)
    span = shape.spans[number % len(shape.spans)]
    name = f"{year}{number:04d}" if shape.padded else f"class-{year}-{number}"
    return Class(
        f"0{name}" if shape.padded else name, title=f"{course.title} / {number}",
        code=f"{course.code}-{number}", type="scheduled", grade=grade, subject=course.subject,
        course=course.sourced_id, school=school,
        terms=tuple(f"{term}-{year + 1}" for term in span), period="1",
    )  # fmt: skip


def _pupil(people: People, shape: Shape, number: int, school: str, grade: str) -> User:
    made = people.person(_name(shape, "1", number), "student", (school,))
    return replace(made, grade=grade)


def _name(shape: Shape, kind: str, number: int) -> str:
    return f"00{kind}{number:07d}" if shape.padded else f"{_KIND[kind[0]]}-{kind[1:]}{number}"


_KIND = {"1": "pupil", "8": "teacher", "9": "office"}
