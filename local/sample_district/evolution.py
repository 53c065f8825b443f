"""Changes of a district over time: each function returns the next district."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from local.sample_district.people import GRADES, People
from local.sample_district.records import GUARDIANS, District, Record, User
from local.sample_district.school_year import courses_of, sessions_of, timetable


def rollover(district: District, *, intake: int = 0) -> District:
    """The next August: new sessions, classes and enrollments, and every pupil a grade up.

    Pupils of the last grade have left, with guardians of nobody else. ``intake`` new pupils join
    the first grade.
    """
    year = district.year + 1
    pupils = [user for user in district.users if user.role == "student"]
    left = {user.sourced_id for user in pupils if user.grade == GRADES[-1]}
    left |= {
        user.sourced_id
        for user in district.users
        if user.role in GUARDIANS and user.agents and left.issuperset(user.agents)
    }
    people = People(f"{district.client_partner_id}-{year}", district.users)
    users = [_next_grade(user) for user in without_users(district, left).users]
    first = max((int(user.sourced_id.rpartition("-")[2]) for user in pupils), default=0) + 1
    schools = [org.sourced_id for org in district.orgs if org.type == "school"]
    users.extend(people.pupils(range(first, first + intake), schools, GRADES[:1]))
    made = timetable(year, users, people)
    return replace(district, year=year).having(
        academicSessions=sessions_of(year),
        courses=courses_of(year),
        classes=made.classes,
        users=[*users, *made.hired],
        enrollments=made.enrollments,
    )


def _next_grade(user: User) -> User:
    return user if user.grade is None else replace(user, grade=f"{int(user.grade) + 1:02d}")


def renumber_enrollments(district: District) -> District:
    """Change only the enrollments' sourcedIds, as some systems do every night."""
    renumbered = (
        replace(e, sourced_id=f"new-{number:07d}") for number, e in enumerate(district.enrollments)
    )
    return district.having(enrollments=renumbered)


def with_prefixed_users(district: District) -> District:
    """Give users sourcedIds as in Infinite Campus 1.1: with a prefix for the role (``s+123``)."""
    letters = {"student": "s", "guardian": "p"}
    names = {
        user.sourced_id: f"{letters.get(user.role, 't')}+{user.sourced_id}"
        for user in district.users
    }
    return district.having(
        users=(
            replace(
                user,
                sourced_id=names[user.sourced_id],
                agents=tuple(names[agent] for agent in user.agents),
            )
            for user in district.users
        ),
        enrollments=(replace(e, user=names[e.user]) for e in district.enrollments),
    )


def with_user(district: District, sourced_id: str, **changes: Any) -> District:
    """Change one user; ``role="wizard"`` makes a row that no reader can accept."""
    [user] = (user for user in district.users if user.sourced_id == sourced_id)
    return with_records(district, "users", replace(user, **changes))


def with_records(district: District, collection: str, *records: Record) -> District:
    """Add records to a collection, or replace those with the same sourcedIds."""
    ids = {record.sourced_id for record in records}
    kept = (each for each in district.records(collection) if each.sourced_id not in ids)
    return district.having(**{collection: (*kept, *records)})


def without_records(district: District, collection: str, sourced_ids: Iterable[str]) -> District:
    """Remove records from a collection, but keep records that refer to them."""
    gone = set(sourced_ids)
    kept = (each for each in district.records(collection) if each.sourced_id not in gone)
    return district.having(**{collection: kept})


def without_users(district: District, sourced_ids: Iterable[str]) -> District:
    """Remove users with their enrollments, also as agents of others."""
    gone = set(sourced_ids)
    users = (user for user in district.users if user.sourced_id not in gone)
    return district.having(
        users=(
            replace(user, agents=tuple(agent for agent in user.agents if agent not in gone))
            if gone.intersection(user.agents)
            else user
            for user in users
        ),
        enrollments=(e for e in district.enrollments if e.user not in gone),
    )
