"""Nights on which a whole source, a setting or a date is wrong."""

from collections.abc import Callable
from dataclasses import replace

from benchmarks.nights.changes import (
    changed_enrollments,
    only_school,
    renamed,
    without_rooms,
)
from benchmarks.nights.districts import ids, pupils_of, rooms_of
from benchmarks.nights.story import Family, Night, Size, Story, Truth, mistake
from local.sample_district.evolution import without_records
from local.sample_district.people import People
from local.sample_district.records import District, Enrollment
from local.sample_district.roster import generate
from shared.domain.group.scope import Scope

FAMILY = Family("A wrong source, setting or date")
SMALL_AND_MIDDLE = (Size.SMALL, Size.MIDDLE)


def _foreign(prefix: str) -> District:
    """Another district, with thirteen schools; its ids begin with ``prefix``."""
    other = generate(seed=99, pupils=13 * 44, per_school=44)
    named = [*other.orgs, *other.classes, *other.users, *other.enrollments]
    return renamed(other, {each.sourced_id: f"{prefix}{each.sourced_id}" for each in named})


@FAMILY.night("The address of another district is entered; its ids are of another kind.",
              sizes=SMALL_AND_MIDDLE)  # fmt: skip
def _wrong_district(d: District) -> Story:
    return mistake(d, _foreign("x-"))


@FAMILY.night("The address of another district is entered; its ids are the same, for others.",
              sizes=SMALL_AND_MIDDLE)  # fmt: skip
def _wrong_district_same_ids(d: District) -> Story:
    return mistake(d, _foreign(""))


@FAMILY.night("A staging district is loaded beside the real one.", sizes=SMALL_AND_MIDDLE)
def _staging(d: District) -> Story:
    other = _foreign("staging-")
    orgs = [replace(o, parent="district") for o in other.orgs if o.type == "school"]
    users = [
        replace(u, username=f"st-{u.username}")
        for u in other.users
        if u.orgs[0] != "staging-district"
    ]
    return mistake(
        d,
        d.having(
            orgs=[*d.orgs, *orgs],
            classes=[
                replace(c, course=d.courses[0].sourced_id) for c in other.classes
            ] + list(d.classes),
            users=[*d.users, *users],
            enrollments=[*d.enrollments, *other.enrollments],
        ),
    )  # fmt: skip


@FAMILY.night("The test pupils of a vendor come in: 20 of them, in a school of nine.",
              sizes=[Size.SMALL])  # fmt: skip
def _test_pupils(d: District) -> Story:
    people = People("tests")
    tests = [people.person(f"test-{n}", "student", ("school-01",)) for n in range(20)]
    return mistake(d, d.having(users=[*d.users, *tests]))


@FAMILY.night(
    "All terms are moved into last year, and all classes but one are missing.",
    sizes=SMALL_AND_MIDDLE,
    why="One class of two that is missing everywhere looks like one that is given up.",
)
def _terms_moved(d: District) -> Story:
    over = d.having(
        academicSessions=[replace(s, start="2025-08-18", end="2026-06-13") for s in d.sessions],
        classes=d.classes[:1],
        enrollments=[e for e in d.enrollments if e.class_id == d.classes[0].sourced_id],
    )
    return mistake(d, over)


@FAMILY.night(
    "A term's end is typed as 2026 instead of 2027, and one school's classes are missing."
)
def _term_mistyped(d: District) -> Story:
    wrong = d.having(academicSessions=[replace(s, end="2026-08-30") for s in d.sessions])
    return mistake(d, without_rooms(wrong, ids(rooms_of(d, "school-02"))))


@FAMILY.night("Every enrollment ends yesterday.", sizes=SMALL_AND_MIDDLE)
def _all_end(d: District) -> Story:
    return mistake(d, changed_enrollments(d, lambda e: replace(e, end="2026-09-01")))


@FAMILY.night("Every enrollment of one class ends yesterday.", sizes=SMALL_AND_MIDDLE)
def _class_ends(d: District) -> Story:
    room = d.classes[0].sourced_id
    return mistake(
        d,
        changed_enrollments(d, lambda e: replace(e, end="2026-09-01") if e.class_id == room else e),
    )


@FAMILY.night("Every enrollment begins next year.", sizes=SMALL_AND_MIDDLE)
def _all_begin_late(d: District) -> Story:
    return mistake(d, changed_enrollments(d, lambda e: replace(e, begin="2027-08-17", end=None)))


def _no_date(field: str, value: str) -> None:
    @FAMILY.night(f"Every enrollment comes with {value} as its {field}.", sizes=SMALL_AND_MIDDLE,
                  ordinary=True)  # fmt: skip
    def tell(d: District) -> Story:
        given: dict[str, str | None] = {"begin": "2026-08-17", "end": "2027-06-12", field: value}
        there = changed_enrollments(d, lambda e: replace(e, begin=given["begin"], end=given["end"]))
        known = given | {field: None}
        true = changed_enrollments(d, lambda e: replace(e, begin=known["begin"], end=known["end"]))
        return Story((Night(there, Truth(true)),), d, after=there)


for _field, _value in (
    ("end", "0001-01-01"), ("end", "1900-01-01"), ("end", "9999-12-31"), ("begin", "0001-01-01"),
):  # fmt: skip
    _no_date(_field, _value)


@FAMILY.night("The enrollments of a class end before they begin.")
def _end_before_begin(d: District) -> Story:
    room = d.classes[3].sourced_id

    def swapped(each: Enrollment) -> Enrollment:
        if each.class_id != room:
            return each
        return replace(each, begin="2027-06-12", end="2026-08-17")

    return mistake(d, changed_enrollments(d, swapped))


@FAMILY.night(
    "The admin enters a suffix, which renames everyone, and takes it back.",
    sizes=SMALL_AND_MIDDLE,
    why="It is the admin's own setting, and not held yet; taking it back undoes it.",
)
def _suffix(d: District) -> Story:
    nights = (
        Night(d, Truth(d), settings={"suffix": "@typo"}),
        Night(d, Truth(d), settings={"suffix": ""}),
    )
    return Story(nights, d)


@FAMILY.night(
    "The admin misspells the client partner id, and corrects it.",
    sizes=SMALL_AND_MIDDLE,
    why="It is the admin's own setting, and not held yet; the run says that no org has the id.",
)
def _client_partner(d: District) -> Story:
    nights = (
        Night(d, Truth(d), settings={"client_partner_id": "distritc"}),
        Night(d, Truth(d), settings={"client_partner_id": "district"}),
    )
    return Story(nights, d)


@FAMILY.night("The admin narrows the scope to one school, and one that does not exist.")
def _scope(d: District) -> Story:
    narrow = Scope(schools=("school-01", "school-99"))
    nights = (
        Night(d, Truth(d), settings={"scope": narrow}),
        Night(d, Truth(d), settings={"scope": Scope()}),
    )
    return Story(nights, d)


def _first_load(what: str, delivered: Callable[[District], District], why: str = "") -> None:
    @FAMILY.night(what, why=why)
    def story(d: District) -> Story:
        return Story((Night(delivered(d), Truth(d)),), None, was=Truth(d))


_first_load("The first load has no classes.", lambda d: d.having(classes=(), enrollments=()))
_first_load("The first load has no enrollments.", lambda d: d.having(enrollments=()))
_first_load(
    "The first load has no teachers.",
    lambda d: d.having(
        users=[u for u in d.users if u.role == "student"],
        enrollments=[e for e in d.enrollments if e.role == "student"],
    ),
)
_first_load(
    "The first load has one school of twelve.",
    lambda d: only_school(d, "school-01"),
    why="What multiplies a roster waits for one look, whichever of the two loads was wrong.",
)
_first_load(
    "The first load has half of the users, and the enrollments of all.",
    lambda d: without_records(d, "users", ids(pupils_of(d)[::2])),
)
