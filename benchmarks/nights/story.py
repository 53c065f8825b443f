"""What a night is: what is true, what the source delivers, and what a person does."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from local.sample_district.quirks import Quirks
from local.sample_district.records import District

if TYPE_CHECKING:
    from benchmarks.nights.living import Living
    from shared.domain.run.run import Run


class Way(StrEnum):
    """How the roster comes in.

    ``BUNDLE``: as a zip. ``REST``: from a server that pages and answers for single records.
    ``BARE``: from a server that pages, and has no address for a single record.
    """

    BUNDLE = "bundle"
    REST = "REST"
    BARE = "REST, lists only"


EVERY_WAY = tuple(Way)
ONLY_BUNDLE = (Way.BUNDLE,)
ONLY_REST = (Way.REST,)
BOTH_RESTS = (Way.REST, Way.BARE)


class Size(StrEnum):
    """How large the district is: 9 people, 12 schools with 700 people, 40 schools with 20,000."""

    SMALL = "small"
    MIDDLE = "middle"
    LARGE = "large"


@dataclass(frozen=True)
class Truth:
    """What a district really has, whatever its source says.

    ``district``: who is where.
    ``same``: who a sourcedId stands for, where that is not the sourcedId's first owner. Keys are
    sourcedIds, or a sourcedId and the full name where one sourcedId had two owners.
    ``suffix``: what the district's login names end with.
    ``client``: the client partner id of the district.
    """

    district: District
    same: Mapping[Any, str] = field(default_factory=dict)
    suffix: str = ""
    client: str = "district"


Files = dict[str, bytes]


@dataclass(frozen=True)
class Night:
    """One night.

    ``delivery``: what the source has; None if nothing comes in and a person acts alone.
    ``truth``: what is true from this night on; None if it is what is delivered.
    ``days``: how long after the night before.
    ``spoil``: what becomes of the files of a bundle on their way.
    ``since``: what a bundle of changes was made from; None for a whole bundle.
    ``quirks``: how a REST server misbehaves.
    ``settings``: what the admin changes of the group before the run.
    ``act``: what a person does after the run, or instead of it; its run is the night's.
    """

    delivery: District | None
    truth: Truth | None = None
    days: int = 1
    spoil: Callable[[Files], Files] | None = None
    since: District | None = None
    quirks: Quirks | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    act: "Callable[[Living], Run | None] | None" = None


@dataclass(frozen=True)
class Story:
    """Nights in a row, and what is expected of them.

    ``nights``: what happens.
    ``begins``: what was loaded before; None if the first night is the first load.
    ``was``: what was true then; None if it is what was loaded.
    ``after``: what the source delivers on the two nights that follow; None for what is true.
    ``config``: the group's settings from its first load on.
    ``beside``: what another group of the enterprise has loaded before.
    ``looks``: on how many of the nights a person may be asked, although they are ordinary.
    ``may_wait``: which kinds of records may wait on those; None for all.
    """

    nights: tuple[Night, ...]
    begins: District | None
    was: Truth | None = None
    after: District | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    beside: District | None = None
    looks: int = 0
    may_wait: frozenset[str] | None = None


@dataclass(frozen=True)
class Told:
    """A night of the table.

    ``what``: what happens at the source, for people of a district.
    ``tell``: makes the story from the district of a size.
    ``ordinary``: nothing is wrong, so nothing may wait.
    ``why``: why the district must regret it; empty if it need not.
    """

    family: str
    what: str
    tell: Callable[[District], Story]
    sizes: tuple[Size, ...]
    ways: tuple[Way, ...]
    ordinary: bool
    why: str


class Family:
    """Nights of one kind, in the order in which they are told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nights: list[Told] = []

    def night(
        self,
        what: str,
        *,
        sizes: Iterable[Size] = (Size.MIDDLE,),
        ways: Iterable[Way] = EVERY_WAY,
        ordinary: bool = False,
        why: str = "",
    ) -> Callable[[Callable[[District], Story]], Callable[[District], Story]]:
        """Add the night that a function tells."""

        def add(tell: Callable[[District], Story]) -> Callable[[District], Story]:
            self.nights.append(
                Told(self.name, what, tell, tuple(sizes), tuple(ways), ordinary, why)
            )
            return tell

        return add


def one(district: District, delivery: District, truth: District | None = None) -> Story:
    """One night: the source delivers this, and that is true (or ``truth`` is)."""
    return Story((Night(delivery, Truth(truth) if truth else None),), district)


def mistake(district: District, delivery: District) -> Story:
    """One night with a mistake of the source: nothing has really changed."""
    return one(district, delivery, district)
