"""A year of a small district: mistakes are held, and ordinary changes are not."""

from pathlib import Path

import pytest

from benchmarks.simulated_year import Seen, live_through


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    directory: Path = tmp_path_factory.mktemp("year")
    seen = live_through(3, directory, lambda each: None)
    return {each.night.day.isoformat(): each for each in seen}


ORDINARY = (
    "2026-08-24",  # first load
    "2026-08-25",  # nothing has changed
    "2026-08-31",  # week two
    "2026-09-16",  # the school is back
    "2026-10-07",  # the orgs are back
    "2026-12-21",  # winter leavers
    "2027-02-10",  # the names are right again
    "2027-04-06",  # the autumn term goes
    "2027-06-28",  # summer
    "2027-07-12",
    "2027-08-17",
)


@pytest.mark.parametrize("day", ORDINARY)
def test_nothing_ordinary_is_held(year: dict[str, Seen], day: str) -> None:
    assert (year[day].held, year[day].rules) == ({}, ())


@pytest.mark.parametrize(
    ("day", "entity", "rule"),
    [
        ("2026-09-15", "users", "too_many_deleted"),
        ("2027-02-09", "users", "identities_changed"),
    ],
)
def test_mistakes_are_held_and_not_applied(
    year: dict[str, Seen], day: str, entity: str, rule: str
) -> None:
    seen = year[day]
    assert seen.held[entity] > 0
    assert rule in seen.rules
    assert {count for by_entity in seen.applied.values() for count in by_entity.values()} == {0}


def test_what_its_people_still_name_is_not_gone(year: dict[str, Seen]) -> None:
    # Staff of two schools name the one that is missing; all people do, when three orgs are.
    assert "partners" not in year["2026-09-15"].held
    seen = year["2026-10-06"]
    assert (seen.held, seen.rules) == ({}, ())
    assert {count for by_entity in seen.applied.values() for count in by_entity.values()} == {0}


def test_pupils_who_change_classes_have_moved(year: dict[str, Seen]) -> None:
    applied = year["2026-08-31"].applied
    assert applied["deleted"]["enrollments"] == applied["created"]["enrollments"] == 150


def test_leavers_leave_with_their_enrollments(year: dict[str, Seen]) -> None:
    deleted = year["2026-12-21"].applied["deleted"]
    assert deleted["users"] > 0
    assert deleted["enrollments"] == 4 * deleted["users"]


def test_the_end_of_a_term_deletes_nothing(year: dict[str, Seen]) -> None:
    applied = year["2027-04-06"].applied
    assert applied["ended"]["classes"] > 0
    assert sum(applied["deleted"].values()) == 0


def test_a_rollover_ends_the_old_year_and_asks_once_about_the_last_grade(
    year: dict[str, Seen],
) -> None:
    seen = year["2027-08-16"]
    assert seen.applied["deleted"]["users"] == seen.applied["deleted"]["classes"] == 0
    assert seen.applied["ended"]["classes"] > 0
    assert set(seen.held) == {"users"}
    assert seen.decided["users"] == seen.held["users"]
