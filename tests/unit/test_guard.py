"""The guard at each of its boundaries: what is just allowed, and what is just not."""

from collections.abc import Callable

import pytest

from shared.domain.group.guard import (
    GuardSettings,
    looks_rekeyed,
    too_many_changed,
    too_many_deleted,
    too_many_enrollments,
    too_many_in_school,
    too_many_of_class,
)

USUAL = GuardSettings()
Rule = Callable[[int, int, GuardSettings], bool]


@pytest.mark.parametrize(
    ("rule", "part", "known", "held"),
    [
        # More than 10 % and at least 10.
        (too_many_deleted, 10, 100, False),
        (too_many_deleted, 11, 100, True),
        (too_many_deleted, 9, 18, False),
        # No minimum lets more than half of three or more go.
        (too_many_deleted, 9, 10, True),
        (too_many_deleted, 2, 3, True),
        (too_many_deleted, 1, 3, False),
        (too_many_deleted, 2, 4, False),
        (too_many_deleted, 2, 2, False),
        (too_many_deleted, 10, 10, True),
        (too_many_deleted, 10, 99, True),
        (too_many_deleted, 0, 0, False),
        # More than 500, whatever their share.
        (too_many_deleted, 500, 100_000, False),
        (too_many_deleted, 501, 100_000, True),
        # In one school more than 25 % and at least 10.
        (too_many_in_school, 25, 100, False),
        (too_many_in_school, 26, 100, True),
        (too_many_in_school, 9, 18, False),
        (too_many_in_school, 5, 9, True),
        (too_many_in_school, 1, 9, False),
        (too_many_in_school, 10, 39, True),
        (too_many_in_school, 10, 40, False),
        # Enrollments: more than 20 % and at least 50.
        (too_many_enrollments, 49, 98, False),
        (too_many_enrollments, 49, 50, True),
        (too_many_enrollments, 50, 249, True),
        (too_many_enrollments, 50, 250, False),
        (too_many_enrollments, 201, 1000, True),
        # More than half of a class of 3 or more.
        (too_many_of_class, 2, 2, False),
        (too_many_of_class, 2, 3, True),
        (too_many_of_class, 2, 5, False),
        (too_many_of_class, 3, 5, True),
        (too_many_of_class, 3, 6, False),
        (too_many_of_class, 4, 6, True),
        # Other identities: more than 5 % and at least 10.
        (too_many_changed, 9, 18, False),
        (too_many_changed, 9, 10, True),
        (too_many_changed, 10, 199, True),
        (too_many_changed, 10, 200, False),
        (too_many_changed, 11, 200, True),
    ],
)
def test_each_threshold(rule: Rule, part: int, known: int, held: bool) -> None:
    assert rule(part, known, USUAL) is held


@pytest.mark.parametrize(
    ("gone", "new", "known", "held"),
    [
        (50, 60, 100, False),
        (60, 50, 100, False),
        (51, 51, 100, True),
        (9, 9, 9, False),
        (10, 10, 10, True),
        (100, 0, 100, False),
    ],
)
def test_rekeying_is_both_sides_of_more_than_half(
    gone: int, new: int, known: int, held: bool
) -> None:
    assert looks_rekeyed(gone, new, known, USUAL) is held


def test_a_group_has_thresholds_of_its_own() -> None:
    strict = GuardSettings(deleted_percent=0, deleted_minimum=1)
    assert too_many_deleted(1, 100_000, strict)
    loose = GuardSettings(deleted_percent=100, deleted_most=1_000_000)
    assert not too_many_deleted(100, 100, loose)
