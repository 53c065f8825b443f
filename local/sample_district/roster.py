"""Generates the sample district's roster from a seed; equal seeds give equal districts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from local.sample_district.people import FAMILY, GRADES, People
from local.sample_district.records import District, Org, User
from local.sample_district.school_year import courses_of, sessions_of, timetable

__all__ = ["District", "generate"]

PUPILS_PER_SCHOOL = 600
PUPILS_PER_GUARDIAN = 50


def generate(
    seed: int = 2026,
    pupils: int = 4600,
    year: int = 2026,
    per_school: int = PUPILS_PER_SCHOOL,
) -> District:
    """Make a district of ``pupils`` pupils, in the school year that begins in ``year``."""
    people = People(seed)
    count = max(2, -(-pupils // per_school))
    schools = [f"school-{n:02d}" for n in range(1, count + 1)]
    known = list(people.pupils(range(1, pupils + 1), schools, GRADES))
    known.extend(_office(people, schools))
    made = timetable(year, known, people)
    known.extend(made.hired)
    empty = District((), (), (), (), (), (), year=year)
    return empty.having(
        orgs=_orgs(schools),
        academicSessions=sessions_of(year),
        courses=courses_of(year),
        classes=made.classes,
        users=_with_guardians(known, people),
        enrollments=made.enrollments,
    )


def _orgs(schools: Sequence[str]) -> Iterator[Org]:
    yield Org("district", "Springfield Public Schools", "district", "SPR-000")
    for n, school in enumerate(schools, start=1):
        name = f"{FAMILY[n % len(FAMILY)]} School"
        yield Org(school, name, "school", f"SPR-{n:03d}", "district")


def _office(people: People, schools: Sequence[str]) -> Iterator[User]:
    """Administrators, and an aide for each school, who also helps in the next school."""
    for org in ("district", *schools):
        person = people.person(f"admin-{org}", "administrator", (org,))
        yield replace(person, primary_org=org)
    for at, school in enumerate(schools):
        nearby = schools[(at + 1) % len(schools)]
        aide = people.person(f"aide-{school}", "aide", (school, nearby))
        yield replace(aide, email=None)


def _with_guardians(users: Sequence[User], people: People) -> Iterator[User]:
    """Give every n-th pupil a guardian; each is the other's agent."""
    pupils = [user for user in users if user.role == "student"]
    guardians = {}
    for number, pupil in enumerate(pupils[::PUPILS_PER_GUARDIAN], start=1):
        guardian = people.person(f"guardian-{number:04d}", "guardian", pupil.orgs)
        guardians[pupil.sourced_id] = replace(guardian, agents=(pupil.sourced_id,))
    for user in users:
        own = guardians.get(user.sourced_id)
        yield replace(user, agents=(own.sourced_id,)) if own else user
    yield from guardians.values()
