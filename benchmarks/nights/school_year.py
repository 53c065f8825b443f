"""The turns of a school year: a term ends, summer, August. Nothing is wrong on any of them."""

from dataclasses import replace
from datetime import date

from benchmarks.nights.changes import (
    like,
    without_rooms,
)
from benchmarks.nights.districts import (
    ids,
    membership,
    pupils_of,
)
from benchmarks.nights.story import Family, Night, Size, Story
from local.sample_district.evolution import rollover, without_users
from local.sample_district.records import District

FAMILY = Family("The turns of the year")
SMALL_AND_MIDDLE = (Size.SMALL, Size.MIDDLE)
MIDDLE_AND_LARGE = (Size.MIDDLE, Size.LARGE)
START = date(2026, 9, 1)
PUPILS = frozenset({"users", "enrollments"})
"""What may wait in August: an eighth of the district leaves at once."""


def _days(day: date) -> int:
    return (day - START).days


def _with_autumn(d: District) -> District:
    """Every fourth class is one of the autumn only."""
    autumn = d.sessions[0]
    short = set(ids(d.classes[::4]))
    return d.having(
        classes=[
            replace(c, terms=(autumn.sourced_id,)) if c.sourced_id in short else c
            for c in d.classes
        ],
        enrollments=[
            replace(e, end=autumn.end) if e.class_id in short else e for e in d.enrollments
        ],
    )


@FAMILY.night("The autumn term is over, and the source drops its classes.",
              sizes=MIDDLE_AND_LARGE, ordinary=True)  # fmt: skip
def _term_ends(d: District) -> Story:
    begins = _with_autumn(d)
    autumn = begins.sessions[0].sourced_id
    gone = [c.sourced_id for c in begins.classes if c.terms == (autumn,)]
    left = without_rooms(begins, gone)
    left = left.having(
        academicSessions=begins.sessions[1:],
        classes=[
            replace(c, terms=tuple(t for t in c.terms if t != autumn)) for c in left.classes
        ],
    )  # fmt: skip
    return Story((Night(left, days=_days(date(2027, 1, 18))),), begins)


@FAMILY.night("Summer: no classes and no enrollments, and three weeks later still none.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _summer(d: District) -> Story:
    bare = d.having(classes=(), enrollments=())
    return Story((Night(bare, days=_days(date(2027, 6, 28))), Night(bare, days=21)), d)


@FAMILY.night("Summer: a handful of summer classes replaces all others.", ordinary=True)
def _summer_school(d: District) -> Story:
    room = replace(d.classes[0], sourced_id="class-summer", title="Summer school", terms=("su",))
    term = replace(
        d.sessions[0], sourced_id="su", title="Summer", start="2027-06-14", end="2027-07-30"
    )
    rows = [
        replace(membership(room, u), begin="2027-06-14", end="2027-07-30")
        for u in pupils_of(d, "school-01")[:20]
    ]
    there = d.having(academicSessions=[*d.sessions, term], classes=[room], enrollments=rows)
    return Story((Night(there, days=_days(date(2027, 6, 28))),), d)


AUGUST = _days(date(2027, 8, 16))


def _intake(d: District) -> int:
    return len(pupils_of(d)) // 8


@FAMILY.night("In August the last grade has left; everything else is as before.",
              sizes=MIDDLE_AND_LARGE, ordinary=True)  # fmt: skip
def _graduates(d: District) -> Story:
    last = [u.sourced_id for u in pupils_of(d) if u.grade == "08"]
    left = without_users(d, last)
    nights = (
        Night(left, days=AUGUST),
        Night(None, days=0, act=lambda living: living.approve()),
    )
    return Story(nights, d, looks=1, may_wait=PUPILS)


@FAMILY.night("August: new terms, classes and enrollments; the last grade goes, a first comes.",
              sizes=MIDDLE_AND_LARGE, ordinary=True)  # fmt: skip
def _rollover(d: District) -> Story:
    there = rollover(d, intake=_intake(d))
    nights = (
        Night(there, days=AUGUST),
        Night(None, days=0, act=lambda living: living.approve()),
    )
    return Story(nights, d, looks=1, may_wait=PUPILS)


@FAMILY.night("August again, but the terms keep their ids and get new dates.", ordinary=True)
def _rollover_same_sessions(d: District) -> Story:
    there = rollover(d, intake=_intake(d))
    ids_of = {
        new.sourced_id: old.sourced_id for new, old in zip(there.sessions, d.sessions, strict=True)
    }
    there = there.having(
        academicSessions=[
            replace(s, sourced_id=ids_of[s.sourced_id], parent=ids_of.get(s.parent or ""))
            for s in there.sessions
        ],
        courses=[replace(c, school_year=ids_of[c.school_year]) for c in there.courses],
        classes=[replace(c, terms=tuple(ids_of[t] for t in c.terms)) for c in there.classes],
    )
    nights = (
        Night(there, days=AUGUST),
        Night(None, days=0, act=lambda living: living.approve()),
    )
    return Story(nights, d, looks=1, may_wait=PUPILS)


@FAMILY.night("August again, in a district whose classes name no terms.", ordinary=True)
def _rollover_without_terms(d: District) -> Story:
    begins = d.having(classes=[replace(c, terms=()) for c in d.classes])
    new = rollover(d, intake=_intake(d))
    there = new.having(classes=[replace(c, terms=()) for c in new.classes])
    nights = (
        Night(there, days=AUGUST),
        Night(None, days=0, act=lambda living: living.approve()),
    )
    return Story(nights, begins, looks=1, may_wait=PUPILS)


@FAMILY.night("August again, and the classes keep their ids: only their pupils are others.",
              ordinary=True)  # fmt: skip
def _rollover_same_classes(d: District) -> Story:
    new = rollover(d, intake=_intake(d))

    def old(name: str) -> str:
        return name.replace("class-2027", "class-2026")

    there = new.having(
        classes=[replace(c, sourced_id=old(c.sourced_id)) for c in new.classes],
        enrollments=[replace(e, class_id=old(e.class_id)) for e in new.enrollments],
    )
    nights = (
        Night(there, days=AUGUST),
        Night(None, days=0, act=lambda living: living.approve()),
    )
    return Story(nights, d, looks=1, may_wait=PUPILS)


@FAMILY.night("A school of nine in August: new classes, two leave, two come.", sizes=[Size.SMALL],
              ordinary=True)  # fmt: skip
def _small_rollover(d: District) -> Story:
    pupils = pupils_of(d)
    rooms = [replace(c, sourced_id=f"{c.sourced_id}-27", terms=("fall-2028",)) for c in d.classes]
    terms = [
        replace(s, sourced_id=s.sourced_id.replace("2027", "2028"), school_year="2028",
                start=s.start.replace("2027", "2028").replace("2026", "2027"),
                end=s.end.replace("2027", "2028").replace("2026", "2027"),
                parent="sy-2028" if s.parent else None)
        for s in d.sessions
    ]  # fmt: skip
    left = without_users(d, ids(pupils[:2]))
    users = [*left.users, *(like(pupils[0], f"first-{n}") for n in range(2))]
    rows = [
        replace(membership(room, user), begin="2027-08-16", end="2028-06-10")
        for room in rooms
        for user in users
    ]
    there = d.having(
        academicSessions=terms, classes=rooms, users=users, enrollments=rows,
        courses=[replace(c, school_year="sy-2028") for c in d.courses],
    )  # fmt: skip
    return Story((Night(there, days=AUGUST),), d)
