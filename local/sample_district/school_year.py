"""A school year: its sessions, courses, classes and enrollments."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from local.sample_district.people import GRADES, People
from local.sample_district.records import Class, Course, Enrollment, Session, User

FIRST_MONTH = 8
PUPILS_PER_HOMEROOM = 25
SUBJECTS = ("Homeroom", "Mathematics", "English", "Science")


@dataclass
class Timetable:
    """Who is in which class.

    ``hired``: teachers who had to be added.
    """

    classes: list[Class] = field(default_factory=list)
    enrollments: list[Enrollment] = field(default_factory=list)
    hired: list[User] = field(default_factory=list)


def year_under_way(today: date) -> int:
    """The calendar year in which the current or last school year began."""
    return today.year if today.month >= FIRST_MONTH else today.year - 1


def sessions_of(year: int) -> list[Session]:
    """The school year that begins in ``year``, and its semesters."""
    last = year + 1
    whole = f"sy-{last}"
    spans = (
        (whole, f"{year}-{last}", "schoolYear", f"{year}-08-17", f"{last}-06-12", None),
        (f"fall-{last}", f"Fall {year}", "semester", f"{year}-08-17", f"{last}-01-15", whole),
        (f"spring-{last}", f"Spring {last}", "semester", f"{last}-01-18", f"{last}-06-12", whole),
    )
    return [
        Session(sourced_id, title, kind, start, end, str(last), parent)
        for sourced_id, title, kind, start, end, parent in spans
    ]


def courses_of(year: int) -> list[Course]:
    """The district's courses, the same every year."""
    return [
        Course(f"course-{subject[:3].lower()}-{grade}", f"{subject} {int(grade)}",
               f"{subject[:3].upper()}{grade}", grade, subject, "district", f"sy-{year + 1}")
        for grade in GRADES
        for subject in SUBJECTS
    ]  # fmt: skip


def timetable(year: int, users: Sequence[User], people: People) -> Timetable:
    """Put every pupil into the classes of their grade, with teachers."""
    made = Timetable()
    year_groups: dict[str, dict[str, list[User]]] = defaultdict(lambda: defaultdict(list))
    for user in users:
        if user.role == "student" and user.grade:
            year_groups[user.orgs[0]][user.grade].append(user)
    staff = {user.sourced_id for user in users}
    for school in sorted(year_groups):
        for grade, number, group in _sections(year_groups[school]):
            teacher = f"teacher-{school}-{grade}-{number}"
            if teacher not in staff:
                made.hired.append(people.person(teacher, "teacher", (school,)))
            for each in _classes(year, school, grade, number + 1):
                made.classes.append(each)
                made.enrollments.append(_teaching(year, each, teacher))
                made.enrollments.extend(_membership(year, each, pupil) for pupil in group)
    return made


def _sections(year_groups: dict[str, list[User]]) -> Iterator[tuple[str, int, list[User]]]:
    for grade in GRADES:
        group = year_groups.get(grade, [])
        for number, start in enumerate(range(0, len(group), PUPILS_PER_HOMEROOM)):
            yield grade, number, group[start : start + PUPILS_PER_HOMEROOM]


def _classes(year: int, school: str, grade: str, section: int) -> Iterator[Class]:
    for period, subject in enumerate(SUBJECTS, start=1):
        code = f"{subject[:3].upper()}{grade}"
        yield Class(
            f"class-{year}-{school}-{code.lower()}-{section}",
            title=f"{subject} {int(grade)} / {section}",
            code=f"{code}-{section}",
            type="homeroom" if subject == "Homeroom" else "scheduled",
            grade=grade,
            subject=subject,
            course=f"course-{subject[:3].lower()}-{grade}",
            school=school,
            terms=(f"fall-{year + 1}", f"spring-{year + 1}"),
            period=str(period),
            location=f"Room {int(grade)}{section:02d}",
        )


def _teaching(year: int, each: Class, teacher: str) -> Enrollment:
    begin, end = f"{year}-08-17", f"{year + 1}-06-12"
    sourced_id = f"enr-{year}-{each.sourced_id}-{teacher}"
    return Enrollment(
        sourced_id, each.sourced_id, each.school, teacher, "teacher", True, begin, end
    )


def _membership(year: int, each: Class, pupil: User) -> Enrollment:
    number = int(pupil.sourced_id.rpartition("-")[2])
    # Some join late and some leave early, as in every district.
    begin = f"{year}-10-05" if number % 40 == 7 else f"{year}-08-17"
    end = f"{year + 1}-01-15" if number % 53 == 5 else f"{year + 1}-06-12"
    sourced_id = f"enr-{year}-{each.sourced_id}-{pupil.sourced_id}"
    return Enrollment(
        sourced_id, each.sourced_id, each.school, pupil.sourced_id, "student", None, begin, end
    )
