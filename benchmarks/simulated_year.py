"""Simulates a district's school year, night by night: what updates apply, and what is held.

    python -m benchmarks.simulated_year [schools]

By default with 40 schools of 500 pupils. Each night the real planner compares what the source
delivers with what the roster holds, in mode update; on some nights a person decides on the hold.
The table is in docs/simulated-year.md.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from local.arguments import whole
from local.entry import run_command
from local.sample_district.evolution import rollover, without_records, without_users
from local.sample_district.roster import District, generate
from shared.domain.group.hold import Decision
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Mode
from tests.unit.planning.nights import Nights, Row, Rows

PUPILS_PER_SCHOOL = 500
ORGS, SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS = Collection


@dataclass(frozen=True)
class Night:
    """One night of the year.

    ``day``: the date.
    ``what``: what happened at the source, in words.
    ``district``: what the source delivers.
    ``decision``: a person's decision on what is held; None for none.
    """

    day: date
    what: str
    district: District
    decision: Decision | None = None


@dataclass(frozen=True)
class Seen:
    """The outcome of a night.

    ``applied``: how many records were created, updated and so on, by entity.
    ``held``: how many records are held, by entity.
    ``rules``: the rules of the guard that hold them.
    ``decided``: how many records a decision deleted, by entity.
    """

    night: Night
    applied: dict[str, dict[str, int]]
    held: dict[str, int]
    rules: tuple[str, ...]
    decided: dict[str, int]


def year_of(schools: int) -> Iterator[Night]:
    """The nights of a year."""
    start = generate(pupils=schools * PUPILS_PER_SCHOOL, per_school=PUPILS_PER_SCHOOL)
    start = _with_autumn_classes(start)
    yield Night(date(2026, 8, 24), "first load", start)
    yield Night(date(2026, 8, 25), "an ordinary night: nothing has changed", start)
    now = _with_moved_pupils(start)
    yield Night(date(2026, 8, 31), "week two: 5 % of the pupils change two classes", now)
    name = _schools(now)[1]
    away = _without_school(now, name)
    yield Night(date(2026, 9, 15), "a school is missing from the export", away)
    yield Night(date(2026, 9, 16), "the school is back", now)
    three = without_records(now, "orgs", _schools(now)[:3])
    yield Night(date(2026, 10, 6), "three orgs are missing, but not their people", three)
    yield Night(date(2026, 10, 7), "the orgs are back", now)
    leavers = _pupils(now)[:: max(1, len(_pupils(now)) // (schools * 2))]
    now = without_users(now, leavers)
    yield Night(date(2026, 12, 21), "winter leavers: about two per school", now)
    shifted = _with_shifted_names(now, _schools(now)[0])
    yield Night(
        date(2027, 2, 9),
        "one school's family names are shifted by a row",
        shifted,
        Decision.REJECT,
    )
    yield Night(date(2027, 2, 10), "the export is correct again", now)
    now = _without_autumn(now)
    yield Night(date(2027, 4, 6), "the source drops the autumn term and its classes", now)
    bare = now.having(classes=(), enrollments=())
    yield Night(date(2027, 6, 28), "summer: no classes, no enrollments", bare)
    yield Night(date(2027, 7, 12), "still summer", bare)
    intake = len(_pupils(now)) // 8
    new = rollover(now, intake=intake)
    yield Night(
        date(2027, 8, 16),
        "August rollover: the last grade has left, a new first grade arrives",
        new,
        Decision.APPROVE,
    )
    yield Night(date(2027, 8, 17), "an ordinary night", new)


def live_through(schools: int, directory: Path, show: Callable[[Seen], None]) -> list[Seen]:
    """Simulate the year; ``show`` is called with each night."""
    nights = Nights(directory)
    seen: list[Seen] = []
    for night in year_of(schools):
        days = (night.day - nights.today).days
        found = nights.run(rows_of(night.district), mode=Mode.UPDATE, days=days)
        counts = found.outcome.counts
        decided: dict[str, int] = {}
        if night.decision is not None and found.outcome.hold is not None:
            after = nights.run(Rows(), mode=Mode.UPDATE, decision=night.decision, days=0)
            decided = {n: c.deleted for n, c in after.outcome.counts.items() if c.deleted}
        hold = found.outcome.hold
        seen.append(
            Seen(
                night,
                {
                    column: {n: int(getattr(c, column)) for n, c in counts.items()}
                    for column in ("created", "updated", "deleted", "restored", "ended")
                },
                {name: count.held for name, count in counts.items() if count.held},
                tuple(sorted({str(rule["rule"]) for rule in hold.by_rule})) if hold else (),
                decided,
            )
        )
        show(seen[-1])
    return seen


def rows_of(district: District) -> Rows:
    """A district as staged rows, without guardians and their enrollments."""
    guardians = {user.sourced_id for user in district.users if user.role == "guardian"}
    return Rows(
        {
            ORGS: [_row(o, name=o.name, type=o.type, parent=o.parent) for o in district.orgs],
            SESSIONS: [
                _row(
                    s, title=s.title, type=s.type, start_date=s.start, end_date=s.end,
                    parent=s.parent, school_year=s.school_year,
                )
                for s in district.sessions
            ],
            COURSES: [_row(c, title=c.title, org=c.org) for c in district.courses],
            CLASSES: [
                _row(
                    c, title=c.title, class_type=c.type, course=c.course, school=c.school,
                    terms=list(c.terms),
                )
                for c in district.classes
            ],
            USERS: [
                _row(
                    u, username=u.username, given_name=u.given_name, family_name=u.family_name,
                    email=u.email, identifier=u.identifier,
                    roles=[{"role": u.role, "role_type": "primary", "org": org} for org in u.orgs],
                )
                for u in district.users
            ],
            ENROLLMENTS: [
                {
                    "sourced_id": e.sourced_id, "class": e.class_id, "user": e.user,
                    "role": e.role, "begin_date": e.begin, "end_date": e.end,
                }
                for e in district.enrollments
                if e.user not in guardians
            ],
        }
    )  # fmt: skip


def _row(record: object, **values: object) -> Row:
    return {"sourced_id": record.sourced_id} | values  # type: ignore[attr-defined]  # a Record


def _schools(district: District) -> list[str]:
    return [org.sourced_id for org in district.orgs if org.type == "school"]


def _pupils(district: District) -> list[str]:
    return [user.sourced_id for user in district.users if user.role == "student"]


def _with_autumn_classes(district: District) -> District:
    """Make every fourth class one of the autumn term only."""
    autumn, end = district.sessions[0].sourced_id, district.sessions[0].end
    short = {each.sourced_id for each in district.classes[::4]}
    return district.having(
        classes=[
            replace(each, terms=(autumn,)) if each.sourced_id in short else each
            for each in district.classes
        ],
        enrollments=[
            replace(each, end=end) if each.class_id in short else each
            for each in district.enrollments
        ],
    )


def _without_autumn(district: District) -> District:
    autumn = district.sessions[0].sourced_id
    gone = {each.sourced_id for each in district.classes if each.terms == (autumn,)}
    return district.having(
        academicSessions=district.sessions[1:],
        classes=[
            replace(each, terms=tuple(term for term in each.terms if term != autumn))
            for each in district.classes
            if each.sourced_id not in gone
        ],
        enrollments=[each for each in district.enrollments if each.class_id not in gone],
    )


def _with_moved_pupils(district: District) -> District:
    """Move every twentieth pupil of each school to the next class there, in two subjects."""
    pupils: dict[str, list[str]] = {}
    for user in district.users:
        if user.role == "student":
            pupils.setdefault(user.orgs[0], []).append(user.sourced_id)
    movers = {pupil for of_school in pupils.values() for pupil in of_school[::20]}
    by_school: dict[str, list[str]] = {}
    for room in district.classes:
        by_school.setdefault(room.school, []).append(room.sourced_id)
    moves: dict[str, int] = {}
    enrollments = []
    for each in district.enrollments:
        if each.user in movers and moves.get(each.user, 0) < 2:
            moves[each.user] = moves.get(each.user, 0) + 1
            rooms = by_school[each.school]
            other = rooms[(rooms.index(each.class_id) + 1) % len(rooms)]
            each = replace(each, class_id=other, sourced_id=f"{each.sourced_id}-moved")
        enrollments.append(each)
    return district.having(enrollments=enrollments)


def _without_school(district: District, school: str) -> District:
    gone = {u.sourced_id for u in district.users if u.orgs == (school,)}
    return without_users(district, gone).having(
        orgs=[org for org in district.orgs if org.sourced_id != school],
        classes=[each for each in district.classes if each.school != school],
        enrollments=[
            each for each in district.enrollments if each.school != school and each.user not in gone
        ],
    )


def _with_shifted_names(district: District, school: str) -> District:
    there = [u for u in district.users if u.role == "student" and u.orgs == (school,)]
    names = [user.family_name for user in there]
    moved = dict(zip([user.sourced_id for user in there], names[1:] + names[:1], strict=True))
    return district.having(
        users=[
            replace(user, family_name=moved.get(user.sourced_id, user.family_name))
            for user in district.users
        ]
    )


def _line(seen: Seen) -> str:
    applied = ", ".join(
        f"{sum(by_entity.values()):,} {column}"
        for column, by_entity in seen.applied.items()
        if sum(by_entity.values())
    )
    held = ", ".join(f"{count:,} {name}" for name, count in seen.held.items())
    rules = f" ({', '.join(seen.rules)})" if seen.rules else ""
    decided = ""
    if seen.night.decision is not None and seen.rules:
        gone = ", ".join(f"{count:,} {name}" for name, count in seen.decided.items())
        decided = f"{seen.night.decision}: {gone + ' deleted' if gone else 'kept'}"
    day = seen.night.day.isoformat()
    return f"| {day} | {seen.night.what} | {applied or '—'} | {held or '—'}{rules} | {decided} |"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Simulate a district's school year.")
    parser.add_argument("schools", type=whole(3), nargs="?", default=40)
    schools = parser.parse_args().schools
    print("| Night | At the source | Applied | Held | Decided |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        live_through(schools, Path(directory), lambda seen: print(_line(seen), flush=True))
    return 0


if __name__ == "__main__":
    run_command(main)
