"""Mistakes of a whole source: another district, another year, records beside the real ones."""

from dataclasses import replace

from benchmarks.mistakes.districts import random_district, random_shape
from benchmarks.mistakes.kinds import Kinds, Spot, wrong
from benchmarks.nights.changes import renamed
from benchmarks.nights.districts import pupils_of, schools_of
from benchmarks.nights.story import Night
from local.sample_district.people import People
from local.sample_district.records import District

SOURCES = Kinds()


def _other(spot: Spot, prefix: str) -> District:
    """Another district; its ids begin with ``prefix``."""
    other = random_district(spot.random, random_shape(spot.random), spot.district.year)
    named = [*other.orgs, *other.classes, *other.users, *other.enrollments]
    return renamed(other, {each.sourced_id: f"{prefix}{each.sourced_id}" for each in named})


def _strangers(there: District) -> dict[tuple[str, str], str]:
    """Nobody of another district is of this one, whatever their ids are."""
    return {
        (u.sourced_id, f"{u.given_name} {u.family_name}"): f"stranger {u.sourced_id}"
        for u in there.users
    }


@SOURCES.kind("Another district comes; its ids are of another kind.")
def _another(spot: Spot) -> tuple[Night]:
    return wrong(spot, _other(spot, "x-"))


@SOURCES.kind("Another district comes; its ids are the same, for others.")
def _another_with_same_ids(spot: Spot) -> tuple[Night]:
    there = _other(spot, "")
    return wrong(spot, there, _strangers(there))


@SOURCES.kind("A staging district is loaded beside the real one.")
def _staging(spot: Spot) -> tuple[Night]:
    d, other = spot.district, _other(spot, "staging-")
    orgs = [replace(o, parent="district") for o in other.orgs if o.type == "school"]
    users = [
        replace(u, username=f"st-{u.username}")
        for u in other.users
        if u.orgs[0] != "staging-district"
    ]
    return wrong(
        spot,
        d.having(
            orgs=[*d.orgs, *orgs],
            classes=[*d.classes, *other.classes],
            users=[*d.users, *users],
            enrollments=[*d.enrollments, *other.enrollments],
        ),
    )


@SOURCES.kind("Test pupils come in beside the real ones.")
def _test_pupils(spot: Spot) -> tuple[Night]:
    d = spot.district
    people = People("tests", d.users)
    school = spot.random.choice(schools_of(d))
    count = spot.count(pupils_of(d))
    tests = [people.person(f"test-{n}", "student", (school,)) for n in range(count)]
    return wrong(spot, d.having(users=[*d.users, *tests]))


@SOURCES.kind("Last year's export comes: its terms, classes and memberships, today's people.")
def _last_year(spot: Spot) -> tuple[Night]:
    return wrong(spot, _a_year_ago(spot.district))


def _a_year_ago(d: District) -> District:
    """The same people in the terms, classes and enrollments of the year before."""
    year = d.year

    def last(name: str) -> str:
        return name.replace(str(year), str(year - 1)).replace(str(year + 1), str(year))

    return d.having(
        academicSessions=[
            replace(s, sourced_id=last(s.sourced_id), start=last(s.start), end=last(s.end),
                    parent=last(s.parent) if s.parent else None, school_year=str(year))
            for s in d.sessions
        ],
        courses=[replace(c, school_year=last(c.school_year)) for c in d.courses],
        classes=[
            replace(c, sourced_id=last(c.sourced_id), terms=tuple(map(last, c.terms)))
            for c in d.classes
        ],
        enrollments=[
            replace(e, sourced_id=last(e.sourced_id), class_id=last(e.class_id),
                    begin=last(e.begin or ""), end=last(e.end or ""))
            for e in d.enrollments
        ],
    )  # fmt: skip


@SOURCES.kind("Last year's export comes: last year's people and grades too.")
def _last_years_people(spot: Spot) -> tuple[Night]:
    there = _a_year_ago(spot.district)
    young = [u for u in there.users if u.grade == "01"]
    gone = {u.sourced_id for u in young}
    people = People("graduates", there.users)
    old = [people.person(f"old-{n}", "student", u.orgs) for n, u in enumerate(young)]
    return wrong(
        spot,
        there.having(
            users=[*(u for u in there.users if u.sourced_id not in gone), *old],
            enrollments=[e for e in there.enrollments if e.user not in gone],
        ),
    )
