"""Writes the table of nights: a row for each night, size and way, equal ways in one row."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from benchmarks.nights.living import Lived
from benchmarks.nights.regret import in_words
from benchmarks.nights.story import EVERY_WAY, Size, Told, Way
from shared.domain.counted import counted
from shared.domain.group.hold import Hold
from shared.domain.run.run import Run, RunState

HEAD = (
    "| | What happens | Size | Way | Applied | Held | Ended | Untouched | The admin reads "
    "| Regret |\n|---|---|---|---|---|---|---|---|---|---|"
)
_INTRODUCTION = """# Nights

Each row is a night (or a few) of a district, lived through the real use cases: the delivery comes
in as an update, is planned, applied and committed, over stores in memory. `python -m
benchmarks.nights --write docs/nights.md` prints this page; `tests/unit/test_nights_table.py` holds
it to the code. [Decision 32](decisions/0032-regret-is-computed.md) says why.

* **Size**: *small* is one school with 9 people and 2 classes, *middle* has 12 schools and 576
  pupils, *large* 40 schools and 20,000 pupils.
* **Way**: *bundle* is a zip of OneRoster 1.2. *REST* is a 1.1 server that pages and answers for
  single records. *REST, lists only* has no address for a single record.
* **Applied**, **Held** and **Ended** count records, over all nights of the row; *held* is what
  waits after the last of them on which something waits, with the rules that hold it. **Untouched**
  is what the last run left as it was.
* **The admin reads** the first sentence of the run's reason and of its notices.
* **Regret** is computed, not asserted: each night says who is really in the district, and after
  each night the roster is compared with that. A district regrets that somebody who is there loses
  access, a login, a role, a school, a class or their name; that one person has two records, or two
  people one; that somebody takes over another's record, or comes back without their content; that
  many strangers come in. After the nights of the row, the source is right for two more: who has
  left must have gone then, who has come must be in, and nothing may wait any more. On an ordinary
  night nothing may wait at all, or only what the row says that a person decides."""
Place = tuple[int, Size, Way]
Row = tuple[str, Size, Way]
_APPLIED = ("created", "updated", "deleted", "restored", "rekeyed", "rejected")
_LONGEST = 160
_EVERY = "every way"
_NOTHING = "—"
_NOUNS = {
    "academicSessions": ("term", "terms"),
    "classes": ("class", "classes"),
}


@dataclass(frozen=True)
class Cells:
    """What a row says of a night, cell by cell."""

    applied: str
    held: str
    ended: str
    untouched: str
    reads: str
    regret: str


def page_of(nights: Mapping[int, Told], cells: Mapping[Place, Cells], before: str = "") -> str:
    """The page: a section for each family, with the nights of it that were lived.

    :param before: the page as it was; sections that are not of a family stay.
    """
    parts = [_INTRODUCTION]
    families = {told.family for told in nights.values()}
    for family in dict.fromkeys(told.family for told in nights.values()):
        own = {number: told for number, told in nights.items() if told.family == family}
        rows = [row for number, told in own.items() for row in _rows(number, told, cells)]
        if rows:
            parts.append("\n".join([f"## {family}", "", HEAD, *rows]))
    stood = re.split(r"\n+(?=## )", before.strip())[1:]
    parts += [part for part in stood if part.splitlines()[0].removeprefix("## ") not in families]
    return "\n\n".join(parts) + "\n"


def cells_of(told: Told, lived: Lived) -> Cells:
    """What a row says about a night that was lived."""
    last = lived.runs[-1]
    return Cells(
        applied=_counts(lived.runs, _APPLIED),
        held=_held(lived.holds),
        ended=_counts(lived.runs, ("ended",), named=False),
        untouched=f"{sum(count.unchanged for count in last.counts.values()):,}",
        reads=_reads(lived.runs),
        regret=_regret(told, lived),
    )


def _rows(number: int, told: Told, cells: Mapping[Place, Cells]) -> Iterator[str]:
    """The rows of a night; ways with the same outcome share one."""
    what = told.what
    for size in told.sizes:
        ways: dict[Cells, list[Way]] = {}
        for way in told.ways:
            if (number, size, way) in cells:
                ways.setdefault(cells[number, size, way], []).append(way)
        for found, those in ways.items():
            which = _EVERY if tuple(those) == EVERY_WAY else "; ".join(those)
            row = (str(number), what, size.value, which, *astuple(found))
            yield f"| {' | '.join(row)} |"
            what = ""


def read(page: str) -> dict[Row, Cells]:
    """The rows of a page, by the sentence of the night, size and way."""
    found: dict[Row, Cells] = {}
    what = ""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not re.match(r"\| \d+ \|", line):
            continue
        _, said, size, ways, *rest = cells
        what = said or what
        for way in EVERY_WAY if ways == _EVERY else map(Way, ways.split("; ")):
            found[what, Size(size), way] = Cells(*rest)
    return found


def _counts(runs: Sequence[Run], columns: Sequence[str], *, named: bool = True) -> str:
    said = []
    for column in columns:
        by_entity: dict[str, int] = {}
        for run in runs:
            for entity, counts in run.counts.items():
                if many := getattr(counts, column):
                    by_entity[entity] = by_entity.get(entity, 0) + many
        if by_entity:
            said.append(f"{column} {_numbers(by_entity)}" if named else _numbers(by_entity))
    return "; ".join(said) or _NOTHING


def _held(holds: Sequence[Hold | None]) -> str:
    """What waits after the last of the nights on which something waits."""
    hold = next((each for each in reversed(holds) if each is not None), None)
    if hold is None:
        return _NOTHING
    by_entity: dict[str, int] = {}
    for each in hold.by_rule:
        by_entity[each["entity"]] = by_entity.get(each["entity"], 0) + int(each["records"])
    rules = ", ".join(sorted({f"`{each['rule']}`" for each in hold.by_rule}))
    return f"{_numbers(by_entity)} ({rules})"


def _numbers(by_entity: Mapping[str, int]) -> str:
    """Numbers of records: ``1 user, 4 enrollments``."""
    return ", ".join(
        counted(many, *_NOUNS.get(entity, (entity.removesuffix("s"),)))
        for entity, many in by_entity.items()
    )


def _reads(runs: Sequence[Run]) -> str:
    """What the runs say to the admin, each once, in short."""
    said: dict[str, None] = {}
    for run in runs:
        state = "" if run.state is RunState.SUCCEEDED else f"{run.state.value}: "
        if run.reason is not None:
            said[state + _short(run.reason.message)] = None
        elif state:
            said[state.rstrip(": ")] = None
        for notice in run.notices:
            said[_short(notice.message)] = None
    return " / ".join(said) or _NOTHING


def _short(message: str) -> str:
    """The first sentence."""
    first = re.split(
        r"(?<=\.) (?=[A-Z])", message.replace("|", "/").replace("\n", " "), maxsplit=1
    )[0]
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1] + "…"


def _regret(told: Told, lived: Lived) -> str:
    said = []
    if lived.regrets:
        said.append(f"**yes**: {in_words(lived.regrets)}")
    if told.ordinary and (lived.asked > lived.looks or lived.beyond):
        said.append("waits, although nothing is wrong")
    if told.ordinary and any(run.state is RunState.FAILED for run in lived.runs):
        said.append("fails, although nothing is wrong")
    if lived.still and not (told.ordinary and lived.asked):
        said.append("still waits when all is well again")
    if said and told.why:
        said.append(told.why)
    return "; ".join(said) or "no"
