"""Lives random mistakes of sources and ordinary nights, and prints what became of them.

    python -m benchmarks.mistakes [--mistakes 2000] [--ordinary 2000] [--seed 1] [--workers 2]
        [--write docs/nights.md | --check docs/nights.md] …

The districts, the nights and the mistakes are random, and the same for the same seed. Each night
goes the whole way: the planner takes nearly all of the time, so a shorter way would save none.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.mistakes.lives import NIGHTS_OF_HISTORY, Outcome, Wanted, live_history
from benchmarks.mistakes.section import section_of, with_section
from local.arguments import whole
from local.entry import CommandError, run_command


def main() -> int:
    """Live the nights, show harm on stderr as it is found, and print or write the section.

    :raises CommandError: a section to check differs.
    """
    given = _arguments()
    histories = -(-max(given.mistakes, given.ordinary) // NIGHTS_OF_HISTORY)
    numbers = range(histories) if given.history is None else [given.history]
    wanted = [
        Wanted(_of(given.mistakes, number), _of(given.ordinary, number), given.kind)
        if given.history is None
        else Wanted(kind=given.kind)
        for number in numbers
    ]
    began = time.monotonic()
    outcomes: list[tuple[bool, Outcome]] = []
    with ProcessPoolExecutor(given.workers) as pool:
        for found in pool.map(partial(live_history, given.seed), numbers, wanted):
            outcomes += found
            for ordinary, outcome in found:
                _show(outcome, ordinary=ordinary)
            if given.write:
                section = section_of(given.seed, outcomes)
                given.write.write_text(with_section(given.write.read_text(), section))
    print(f"{len(outcomes):,} nights in {time.monotonic() - began:,.0f} s", file=sys.stderr)
    section = section_of(given.seed, outcomes)
    if given.check and section not in given.check.read_text():
        print(section)
        raise CommandError(
            f"The random nights of {given.check} are out of date. Write them again with "
            f"--write {given.check}."
        )
    if not (given.check or given.write):
        print(section)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Live random mistakes and ordinary nights.")
    parser.add_argument("--mistakes", type=whole(0), default=2000, help="how many mistakes")
    parser.add_argument("--ordinary", type=whole(0), default=2000, help="how many ordinary nights")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other nights")
    parser.add_argument("--workers", type=whole(1), default=1, help="how many processes")
    parser.add_argument("--kind", default="", help="only mistakes with these words in their name")
    parser.add_argument("--history", type=whole(0), help="only this history of the seed")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the section of this page")
    parser.add_argument("--check", type=Path, metavar="FILE", help="fail if its section differs")
    return parser.parse_args()


def _of(total: int, history: int) -> int:
    """How many of the nights of a kind are of a history."""
    return max(0, min(NIGHTS_OF_HISTORY, total - history * NIGHTS_OF_HISTORY))


def _show(outcome: Outcome, *, ordinary: bool) -> None:
    """Show what a reader should look into: harm, and ordinary nights that wait."""
    if not outcome.harm and not (ordinary and outcome.held):
        return
    said = [outcome.what]
    said += [f"Waits ({outcome.waits})."] * outcome.held + [
        "Looks like the truth."
    ] * outcome.truthlike
    said += [f"{many} {words};" for words, many in outcome.harm.items()]
    print(f"{outcome.place} ({outcome.story}): {' '.join(said)}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    run_command(main)
