"""What happens to a district or to its export: each function returns the next district."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from benchmarks.nights.districts import ids, membership, rooms_of
from local.sample_district.evolution import with_records, without_users
from local.sample_district.records import Class, District, Enrollment, User


def changed_users(
    district: District, sourced_ids: Iterable[str], change: Callable[[User], User]
) -> District:
    """Change some users."""
    wanted = set(sourced_ids)
    return district.having(
        users=[change(u) if u.sourced_id in wanted else u for u in district.users]
    )


def changed_enrollments(
    district: District, change: Callable[[Enrollment], Enrollment | None]
) -> District:
    """Change enrollments; None leaves one out."""
    found = [change(each) for each in district.enrollments]
    return district.having(enrollments=[each for each in found if each is not None])


def moved(district: District, pupils: Iterable[str], *, new_rows: bool) -> District:
    """Move pupils from the first class of each into another of the same school.

    :param new_rows: whether the row of the new membership has an id of its own.
    """
    rooms = {school: rooms_of(district, school) for school in {c.school for c in district.classes}}
    theirs: dict[str, set[str]] = {}
    for each in district.enrollments:
        theirs.setdefault(each.user, set()).add(each.class_id)
    left = set(pupils)
    enrollments = []
    for each in district.enrollments:
        if each.user in left and each.role == "student":
            left.discard(each.user)
            other = next(c for c in rooms[each.school] if c.sourced_id not in theirs[each.user])
            name = f"{each.sourced_id}-moved" if new_rows else each.sourced_id
            each = replace(each, class_id=other.sourced_id, sourced_id=name)
        enrollments.append(each)
    return district.having(enrollments=enrollments)


def without_rooms(district: District, rooms: Iterable[str]) -> District:
    """Remove classes with their memberships."""
    gone = set(rooms)
    return district.having(
        classes=[each for each in district.classes if each.sourced_id not in gone],
        enrollments=[each for each in district.enrollments if each.class_id not in gone],
    )


def without_school(district: District, school: str) -> District:
    """Remove a school with its classes and with whoever is only there."""
    gone = {user.sourced_id for user in district.users if user.orgs == (school,)}
    left = without_rooms(without_users(district, gone), ids(rooms_of(district, school)))
    return left.having(
        orgs=[org for org in left.orgs if org.sourced_id != school],
        users=[
            replace(user, orgs=tuple(org for org in user.orgs if org != school), primary_org=None)
            if school in user.orgs
            else user
            for user in left.users
        ],
    )


def only_school(district: District, school: str) -> District:
    """Leave only one school, and the district's own office."""
    others = [o.sourced_id for o in district.orgs if o.type == "school" and o.sourced_id != school]
    for other in others:
        district = without_school(district, other)
    return district


def joined(district: District, user: User, *rooms: Class) -> District:
    """Add a user, in some classes."""
    there = with_records(district, "users", user)
    return with_records(there, "enrollments", *(membership(room, user) for room in rooms))


def like(user: User, sourced_id: str, **changes: Any) -> User:
    """A new user of the same kind, with a name and a login of their own."""
    own: dict[str, Any] = {
        "sourced_id": sourced_id, "username": f"new-{sourced_id}", "given_name": "Nora",
        "family_name": f"Newcomer {sourced_id}", "identifier": f"ID-{sourced_id}",
        "email": f"{sourced_id}@springfield.example", "enabled": True, "preferred_name": None,
    }  # fmt: skip
    return replace(user, **(own | changes))


def renamed(district: District, names: Mapping[str, str]) -> District:
    """Give records other sourcedIds, and every reference to them."""

    def new(name: str) -> str:
        return names.get(name, name)

    def each(*found: str) -> tuple[str, ...]:
        return tuple(new(name) for name in found)

    return district.having(
        orgs=[
            replace(o, sourced_id=new(o.sourced_id), parent=new(o.parent) if o.parent else None)
            for o in district.orgs
        ],
        courses=[replace(c, org=new(c.org)) for c in district.courses],
        classes=[
            replace(c, sourced_id=new(c.sourced_id), school=new(c.school))
            for c in district.classes
        ],
        users=[
            replace(
                u, sourced_id=new(u.sourced_id), orgs=each(*u.orgs), agents=each(*u.agents),
                primary_org=new(u.primary_org) if u.primary_org else None,
            )
            for u in district.users
        ],
        enrollments=[
            replace(
                e, sourced_id=new(e.sourced_id), class_id=new(e.class_id), school=new(e.school),
                user=new(e.user),
            )
            for e in district.enrollments
        ],
    )  # fmt: skip


def rooms_of_user(district: District, user: str) -> list[Class]:
    """The classes that somebody is in."""
    there = {each.class_id for each in district.enrollments if each.user == user}
    return [each for each in district.classes if each.sourced_id in there]


def rotated(values: list[Any], by: int = 1) -> list[Any]:
    """A column that has slipped by some rows."""
    return values[by:] + values[:by]


def half(records: Iterable[Any]) -> list[Any]:
    """The first half."""
    found = list(records)
    return found[: len(found) // 2]
