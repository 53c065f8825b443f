"""Writes what became of the random nights, as a section of docs/nights.md."""

import re
from collections.abc import Iterable, Sequence

from benchmarks.mistakes.lives import KINDS, Outcome
from benchmarks.mistakes.ordinary import ORDINARY

TITLE = "## Random mistakes and ordinary nights"
MISTAKES_HEAD = (
    "| What is wrong | Nights | Held | Harm unheld | People who lost access | Harmed otherwise |",
    "|---|---|---|---|---|---|",
)
ORDINARY_HEAD = ("| What happens | Nights | Held | Harm |", "|---|---|---|---|")
TOTAL = "**All**"
TRUTHLIKE = "Looks like the truth"
_ACCESS = (
    "lost access", "lost a class", "lost their login", "lost their role", "lost their school",
)  # fmt: skip
_INTRODUCTION = """Random districts of 9 to 600 people, with one to six schools and classes of
several shapes, live through random nights: as a bundle, over REST, and over REST with lists only.
After each ordinary night, a mistake of the source comes to a copy of the roster, in 10 to 100 % of
its rows. All go through the same use cases as the nights above, and regret is computed in the same
way. `python -m benchmarks.mistakes --write docs/nights.md --workers 2` prints this section; the
nights of one seed are always the same.

* **Held** are nights on which something waited, or the run refused what came in.
* **Harm unheld** are nights that the district regrets, whatever else of them was held. **People who
  lost access** lost themselves, a class, a login, a role or a school. **Harmed otherwise** are
  those with another's name, record or content, and strangers who came in.
* **Looks like the truth**: nothing in the delivery contradicts the mistake, and it is small: two
  people or classes, or a tenth of the district's, at most, and no more than half of a school, a
  class or the staff, if there are three or more. Two pupils who are missing everywhere have left,
  for all that anybody can tell."""


def section_of(seed: int, outcomes: Sequence[tuple[bool, Outcome]]) -> str:
    """The section; ``outcomes`` say of each night whether it was an ordinary one."""
    mistakes = [each for ordinary, each in outcomes if not ordinary]
    clear = [each for each in mistakes if not each.truthlike]
    alike = [each for each in mistakes if each.truthlike]
    ordinary = [each for is_ordinary, each in outcomes if is_ordinary]
    parts = [
        TITLE,
        _INTRODUCTION,
        f"{len(mistakes):,} mistakes and {len(ordinary):,} ordinary nights of seed {seed}.",
        "\n".join([*MISTAKES_HEAD, *_mistake_rows(clear), _row_of(TRUTHLIKE, alike)]),
        "\n".join([*ORDINARY_HEAD, *_ordinary_rows(ordinary)]),
    ]
    return "\n\n".join(parts)


def with_section(page: str, section: str) -> str:
    """The page with this section in the place of the old one, or at its end."""
    parts = re.split(r"\n+(?=## )", page.strip())
    others = [part for part in parts if part.splitlines()[0] != TITLE]
    return "\n\n".join([*others, section]) + "\n"


def _mistake_rows(outcomes: Sequence[Outcome]) -> Iterable[str]:
    for kind in KINDS:
        yield _row_of(kind.what, [each for each in outcomes if each.what == kind.what])
    yield _row_of(TOTAL, outcomes)


def _row_of(what: str, outcomes: Sequence[Outcome]) -> str:
    lost = sum(_most(each, access=True) for each in outcomes)
    other = sum(_most(each, access=False) for each in outcomes)
    return _line(
        what, f"{len(outcomes):,}", _share(sum(each.held for each in outcomes), outcomes),
        _share(sum(bool(each.harm) for each in outcomes), outcomes), f"{lost:,}", f"{other:,}",
    )  # fmt: skip


def _ordinary_rows(outcomes: Sequence[Outcome]) -> Iterable[str]:
    kinds = {kind.what: [o for o in outcomes if o.what == kind.what] for kind in ORDINARY}
    for what, those in (*kinds.items(), (TOTAL, outcomes)):
        held, harm = sum(each.held for each in those), sum(bool(each.harm) for each in those)
        yield _line(what, f"{len(those):,}", _share(held, those), _share(harm, those))


def _most(outcome: Outcome, *, access: bool) -> int:
    """How many people are harmed in one way, or in the way that harms most of them."""
    return max((m for words, m in outcome.harm.items() if (words in _ACCESS) == access), default=0)


def _share(part: int, outcomes: Sequence[Outcome]) -> str:
    if not part:
        return "0"
    return f"{part:,} ({part * 100 / len(outcomes):.1f} %)"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
