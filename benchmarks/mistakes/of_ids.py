"""Mistakes in sourcedIds: reformatted, renumbered, given twice or to somebody else."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.mistakes.districts import joined
from benchmarks.mistakes.kinds import Kinds, Spot, wrong
from benchmarks.nights.changes import like, renamed, rooms_of_user
from benchmarks.nights.districts import ids, pupils_of
from benchmarks.nights.story import Night, Truth
from local.sample_district.evolution import renumber_enrollments, without_users
from local.sample_district.records import Class, Org, User

IDS = Kinds()


def _reformatted(
    spot: Spot, records: Sequence[User | Class | Org], new: Callable[[str], str]
) -> tuple[Night] | None:
    """Some records have other sourcedIds, in every reference too."""
    names = {name: new(name) for name in ids(spot.some(records)) if new(name) != name}
    if not names:
        return None
    old = {new: name for name, new in names.items()}
    return wrong(spot, renamed(spot.district, names), old)


@IDS.kind("The users' ids have lost their leading zeros, everywhere.")
def _zeros(spot: Spot) -> tuple[Night] | None:
    return _reformatted(spot, spot.district.users, lambda name: name.lstrip("0"))


@IDS.kind("The users' ids have lost their leading zeros, but not in the enrollments.")
def _zeros_in_users(spot: Spot) -> tuple[Night] | None:
    d = spot.district
    some = set(ids(spot.some(d.users)))
    users = [
        replace(u, sourced_id=u.sourced_id.lstrip("0")) if u.sourced_id in some else u
        for u in d.users
    ]
    old = {u.sourced_id.lstrip("0"): u.sourced_id for u in d.users}
    there = d.having(users=users)
    return None if there == d else wrong(spot, there, old)


@IDS.kind("The users' ids have a prefix, everywhere.")
def _prefix(spot: Spot) -> tuple[Night] | None:
    return _reformatted(spot, spot.district.users, lambda name: f"s+{name}")


@IDS.kind("The users' ids are in capitals, everywhere.")
def _capitals(spot: Spot) -> tuple[Night] | None:
    return _reformatted(spot, spot.district.users, str.upper)


@IDS.kind("The classes' ids have another form, everywhere.")
def _classes(spot: Spot) -> tuple[Night] | None:
    return _reformatted(spot, spot.district.classes, lambda name: f"sec-{name}")


@IDS.kind("The schools' ids have another form, everywhere.")
def _schools(spot: Spot) -> tuple[Night] | None:
    schools = [org for org in spot.district.orgs if org.type == "school"]
    return _reformatted(spot, schools, lambda name: f"{name}.0")


@IDS.kind("All ids are new, everywhere.")
def _all_new(spot: Spot) -> tuple[Night] | None:
    d = spot.district
    return _reformatted(
        replace(spot, extent=1), [*d.orgs, *d.classes, *d.users], lambda name: f"guid-{name}"
    )


@IDS.kind("Users come a second time, with other ids.")
def _twice(spot: Spot) -> tuple[Night]:
    d = spot.district
    again = [replace(u, sourced_id=f"copy-{u.sourced_id}") for u in spot.some(d.users)]
    same = {u.sourced_id: u.sourced_id.removeprefix("copy-") for u in again}
    return wrong(spot, d.having(users=[*d.users, *again]), same)


@IDS.kind("Enrollments come a second time, with other ids.")
def _rows_twice(spot: Spot) -> tuple[Night]:
    d = spot.district
    again = [replace(e, sourced_id=f"copy-{e.sourced_id}") for e in spot.some(d.enrollments)]
    return wrong(spot, d.having(enrollments=[*d.enrollments, *again]))


@IDS.kind("The enrollments are numbered anew.")
def _rows_anew(spot: Spot) -> tuple[Night]:
    order = list(spot.district.enrollments)
    spot.random.shuffle(order)
    return wrong(spot, renumber_enrollments(replace(spot.district, enrollments=tuple(order))))


@IDS.kind("The ids of enrollments have changed places.")
def _rows_swapped(spot: Spot) -> tuple[Night]:
    d = spot.district
    some = ids(spot.some(d.enrollments))
    new = dict(zip(some, spot.random.sample(some, len(some)), strict=True))
    rows = [replace(e, sourced_id=new.get(e.sourced_id, e.sourced_id)) for e in d.enrollments]
    return wrong(spot, d.having(enrollments=rows))


def _heirs(what: str, *fields: str) -> None:
    """Pupils leave, and others get what was theirs; both are true."""

    @IDS.kind(what)
    def make(spot: Spot) -> tuple[Night]:
        there = spot.district
        same: dict[Any, str] = {}
        for number, old in enumerate(spot.random.sample(pupils_of(there), 2)):
            rooms = rooms_of_user(there, old.sourced_id)
            own = f"heir-{number}-{spot.today}"
            heir = replace(like(old, own), **{name: getattr(old, name) for name in fields})
            left = without_users(there, [old.sourced_id])
            there = joined(left, heir, rooms, spot.today.isoformat())
            same[heir.sourced_id, f"{heir.given_name} {heir.family_name}"] = own
        return (Night(there, Truth(there, same)),)


_heirs("New pupils get the e-mail addresses of leavers.", "email")
_heirs("New pupils get the usernames of leavers.", "username")
_heirs("New pupils get the identifiers of leavers.", "identifier")
_heirs("New pupils get the sourcedIds of leavers.", "sourced_id")
