"""Tells which mistakes nobody can tell from the truth.

Such a mistake is about few people and classes, and leaves every place most of its own. (And nothing
in the delivery contradicts it, which each kind says of itself.)
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from benchmarks.nights.facts import Fact, true_facts
from benchmarks.nights.story import Truth
from local.sample_district.records import District

_FEW, _FEW_PERCENT = 2, 10
_SMALLEST_PLACE = 3


def looks_true(district: District, delivery: District | None, today: date) -> bool:
    """Whether a delivery could be the truth about a district, for all that anybody can tell.

    It may differ for two people or a tenth of them, lack two classes or a tenth of them, and no
    more than half of a school's classes, or of the people of a school, a class or a role, if there
    are three or more of these.
    """
    if delivery is None:
        return False
    true = true_facts(Truth(district), today)
    there = {room.sourced_id for room in delivery.classes}
    closed = [room for room in district.classes if room.sourced_id not in there]
    # A class that has closed takes the memberships of all its people along.
    gone = true - true_facts(Truth(delivery), today)
    lost = [fact for fact in gone if fact[0] != "member" or fact[2] in there]
    rooms, before = Counter(room.school for room in district.classes), _by_place(true)
    return (
        bool(lost or closed)
        and _are_few(len(_people(lost)), len(_people(true)))
        and _are_few(len(closed), len(district.classes))
        and not any(
            _is_most(count, rooms[school], 1)
            for school, count in Counter(room.school for room in closed).items()
        )
        and not any(
            _is_most(len(those), len(before[place]), _SMALLEST_PLACE)
            for place, those in _by_place(lost).items()
        )
    )


def _are_few(part: int, whole: int) -> bool:
    return part <= _FEW or part * 100 <= _FEW_PERCENT * whole


def _is_most(part: int, whole: int, smallest: int) -> bool:
    return whole >= smallest and part * 2 > whole


def _people(facts: Iterable[Fact]) -> set[str]:
    return {fact[1] for fact in facts}


def _by_place(facts: Iterable[Fact]) -> dict[tuple[str, str], set[str]]:
    """Who is of which school, in which class, and in which role."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind, person, *where in facts:
        if kind in ("school", "member", "role"):
            found[kind, where[0]].add(person)
    return found
