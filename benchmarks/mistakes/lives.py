"""Lives histories of random districts: ordinary nights, and beside each a mistake of the source.

Every night goes the whole way of benchmarks.nights. A mistake happens to a copy of the roster as it
is after the ordinary night, so that it harms no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import cycle
from random import Random
from typing import TypeVar

from benchmarks.mistakes.districts import Shape, random_district, random_shape
from benchmarks.mistakes.kinds import Kind, Spot
from benchmarks.mistakes.of_absence import ABSENCE
from benchmarks.mistakes.of_columns import COLUMNS
from benchmarks.mistakes.of_files import FILES
from benchmarks.mistakes.of_ids import IDS
from benchmarks.mistakes.of_sources import SOURCES
from benchmarks.mistakes.ordinary import ORDINARY, Day, Ordinary
from benchmarks.mistakes.truthlike import looks_true
from benchmarks.nights.facts import true_facts
from benchmarks.nights.living import Living, copy_of, load, settings_of, with_source
from benchmarks.nights.regret import Judge
from benchmarks.nights.story import Night, Size, Truth, Way
from local.sample_district.records import District
from shared.domain.group.choices import MatchWith
from shared.domain.group.hold import Hold
from shared.domain.run.run import RunState
from tests.fakes.simulation import Simulation

KINDS = (*ABSENCE.all, *FILES.all, *COLUMNS.all, *IDS.all, *SOURCES.all)
NIGHTS_OF_HISTORY = 8
T = TypeVar("T")
_WAYS = (Way.BUNDLE, Way.REST, Way.BUNDLE, Way.BUNDLE, Way.BARE, Way.BUNDLE)
_YEAR = 2026
_MOST_DAYS_BETWEEN = 4


@dataclass(frozen=True)
class Outcome:
    """What became of a night.

    ``place``: where it is found again: its history, and its number in it.
    ``what``: what happened.
    ``held``: whether something waited, or the run refused what came in.
    ``harm``: by what the district regrets, how many people it is about.
    ``truthlike``: a mistake that nobody can tell from the truth.
    ``story``: how large the district is, how it came in, and how much was wrong.
    ``waits``: what waits for a person: how many records by which rules.
    """

    place: str
    what: str
    held: bool
    harm: Mapping[str, int]
    truthlike: bool = False
    story: str = ""
    waits: str = ""


@dataclass(frozen=True)
class Wanted:
    """Which nights of a history are lived.

    ``mistakes``, ``ordinary``: how many of the nights, from the first on.
    ``kind``: a part of the names of the kinds; empty for all.
    """

    mistakes: int = NIGHTS_OF_HISTORY
    ordinary: int = NIGHTS_OF_HISTORY
    kind: str = ""


@dataclass
class History:
    """A district and its roster, night after night."""

    number: int
    random: Random
    shape: Shape
    district: District
    living: Living
    night: int = 0

    def live(self, wanted: Wanted) -> Iterator[tuple[bool, Outcome]]:
        """Live the nights; each outcome comes with whether the night was an ordinary one."""
        kinds = [
            kind for kind in KINDS if self.living.way in kind.ways and wanted.kind in kind.what
        ]
        for self.night in range(1, max(wanted.mistakes, wanted.ordinary) + 1):
            if self.night <= wanted.ordinary:
                yield True, self._ordinary()
            if self.night <= wanted.mistakes and kinds:
                yield False, self._mistake(kinds)

    def _ordinary(self) -> Outcome:
        kind, day, delivery = self._happening()
        days = (day - self.living.today).days
        held, harm = self._lived(self.living, (Night(delivery, days=days),))
        hold = self.living.hold
        if hold is not None:
            held = held and not _entities(hold) <= kind.may_wait
            self.living.approve()
        self.district = delivery
        return Outcome(
            self._place, kind.what, held, harm, story=self._story(), waits=_in_words(hold)
        )

    def _happening(self) -> tuple[Ordinary, date, District]:
        for kind in _in_turn(ORDINARY, self._index):
            day = self.living.today + timedelta(days=self.random.randint(1, _MOST_DAYS_BETWEEN))
            if kind.until is not None:
                until = date(self.district.year + 1, *kind.until)
                if until <= day:
                    continue
                day = until
            found = kind.change(Day(day, self.shape, self.random), self.district)
            if found is not None:
                return kind, day, found
        raise AssertionError

    def _mistake(self, kinds: list[Kind]) -> Outcome:
        kind, extent, nights = self._made(kinds)
        branch = replace(self.living, world=copy_of(self.living.world))
        held, harm = self._lived(branch, nights)
        return Outcome(
            self._place, kind.what, held, harm,
            kind.consistent and looks_true(self.district, nights[-1].delivery, branch.today),
            f"{self._story()}, {extent:.0%}", _in_words(branch.hold),
        )  # fmt: skip

    def _made(self, kinds: list[Kind]) -> tuple[Kind, float, tuple[Night, ...]]:
        today = self.living.today + timedelta(days=1)
        for kind in _in_turn(kinds, self._index):
            extent = self.random.uniform(0.1, 1)
            nights = tuple(kind.make(Spot(self.district, extent, today, self.random)) or ())
            if any(each.spoil or each.delivery != self.district for each in nights):
                return kind, extent, nights
        raise AssertionError

    def _lived(self, living: Living, nights: tuple[Night, ...]) -> tuple[bool, dict[str, int]]:
        """Live nights; return whether something waits or was refused, and what is regretted."""
        truth = Truth(self.district)
        everyone = {fact[1] for fact in true_facts(truth, living.today)}
        judge = Judge(living.shown(nights[0].truth or truth), everyone)
        held = False
        for night in nights:
            run = living.run(night)
            held = held or run is None or run.state in (RunState.HELD, RunState.FAILED)
            assert night.delivery is not None
            truth = night.truth or Truth(night.delivery)
            judge.look(true_facts(truth, living.today), living.shown(truth))
        return held, {words: len(those) for words, those in judge.regrets.items()}

    @property
    def _index(self) -> int:
        """The number of the night among those of all histories."""
        return self.number * NIGHTS_OF_HISTORY + self.night

    @property
    def _place(self) -> str:
        return f"history {self.number}, night {self.night}"

    def _story(self) -> str:
        config = self.living.world.group.config
        return (
            f"{self.living.way}, {len(self.district.users)} people, "
            f"{len(self.district.classes)} classes, {len(self.district.orgs) - 1} schools, "
            f"matched by {config.match_with}"
        )


def live_history(seed: int, number: int, wanted: Wanted) -> list[tuple[bool, Outcome]]:
    """Live a history, as ``History.live`` does; the same seed and number live the same."""
    random = Random(f"{seed} {number}")
    way = _WAYS[number % len(_WAYS)]
    shape = random_shape(random)
    district = random_district(random, shape, _YEAR)
    match = random.choice([MatchWith.SOURCED_ID, MatchWith.SOURCED_ID, *MatchWith])
    settings = settings_of(Size.MIDDLE, way).model_copy(update={"match_with": match})
    with with_source(Simulation(group_config=settings), way) as living:
        load(living, district)
        if living.hold is not None:
            living.approve()
        return [*History(number, random, shape, district, living).live(wanted)]


def _in_turn(kinds: Sequence[T], index: int) -> Iterator[T]:
    """Kinds without end, in a mixed order; from one night to the next, the first is another.

    So all are lived about equally often, and the same night of two histories differs.
    """
    mixed = Random(len(kinds)).sample(kinds, len(kinds))
    at = index % len(mixed)
    return cycle([*mixed[at:], *mixed[:at]])


def _entities(hold: Hold) -> set[str]:
    return {str(each["entity"]) for each in hold.by_rule}


def _in_words(hold: Hold | None) -> str:
    """What waits, shortly."""
    if hold is None:
        return ""
    return ", ".join(f"{each['records']} {each['entity']} {each['rule']}" for each in hold.by_rule)
