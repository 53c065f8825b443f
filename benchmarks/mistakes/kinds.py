"""What a mistake of a source is, and which kinds there are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from random import Random
from typing import Any, TypeVar

from benchmarks.nights.story import EVERY_WAY, Night, Truth, Way
from local.sample_district.records import District

T = TypeVar("T")


@dataclass(frozen=True)
class Spot:
    """Where a mistake happens.

    ``district``: what is true.
    ``extent``: how much of it is wrong: from 0.1 to 1.
    ``today``: the day on which it comes in.
    """

    district: District
    extent: float
    today: date
    random: Random

    def some(self, records: Sequence[T]) -> list[T]:
        """So many of the records: scattered, or in a row."""
        count = self.count(records)
        if self.random.random() < 0.5:
            return self.random.sample(list(records), count)
        at = self.random.randint(0, len(records) - count)
        return list(records[at : at + count])

    def count(self, records: Sequence[object]) -> int:
        """How many of the records are wrong; at least one, if there are any."""
        return ceil(self.extent * len(records))


Make = Callable[[Spot], Sequence[Night] | None]


@dataclass(frozen=True)
class Kind:
    """A kind of mistakes.

    ``what``: what is wrong with what comes in.
    ``make``: makes the nights of one; None where the district leaves no room for it.
    ``ways``: how it may come in.
    ``consistent``: nothing in the delivery contradicts it, so a small one looks like the truth.
    """

    what: str
    make: Make
    ways: tuple[Way, ...]
    consistent: bool


class Kinds:
    """Kinds of mistakes of one sort, in the order of the table."""

    def __init__(self) -> None:
        self.all: list[Kind] = []

    def kind(
        self, what: str, *, ways: Iterable[Way] = EVERY_WAY, consistent: bool = False
    ) -> Callable[[Make], Make]:
        """Add the kind that a function makes."""

        def add(make: Make) -> Make:
            self.all.append(Kind(what, make, tuple(ways), consistent))
            return make

        return add


def wrong(spot: Spot, delivery: District, same: Mapping[Any, str] | None = None) -> tuple[Night]:
    """One night: this comes in, and what was true is still true.

    :param same: whom new sourcedIds stand for.
    """
    return (Night(delivery, Truth(spot.district, same or {})),)
