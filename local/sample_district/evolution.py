"""What becomes of a district with time: each a function from one district to the next."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from local.sample_district.roster import GRADES, District, generate


def rollover(district: District) -> District:
    """The August after: a new year's sessions, classes and enrollments; every pupil a grade up.

    Pupils of the last grade have left, and so have their memberships.
    """
    pupils = sum(user.role == "student" for user in district.users)
    fresh = generate(pupils=pupils, year=district.year + 1)
    users = tuple(
        replace(user, grade=_next_grade(user.grade))
        for user in district.users
        if user.grade != GRADES[-1]
    )
    here = {user.sourced_id for user in users}
    return replace(
        fresh,
        users=users,
        enrollments=tuple(e for e in fresh.enrollments if e.user in here),
    )


def _next_grade(grade: str | None) -> str | None:
    return None if grade is None else f"{int(grade) + 1:02d}"


def renumber_enrollments(district: District) -> District:
    """Only the enrollments' sourcedIds change, as some systems do every night."""
    return replace(
        district,
        enrollments=tuple(
            replace(e, sourced_id=f"new-{number:07d}")
            for number, e in enumerate(district.enrollments)
        ),
    )


def with_prefixed_users(district: District) -> District:
    """User sourcedIds as Infinite Campus gives them in 1.1: a prefix for the role (``s+123``)."""

    def prefixed(sourced_id: str) -> str:
        return f"{'s' if sourced_id.startswith('pupil') else 't'}+{sourced_id}"

    return replace(
        district,
        users=_ordered(
            replace(
                user,
                sourced_id=prefixed(user.sourced_id),
                agents=tuple(prefixed(agent) for agent in user.agents),
            )
            for user in district.users
        ),
        enrollments=tuple(replace(e, user=prefixed(e.user)) for e in district.enrollments),
    )


def with_user(district: District, sourced_id: str, **changes: Any) -> District:
    """One user has changed."""
    return _map_users(
        district, lambda user: replace(user, **changes) if user.sourced_id == sourced_id else user
    )


def without_users(district: District, sourced_ids: Iterable[str]) -> District:
    """Users have left, with their enrollments."""
    gone = set(sourced_ids)
    return replace(
        district,
        users=tuple(user for user in district.users if user.sourced_id not in gone),
        enrollments=tuple(e for e in district.enrollments if e.user not in gone),
    )


def _map_users(district: District, change: Callable[[Any], Any]) -> District:
    return replace(district, users=_ordered(change(user) for user in district.users))


def _ordered(records: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(records, key=lambda record: record.sourced_id))
