"""Lives nights of real districts and prints their table, which stands in docs/nights.md.

    python -m benchmarks.nights [--write docs/nights.md | --check docs/nights.md] [--size small] …

Every night is lived over the real use cases, as a bundle and over REST, with two ordinary nights
after it. Rows of the written page stay as they are if their nights are not lived this time.
"""

import argparse
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.nights.catalogue import NIGHTS
from benchmarks.nights.living import live
from benchmarks.nights.page import Cells, Place, cells_of, page_of, read
from benchmarks.nights.story import Size
from local.arguments import whole
from local.entry import CommandError, run_command


def cells_at(place: Place) -> Cells:
    """Live one night in one way."""
    number, size, way = place
    told = NIGHTS[number]
    return cells_of(told, live(told, size, way))


def main() -> int:
    """Live the nights, show progress on stderr, and print or write the page."""
    parser = argparse.ArgumentParser(description="Live nights of real districts.")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page into this file")
    parser.add_argument("--check", type=Path, metavar="FILE", help="fail if this page differs")
    parser.add_argument("--size", type=Size, action="append", help="only districts of this size")
    parser.add_argument("--night", type=whole(1), action="append", help="only this night")
    parser.add_argument("--workers", type=whole(1), default=1, help="how many processes")
    given = parser.parse_args()
    places = [
        place
        for place in _places()
        if (given.night is None or place[0] in given.night)
        and (given.size is None or place[1] in given.size)
    ]
    before = given.write.read_text() if given.write and given.write.exists() else ""
    cells = _cells_on(before)
    with ProcessPoolExecutor(given.workers) as pool:
        lived = zip(places, pool.map(cells_at, places), strict=True)
        for done, (place, found) in enumerate(lived, start=1):
            cells[place] = found
            if given.write:
                given.write.write_text(page_of(NIGHTS, cells, before))
            number, size, way = place
            print(
                f"{done} of {len(places)}: night {number}, {size}, {way}: {found.regret}",
                file=sys.stderr,
                flush=True,
            )
    if given.check:
        _compare(given.check, cells)
    elif not given.write:
        print(page_of(NIGHTS, cells))
    return 0


def _places() -> list[Place]:
    """Every night in every size and way: the large ones last, each way's together."""
    places = [
        (number, size, way)
        for number, told in NIGHTS.items()
        for size in told.sizes
        for way in told.ways
    ]
    return sorted(places, key=lambda place: place[2] if place[1] is Size.LARGE else "")


def _cells_on(page: str) -> dict[Place, Cells]:
    """What a page says of the nights that there are."""
    stood = read(page)
    return {
        (number, size, way): stood[NIGHTS[number].what, size, way]
        for number, size, way in _places()
        if (NIGHTS[number].what, size, way) in stood
    }


def _compare(page: Path, cells: Mapping[Place, Cells]) -> None:
    """Say which rows of a page differ from the nights that were lived.

    :raises CommandError: some do.
    """
    stood = _cells_on(page.read_text())
    differ = [
        f"night {', '.join(map(str, place))}: {found}"
        for place, found in cells.items()
        if stood.get(place) != found
    ]
    for line in differ:
        print(line)
    if differ:
        raise CommandError(
            f"{len(differ)} rows of {page} are out of date. Write them again with --write {page}."
        )


if __name__ == "__main__":
    run_command(main)
