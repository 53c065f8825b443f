"""Mistakes by which records are missing, with or without what hangs on them."""

from benchmarks.mistakes.kinds import Kinds, Spot, wrong
from benchmarks.nights.changes import without_rooms, without_school
from benchmarks.nights.districts import ids, pupils_of, schools_of, teachers_of
from benchmarks.nights.story import Night, Truth
from local.sample_district.evolution import without_records, without_users
from local.sample_district.records import COLLECTIONS

ABSENCE = Kinds()


@ABSENCE.kind("Users are missing; enrollments name them.")
def _users(spot: Spot) -> tuple[Night]:
    d = spot.district
    return wrong(spot, without_records(d, "users", ids(spot.some(d.users))))


@ABSENCE.kind("Pupils are missing, with their enrollments.", consistent=True)
def _pupils(spot: Spot) -> tuple[Night]:
    d = spot.district
    return wrong(spot, without_users(d, ids(spot.some(pupils_of(d)))))


@ABSENCE.kind("On each of four nights, more pupils are missing, with their enrollments.",
              consistent=True)  # fmt: skip
def _slowly(spot: Spot) -> tuple[Night, ...]:
    d = spot.district
    gone = ids(spot.some(pupils_of(d)))
    part = -(-len(gone) // 4)
    return tuple(
        Night(without_users(d, gone[: part * night]), Truth(d)) for night in range(1, 5)
    )  # fmt: skip


@ABSENCE.kind("Teachers are missing; enrollments name them.")
def _teachers(spot: Spot) -> tuple[Night]:
    d = spot.district
    return wrong(spot, without_records(d, "users", ids(spot.some(teachers_of(d)))))


@ABSENCE.kind("Teachers are missing, with their enrollments.", consistent=True)
def _teachers_and_rows(spot: Spot) -> tuple[Night]:
    d = spot.district
    return wrong(spot, without_users(d, ids(spot.some(teachers_of(d)))))


@ABSENCE.kind("Classes are missing; enrollments name them.")
def _classes(spot: Spot) -> tuple[Night]:
    d = spot.district
    return wrong(spot, without_records(d, "classes", ids(spot.some(d.classes))))


@ABSENCE.kind("Classes are missing, with their enrollments.", consistent=True)
def _classes_and_rows(spot: Spot) -> tuple[Night]:
    d = spot.district
    return wrong(spot, without_rooms(d, ids(spot.some(d.classes))))


@ABSENCE.kind("Enrollments are missing.", consistent=True)
def _enrollments(spot: Spot) -> tuple[Night]:
    d = spot.district
    return wrong(spot, without_records(d, "enrollments", ids(spot.some(d.enrollments))))


@ABSENCE.kind("Schools are missing, with everything in them.")
def _schools(spot: Spot) -> tuple[Night]:
    there = spot.district
    for school in spot.some(schools_of(there)):
        there = without_school(there, school)
    return wrong(spot, there)


@ABSENCE.kind("The rows of schools are missing; users and classes name them.")
def _orgs(spot: Spot) -> tuple[Night]:
    d = spot.district
    return wrong(spot, without_records(d, "orgs", spot.some(schools_of(d))))


@ABSENCE.kind("Terms are missing; classes name them.")
def _terms(spot: Spot) -> tuple[Night]:
    d = spot.district
    gone = [each.sourced_id for each in spot.some(d.sessions)]
    return wrong(spot, without_records(d, "academicSessions", gone))


@ABSENCE.kind("Terms are missing, and so are the classes of other terms.")
def _terms_and_classes(spot: Spot) -> tuple[Night]:
    d = spot.district
    left = without_rooms(d, ids(spot.some(d.classes)))
    return wrong(spot, left.having(academicSessions=()))


@ABSENCE.kind("Courses are missing; classes name them.")
def _courses(spot: Spot) -> tuple[Night]:
    d = spot.district
    gone = [each.sourced_id for each in spot.some(d.courses)]
    return wrong(spot, without_records(d, "courses", gone))


@ABSENCE.kind("One collection is empty.")
def _empty(spot: Spot) -> tuple[Night]:
    return wrong(spot, spot.district.having(**{spot.random.choice(COLLECTIONS): ()}))


@ABSENCE.kind("Every collection ends early.")
def _ends_early(spot: Spot) -> tuple[Night]:
    d = spot.district
    kept = {
        name: d.records(name)[: len(d.records(name)) - spot.count(d.records(name))]
        for name in ("classes", "users", "enrollments")
    }
    return wrong(spot, d.having(**kept))


@ABSENCE.kind("Every second row is missing, in users, classes or enrollments.")
def _every_second(spot: Spot) -> tuple[Night]:
    name = spot.random.choice(["classes", "users", "enrollments"])
    d = spot.district
    return wrong(spot, d.having(**{name: d.records(name)[::2]}))
