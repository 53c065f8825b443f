"""What happens to a district on ordinary nights: each makes the next district from the last."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from benchmarks.mistakes.districts import Shape, joined, next_year
from benchmarks.nights.changes import (
    changed_enrollments,
    changed_users,
    like,
    rooms_of_user,
    without_rooms,
)
from benchmarks.nights.districts import ids, in_room, pupils_of, schools_of, teachers_of
from local.sample_district.evolution import renumber_enrollments, with_records, without_users
from local.sample_district.records import Class, District, User

Change = Callable[["Day", District], District | None]


@dataclass(frozen=True)
class Day:
    """The day of a change, in a district of a shape."""

    today: date
    shape: Shape
    random: Random


@dataclass(frozen=True)
class Ordinary:
    """A kind of ordinary night.

    ``what``: what happens.
    ``change``: makes the next district; None where it cannot happen.
    ``until``: the day to which it is put off: month and day; None for tomorrow.
    ``may_wait``: which kinds of records may wait for one look of a person.
    """

    what: str
    change: Change
    until: tuple[int, int] | None = None
    may_wait: frozenset[str] = frozenset()


ORDINARY: list[Ordinary] = []


def _night(
    what: str, until: tuple[int, int] | None = None, may_wait: frozenset[str] = frozenset()
) -> Callable[[Change], Change]:
    def add(change: Change) -> Change:
        ORDINARY.append(Ordinary(what, change, until, may_wait))
        return change

    return add


def _few(day: Day, users: list[User], percent: int = 3) -> list[str]:
    """One or more of them: at most so many per cent."""
    most = max(1, len(users) * percent // 100)
    return ids(day.random.sample(users, min(len(users), day.random.randint(1, most))))


def _joined(day: Day, d: District, user: User, rooms: list[Class]) -> District:
    return joined(d, user, rooms, day.today.isoformat())


def _fresh(day: Day) -> str:
    """An id that nobody has."""
    return f"n{day.today:%y%m%d}{day.random.randrange(10**6):06d}"


@_night("Nothing has changed.")
def _nothing(day: Day, d: District) -> District:
    return d


@_night("Every record gets a new time of change, and nothing else.")
def _touched(day: Day, d: District) -> District:
    when = f"{day.today}T01:00:00.000Z"
    return d.having(users=[replace(user, modified=when) for user in d.users])


@_night("One to three per cent of the pupils leave.")
def _leavers(day: Day, d: District) -> District:
    return without_users(d, _few(day, pupils_of(d)))


@_night("One to three per cent of the pupils come, into the classes of others.")
def _newcomers(day: Day, d: District) -> District:
    there = d
    for name in _few(day, pupils_of(d)):
        mate = next(user for user in d.users if user.sourced_id == name)
        there = _joined(day, there, like(mate, _fresh(day)), rooms_of_user(d, name))
    return there


@_night("A pupil leaves, and another comes.")
def _exchange(day: Day, d: District) -> District:
    leaver = day.random.choice(pupils_of(d))
    rooms = rooms_of_user(d, leaver.sourced_id)
    return _joined(day, without_users(d, [leaver.sourced_id]), like(leaver, _fresh(day)), rooms)


def _in_another_class(day: Day, d: District, *, same_rows: bool) -> District | None:
    """Up to 5 % of the pupils leave a class for another of their school."""
    movers = set(_few(day, pupils_of(d), 5))
    taken = {(e.user, e.class_id) for e in d.enrollments}
    rows = []
    for each in d.enrollments:
        free = [
            c.sourced_id
            for c in d.classes
            if c.school == each.school and (each.user, c.sourced_id) not in taken
        ]
        if each.user in movers and free:
            movers.discard(each.user)
            name = each.sourced_id if same_rows else _fresh(day)
            each = replace(each, class_id=day.random.choice(free), sourced_id=name)
        rows.append(each)
    found = d.having(enrollments=rows)
    return None if found == d else found


@_night("Up to 5 % of the pupils change a class, in new rows.")
def _new_class(day: Day, d: District) -> District | None:
    return _in_another_class(day, d, same_rows=False)


@_night("Up to 5 % of the pupils change a class; their rows keep their ids.")
def _same_row(day: Day, d: District) -> District | None:
    return _in_another_class(day, d, same_rows=True)


@_night("A pupil moves to another school.")
def _other_school(day: Day, d: District) -> District | None:
    pupil = day.random.choice(pupils_of(d))
    others = [u for u in pupils_of(d) if u.orgs != pupil.orgs]
    if not others:
        return None
    mate = day.random.choice(others)
    left = changed_enrollments(d, lambda e: None if e.user == pupil.sourced_id else e)
    return _joined(day, left, replace(pupil, orgs=mate.orgs), rooms_of_user(d, mate.sourced_id))


@_night("A substitute takes over the classes of a teacher, who stays.")
def _substitute(day: Day, d: District) -> District:
    teacher = day.random.choice(teachers_of(d))
    there = changed_enrollments(d, lambda e: None if e.user == teacher.sourced_id else e)
    rooms = rooms_of_user(d, teacher.sourced_id)
    return _joined(day, there, like(teacher, _fresh(day)), rooms)


@_night("A teacher leaves, and another takes over.")
def _new_teacher(day: Day, d: District) -> District:
    teacher = day.random.choice(teachers_of(d))
    rooms = rooms_of_user(d, teacher.sourced_id)
    left = without_users(d, [teacher.sourced_id])
    return _joined(day, left, like(teacher, _fresh(day)), rooms)


@_night("A class opens, for half of the pupils of another.")
def _opens(day: Day, d: District) -> District:
    room = day.random.choice(d.classes)
    new = replace(room, sourced_id=_fresh(day), title="New section", code=_fresh(day))
    half = [e for e in in_room(d, room.sourced_id) if e.role == "student"][::2]
    rows = [replace(e, sourced_id=_fresh(day), class_id=new.sourced_id) for e in half]
    gone = set(ids(half))
    kept = [e for e in d.enrollments if e.sourced_id not in gone]
    return d.having(classes=[*d.classes, new], enrollments=[*kept, *rows])


@_night("Two classes are merged into one.")
def _merged(day: Day, d: District) -> District | None:
    gone = day.random.choice(d.classes)
    others = [c for c in d.classes if c.school == gone.school and c is not gone]
    if len(others) < 2:
        return None  # half of the classes of a school
    stays = day.random.choice(others).sourced_id
    there = {e.user for e in in_room(d, stays)}
    rows = [
        replace(e, class_id=stays) if e.class_id == gone.sourced_id else e
        for e in d.enrollments
        if e.class_id != gone.sourced_id or (e.role == "student" and e.user not in there)
    ]
    return d.having(classes=[c for c in d.classes if c is not gone], enrollments=rows)


@_night("Some get another name.")
def _married(day: Day, d: District) -> District:
    few = _few(day, list(d.users), 1)
    return changed_users(d, few, lambda u: replace(u, family_name=f"{u.family_name}-Lee"))


@_night("Some get another username.")
def _new_login(day: Day, d: District) -> District:
    few = _few(day, list(d.users), 1)
    return changed_users(d, few, lambda u: replace(u, username=f"{u.username}.{_fresh(day)}"))


@_night("Two swap their usernames.")
def _swapped(day: Day, d: District) -> District:
    one, other = day.random.sample(pupils_of(d), 2)
    names = {one.sourced_id: other.username, other.sourced_id: one.username}
    return changed_users(d, names, lambda u: replace(u, username=names[u.sourced_id]))


@_night("Some are disabled.")
def _disabled(day: Day, d: District) -> District:
    return changed_users(d, _few(day, pupils_of(d)), lambda u: replace(u, enabled=False))


@_night("All are enabled again.")
def _enabled(day: Day, d: District) -> District:
    return d.having(users=[replace(u, enabled=True) for u in d.users])


@_night("All schools and classes get other titles.")
def _renamed(day: Day, d: District) -> District:
    when = f"{day.today:%d %b}"
    return d.having(
        orgs=[replace(o, name=f"{o.name} ({when})") for o in d.orgs],
        classes=[replace(c, title=f"{c.title} ({when})") for c in d.classes],
    )


@_night("The rows of the enrollments are numbered anew.")
def _renumbered(day: Day, d: District) -> District:
    order = list(d.enrollments)
    day.random.shuffle(order)
    return renumber_enrollments(replace(d, enrollments=tuple(order)))


@_night("A pupil's memberships end yesterday.")
def _end_dated(day: Day, d: District) -> District:
    [one] = ids([day.random.choice(pupils_of(d))])
    yesterday = date.fromordinal(day.today.toordinal() - 1).isoformat()

    def end(begin: str | None, old: str | None) -> str | None:
        return old if (begin or "") > yesterday or (old or "9") < yesterday else yesterday

    return changed_enrollments(
        d, lambda e: replace(e, end=end(e.begin, e.end)) if e.user == one else e
    )


@_night("A new school opens, with two classes.")
def _new_school(day: Day, d: District) -> District | None:
    schools = schools_of(d)
    if len(schools) < 2:
        return None  # a second school is half of the district
    model = min(schools, key=lambda s: len(pupils_of(d, s)))
    name = _fresh(day)
    [old] = [o for o in d.orgs if o.sourced_id == model]
    there = d.having(orgs=[*d.orgs, replace(old, sourced_id=name, name=name, identifier=name)])
    rooms = [
        replace(c, sourced_id=f"{name}-{n}", school=name)
        for n, c in enumerate(c for c in d.classes if c.school == model)
    ][:2]
    there = there.having(classes=[*there.classes, *rooms])
    for user in (*pupils_of(d, model)[:10], *teachers_of(d, model)[:1]):
        there = _joined(day, there, like(user, _fresh(day), orgs=(name,)), rooms)
    return there


@_night("Guardians appear, whom the group has not asked for.")
def _guardians(day: Day, d: District) -> District:
    few = pupils_of(d)[::10]
    there = [like(u, _fresh(day), role="guardian", agents=(u.sourced_id,), grade=None) for u in few]
    return with_records(d, "users", *there)


@_night("The autumn is over, and the source drops its classes.", until=(1, 18))
def _term_ends(day: Day, d: District) -> District | None:
    autumn = {f"fall-{d.year + 1}"}
    gone = [c.sourced_id for c in d.classes if c.terms and autumn.issuperset(c.terms)]
    return without_rooms(d, gone) if gone else None


@_night("The autumn is over, and its classes stay in the source.", until=(1, 25))
def _term_turns(day: Day, d: District) -> District:
    return d.having(courses=[replace(c, title=f"{c.title}.") for c in d.courses])


@_night("Winter break: nothing changes until January.", until=(1, 4))
def _break(day: Day, d: District) -> District:
    return d


@_night("August: the last grade has left, others have come, all classes are new.",
        until=(8, 17), may_wait=frozenset({"users", "enrollments"}))  # fmt: skip
def _august(day: Day, d: District) -> District:
    return next_year(day.random, day.shape, d)
