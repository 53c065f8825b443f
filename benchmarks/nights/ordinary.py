"""Ordinary nights of a school year: nothing is wrong, and nothing may wait."""

from dataclasses import replace
from datetime import date

from benchmarks.nights.changes import (
    changed_enrollments,
    changed_users,
    joined,
    like,
    moved,
    rooms_of_user,
    without_school,
)
from benchmarks.nights.districts import (
    ids,
    in_room,
    pupils_of,
    rooms_of,
    schools_of,
    teachers_of,
)
from benchmarks.nights.story import BOTH_RESTS, Family, Night, Size, Story, Truth, one
from local.sample_district.evolution import without_users
from local.sample_district.records import District, Enrollment
from local.sample_district.roster import generate

FAMILY = Family("Ordinary nights")
SMALL_AND_MIDDLE = (Size.SMALL, Size.MIDDLE)
MIDDLE_AND_LARGE = (Size.MIDDLE, Size.LARGE)
START = date(2026, 9, 1)


def _days(day: date) -> int:
    return (day - START).days


@FAMILY.night("Nothing has changed.", sizes=SMALL_AND_MIDDLE, ordinary=True)
def _nothing(d: District) -> Story:
    return one(d, d)


@FAMILY.night("The first load.", sizes=SMALL_AND_MIDDLE, ordinary=True)
def _first(d: District) -> Story:
    return Story((Night(d, Truth(d)),), None, was=Truth(d))


@FAMILY.night("The source is frozen for five nights: the same every time.", ordinary=True)
def _frozen(d: District) -> Story:
    return Story((Night(d),) * 5, d)


@FAMILY.night("Every record gets a new time of change, and nothing else.", sizes=SMALL_AND_MIDDLE,
              ways=BOTH_RESTS, ordinary=True)  # fmt: skip
def _touched(d: District) -> Story:
    when = "2026-09-01T23:00:00.000Z"
    users = [replace(user, modified=when) for user in d.users]
    rows = [replace(each, modified=when) for each in d.enrollments]
    return one(d, d.having(users=users, enrollments=rows))


@FAMILY.night("Week two: 5 % of the pupils change a class.", sizes=MIDDLE_AND_LARGE, ordinary=True)
def _week_two(d: District) -> Story:
    movers = [name for school in schools_of(d) for name in ids(pupils_of(d, school)[::20])]
    return one(d, moved(d, movers, new_rows=True))


@FAMILY.night("Winter leavers: two pupils of each school.", ordinary=True)
def _winter_leavers(d: District) -> Story:
    gone = [name for school in schools_of(d) for name in ids(pupils_of(d, school)[:2])]
    return one(d, without_users(d, gone))


@FAMILY.night("Five new pupils come in the middle of the year.", sizes=SMALL_AND_MIDDLE,
              ordinary=True)  # fmt: skip
def _late_enrollments(d: District) -> Story:
    there, first = d, pupils_of(d)[0]
    for number in range(5):
        there = joined(there, like(first, f"late-{number}"), *rooms_of_user(d, first.sourced_id))
    return one(d, there)


@FAMILY.night("A pupil moves to another school of the district.", ordinary=True)
def _transfer(d: District) -> Story:
    pupil, other = pupils_of(d)[0], pupils_of(d)[1]
    left = changed_enrollments(d, lambda e: None if e.user == pupil.sourced_id else e)
    return one(
        d, joined(left, replace(pupil, orgs=other.orgs), *rooms_of_user(d, other.sourced_id))
    )  # fmt: skip


@FAMILY.night("A substitute takes over the classes of a teacher, who stays.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _substitute(d: District) -> Story:
    teacher = teachers_of(d)[0]
    substitute = like(teacher, "teacher-900")
    there = changed_enrollments(d, lambda e: None if e.user == teacher.sourced_id else e)
    return one(d, joined(there, substitute, *rooms_of_user(d, teacher.sourced_id)))


@FAMILY.night("A teacher leaves, and another comes for the same classes.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _new_teacher(d: District) -> Story:
    teacher = teachers_of(d)[0]
    left = without_users(d, [teacher.sourced_id])
    rooms = rooms_of_user(d, teacher.sourced_id)
    return one(d, joined(left, like(teacher, "teacher-900"), *rooms))


@FAMILY.night("A class is split: half of its pupils go to a new one.", ordinary=True)
def _split(d: District) -> Story:
    room = d.classes[0]
    new = replace(room, sourced_id="class-new", title="New section", code="NEW")
    half = [e for e in in_room(d, room.sourced_id) if e.role == "student"][::2]
    rows = [replace(e, sourced_id=f"{e.sourced_id}-n", class_id="class-new") for e in half]
    gone = {e.sourced_id for e in half}
    kept = [e for e in d.enrollments if e.sourced_id not in gone]
    return one(d, d.having(classes=[*d.classes, new], enrollments=[*kept, *rows]))


@FAMILY.night("Two sections of a subject are merged: one class disappears.", ordinary=True)
def _merged(d: District) -> Story:
    gone, stays = rooms_of(d, "school-01")[:2]

    def merge(each: Enrollment) -> Enrollment | None:
        if each.class_id != gone.sourced_id:
            return each
        if each.role != "student":
            return None
        return replace(each, sourced_id=f"{each.sourced_id}-m", class_id=stays.sourced_id)

    there = changed_enrollments(d, merge)
    return one(d, there.having(classes=[c for c in d.classes if c is not gone]))


@FAMILY.night("The sections of a grade are rebalanced: a third of its pupils change places.",
              ordinary=True)  # fmt: skip
def _rebalanced(d: District) -> Story:
    first, second = rooms_of(d, "school-01")[:2]
    swap = {first.sourced_id: second.sourced_id, second.sourced_id: first.sourced_id}
    movers = {
        e.user
        for room in swap
        for e in [e for e in in_room(d, room) if e.role == "student"][:2]
    }  # fmt: skip

    def change(each: Enrollment) -> Enrollment:
        if each.user not in movers or each.class_id not in swap or each.role != "student":
            return each
        other = swap[each.class_id]
        return replace(each, sourced_id=f"{each.sourced_id}-r", class_id=other)

    return one(d, changed_enrollments(d, change))


@FAMILY.night("A school and all classes are renamed; their ids stay.", sizes=SMALL_AND_MIDDLE,
              ordinary=True)  # fmt: skip
def _renamed(d: District) -> Story:
    orgs = [replace(o, name=f"{o.name} Academy") if o.type == "school" else o for o in d.orgs]
    return one(
        d, d.having(orgs=orgs, classes=[replace(c, title=f"{c.title} (A)") for c in d.classes])
    )  # fmt: skip


@FAMILY.night(
    "A school is merged into its neighbour; classes and people keep their ids.",
    ordinary=True,
    why="A partner never goes unasked, even if nobody is there any more.",
)
def _merged_school(d: District) -> Story:
    old, new = schools_of(d)[:2]

    def orgs(found: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(new if org == old else org for org in found))

    return one(
        d,
        d.having(
            orgs=[o for o in d.orgs if o.sourced_id != old],
            classes=[replace(c, school=new) if c.school == old else c for c in d.classes],
            users=[
                replace(u, orgs=orgs(u.orgs), primary_org=new if u.primary_org == old else
                        u.primary_org)
                for u in d.users
            ],
            enrollments=[replace(e, school=new) if e.school == old else e for e in d.enrollments],
        ),
    )  # fmt: skip


@FAMILY.night("A school is closed on purpose; the admin approves it.", ordinary=True)
def _closed_school(d: District) -> Story:
    there = without_school(d, schools_of(d)[1])
    nights = (Night(there), Night(None, days=0, act=lambda living: living.approve()))
    return Story(nights, d, looks=1)


@FAMILY.night("A thirteenth school opens, with its classes and people.", ordinary=True)
def _new_school(d: District) -> Story:
    grown = generate(pupils=13 * 48, per_school=48)
    gone = {u.sourced_id for u in grown.users if u.role == "guardian"}
    new = [o for o in grown.orgs if o.sourced_id == "school-13"]
    users = [
        replace(u, sourced_id=f"n-{u.sourced_id}", username=f"n-{u.username}", agents=(),
                orgs=("school-13",), primary_org=None)
        for u in grown.users
        if u.orgs[0] == "school-13" and u.sourced_id not in gone
    ]  # fmt: skip
    rooms = rooms_of(grown, "school-13")
    names = {room.sourced_id for room in rooms}
    rows = [
        replace(e, user=f"n-{e.user}") for e in grown.enrollments if e.class_id in names
    ]  # fmt: skip
    return one(
        d,
        d.having(
            orgs=[*d.orgs, *new], users=[*d.users, *users], classes=[*d.classes, *rooms],
            enrollments=[*d.enrollments, *rows],
        ),
    )  # fmt: skip


@FAMILY.night("Guardians appear in the source; the group has not asked for them.", ordinary=True)
def _guardians(d: District) -> Story:
    pupils = pupils_of(d)[::10]
    parents = [
        like(p, f"parent-{n}", agents=(p.sourced_id,), grade=None) for n, p in enumerate(pupils)
    ]
    return one(d, d.having(users=[*d.users, *(replace(p, role="guardian") for p in parents)]))


@FAMILY.night("Three pupils are set to inactive.", sizes=SMALL_AND_MIDDLE, ordinary=True)
def _inactive(d: District) -> Story:
    return one(
        d,
        changed_users(d, ids(pupils_of(d)[:3]), lambda u: replace(u, status="inactive")),
    )  # fmt: skip


@FAMILY.night("The vendor now keeps leavers as inactive: twenty of last year's appear.",
              ordinary=True)  # fmt: skip
def _inactive_leavers(d: District) -> Story:
    first = pupils_of(d)[0]
    old = [like(first, f"old-{n}", status="inactive", enabled=False, grade="08") for n in range(20)]
    return one(d, d.having(users=[*d.users, *old]))


@FAMILY.night("Winter break: two weeks without a change.", ordinary=True)
def _winter_break(d: District) -> Story:
    return Story((Night(d, days=_days(date(2026, 12, 21))), Night(d, days=14)), d)
