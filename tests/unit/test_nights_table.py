"""docs/nights.md says what the code does, and no district regrets a night of it.

Lived here are every second night of the small district and every sixth of the others, each in
one of its ways. ``make nightly`` lives them all.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.nights.catalogue import NIGHTS
from benchmarks.nights.living import live
from benchmarks.nights.page import cells_of, read
from benchmarks.nights.story import Size, Way

pytestmark = pytest.mark.loopback

ROWS = read((Path(__file__).parents[2] / "docs" / "nights.md").read_text())


def _lived() -> Iterator[tuple[int, Size, Way]]:
    for number, told in NIGHTS.items():
        way = told.ways[number // 2 % len(told.ways)]
        if Size.SMALL not in told.sizes:
            if number % 6 == 0:
                yield number, Size.MIDDLE, way
        elif number % 2:
            yield number, Size.SMALL, way


def test_every_night_is_in_the_table_and_nothing_else() -> None:
    assert len(NIGHTS) >= 80
    assert ROWS.keys() == {
        (told.what, size, way)
        for told in NIGHTS.values()
        for size in told.sizes
        for way in told.ways
    }


def test_no_row_ends_in_regret_without_a_reason() -> None:
    excused = {told.what: told.why for told in NIGHTS.values() if told.why}
    regretted = {row: cells.regret for row, cells in ROWS.items() if cells.regret != "no"}
    unexcused = {row: regret for row, regret in regretted.items() if row[0] not in excused}
    assert unexcused == {}
    assert {what for what, _, _ in regretted} == excused.keys()


@pytest.mark.parametrize(("number", "size", "way"), [*_lived()])
def test_the_table_says_what_becomes_of_a_night(number: int, size: Size, way: Way) -> None:
    told = NIGHTS[number]
    lived = live(told, size, way, heal=False)
    row = ROWS[told.what, size, way]
    # What the two nights after it would show is left out here.
    assert replace(cells_of(told, lived), regret="") == replace(row, regret="")
    assert not lived.regrets or row.regret != "no"
