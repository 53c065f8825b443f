"""Random nights are what they say, and docs/nights.md has a row for every kind of them."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest

from benchmarks.mistakes import section as page
from benchmarks.mistakes.districts import Shape, random_district, random_shape
from benchmarks.mistakes.kinds import Kind, Spot
from benchmarks.mistakes.lives import KINDS, Outcome, Wanted, live_history
from benchmarks.mistakes.ordinary import ORDINARY, Day, Ordinary
from benchmarks.mistakes.truthlike import looks_true
from benchmarks.nights.changes import without_rooms
from benchmarks.nights.districts import ids, pupils_of, teachers_of
from benchmarks.nights.story import Way
from local.sample_district.bundle import csv_files
from local.sample_district.evolution import without_users
from local.sample_district.records import District

DOCUMENT = (Path(__file__).parents[2] / "docs" / "nights.md").read_text()
TODAY = date(2026, 9, 2)
BUNDLE = 0


def _districts() -> Iterator[tuple[Random, Shape, District]]:
    for seed in range(10):
        random = Random(seed)
        shape = random_shape(random)
        yield random, shape, random_district(random, shape, 2026)


def _rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("| ") and line not in (page.MISTAKES_HEAD[0], page.ORDINARY_HEAD[0]):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def _number(cell: str) -> int:
    return int(cell.split(" ")[0].replace(",", ""))


def _lived(section: str) -> dict[str, int]:
    """How many nights the section says were lived."""
    found = re.findall(r"([\d,]+) (mistakes|ordinary nights)\b", section)
    return {what: _number(count) for count, what in found}


@pytest.fixture(name="section", scope="module")
def section_of_the_page() -> str:
    [section] = [p for p in re.split(r"\n(?=## )", DOCUMENT) if p.startswith(page.TITLE)]
    return section


def test_there_are_at_least_25_kinds_each_named_once() -> None:
    names = [kind.what for kind in KINDS]
    assert len(names) >= 25
    assert len(set(names)) == len(names)


def test_the_page_has_a_row_for_every_kind_and_its_rows_sum_up(section: str) -> None:
    rows = {cells[0]: cells[1:] for cells in _rows(section) if len(cells) == 6}
    alike = rows.pop(page.TRUTHLIKE)
    total = [_number(cell) for cell in rows.pop(page.TOTAL)]
    assert rows.keys() == {kind.what for kind in KINDS}
    sums = [sum(_number(row[at]) for row in rows.values()) for at in range(5)]
    assert sums == total
    assert total[0] + _number(alike[0]) == _lived(section)["mistakes"]


def test_the_page_has_a_row_for_every_ordinary_night_and_its_rows_sum_up(section: str) -> None:
    rows = {cells[0]: cells[1:] for cells in _rows(section) if len(cells) == 4}
    total = [_number(cell) for cell in rows.pop(page.TOTAL)]
    assert rows.keys() == {kind.what for kind in ORDINARY}
    assert [sum(_number(row[at]) for row in rows.values()) for at in range(3)] == total
    assert total[0] == _lived(section)["ordinary nights"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.what)
def test_a_mistake_changes_what_comes_in_and_not_what_is_true(kind: Kind) -> None:
    changed = []
    for random, _, district in _districts():
        for night in kind.make(Spot(district, 0.5, TODAY, random)) or ():
            assert night.delivery is not None
            assert night.truth is not None
            if night.spoil is None:
                changed.append(night.delivery != district)
            else:
                files = csv_files(night.delivery, "1.2")
                changed.append(night.spoil(files) != files)
    # A sorted column may have been in order, or all alike, in a small district.
    assert sum(changed) * 2 > len(changed)


@pytest.mark.parametrize("kind", ORDINARY, ids=lambda kind: kind.what)
def test_an_ordinary_night_leaves_most_of_a_district(kind: Ordinary) -> None:
    made = 0
    for random, shape, district in _districts():
        there = kind.change(Day(TODAY, shape, random), district)
        if there is None:
            continue
        made += 1
        stay = {u.sourced_id for u in district.users} & {u.sourced_id for u in there.users}
        assert len(stay) * 2 > len(district.users)
        rooms = {room.sourced_id for room in there.classes}
        people = {user.sourced_id for user in there.users}
        assert all(e.class_id in rooms and e.user in people for e in there.enrollments)
    assert made


DISTRICT = random_district(Random(19), Shape(12, 2, (("sy",),), padded=False, mixed=False), 2026)
PUPILS = ids(pupils_of(DISTRICT))


@pytest.mark.parametrize(
    ("delivery", "alike"),
    [
        (DISTRICT, False),
        (without_users(DISTRICT, PUPILS[:2]), True),
        (without_users(DISTRICT, PUPILS[: len(PUPILS) // 4]), False),
        (without_rooms(DISTRICT, ids(DISTRICT.classes[:1])), True),
        (without_rooms(DISTRICT, ids(DISTRICT.classes)), False),
        (without_users(DISTRICT, ids(teachers_of(DISTRICT))), False),
    ],
    ids=["nothing", "two pupils", "a quarter", "one class", "all classes", "all teachers"],
)
def test_only_a_small_mistake_looks_like_the_truth(delivery: District, *, alike: bool) -> None:
    assert len(PUPILS) >= 30
    assert len(DISTRICT.classes) >= 4
    assert len(teachers_of(DISTRICT)) >= 3
    assert looks_true(DISTRICT, delivery, TODAY) is alike


def test_the_same_seed_lives_the_same_nights() -> None:
    first, again = (live_history(3, BUNDLE, Wanted(mistakes=1, ordinary=1)) for _ in range(2))
    assert [ordinary for ordinary, _ in first] == [True, False]
    assert first == again
    assert str(Way.BUNDLE) in first[0][1].story


def test_a_section_counts_the_harmed_by_what_they_lost() -> None:
    what = KINDS[0].what
    outcomes = [
        (False, Outcome("", what, held=True, harm={})),
        (False, Outcome("", what, held=True, harm={"lost a class": 7, "lost access": 2})),
        (False, Outcome("", what, held=False, harm={"share one record": 5})),
        (False, Outcome("", what, held=False, harm={"lost access": 1}, truthlike=True)),
        (True, Outcome("", ORDINARY[0].what, held=True, harm={})),
    ]
    section = page.section_of(1, outcomes)
    assert f"| {what} | 3 | 2 (66.7 %) | 2 (66.7 %) | 7 | 5 |" in section
    assert f"| {page.TRUTHLIKE} | 1 | 0 | 1 (100.0 %) | 1 | 0 |" in section
    assert f"| {ORDINARY[0].what} | 1 | 1 (100.0 %) | 0 |" in section


def test_a_section_takes_the_place_of_the_old_one() -> None:
    before = "# Nights\n\n## One\n\ntext\n"
    once = page.with_section(before, f"{page.TITLE}\n\nold")
    assert once == f"{before}\n{page.TITLE}\n\nold\n"
    assert page.with_section(once, f"{page.TITLE}\n\nnew") == once.replace("old", "new")
