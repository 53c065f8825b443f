"""Who is in a class on which day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.local_day import local_day
from shared.domain.roster.membership import When, when

PAST, CURRENT, FUTURE = When.PAST, When.CURRENT, When.FUTURE
TODAY = date(2026, 9, 15)
DAY = timedelta(days=1)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
MAYBE = st.none() | DAYS


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (None, None, CURRENT),
        (TODAY, TODAY, CURRENT),
        (TODAY - DAY, TODAY + DAY, CURRENT),
        (None, TODAY, CURRENT),
        (TODAY, None, CURRENT),
        (None, TODAY - DAY, PAST),
        (TODAY - DAY, TODAY - DAY, PAST),
        (TODAY + DAY, None, FUTURE),
        (TODAY + DAY, TODAY + DAY, FUTURE),
    ],
)
def test_dates_are_inclusive_and_open_where_missing(
    begin: date | None, end: date | None, expected: When
) -> None:
    assert when(TODAY, begin, end) is expected


def test_a_record_is_past_from_the_day_on_which_it_was_closed() -> None:
    assert when(TODAY, None, TODAY + DAY, ended=TODAY) is PAST
    assert when(TODAY - DAY, None, TODAY + DAY, ended=TODAY) is CURRENT
    assert when(TODAY - DAY, TODAY, None, ended=TODAY) is FUTURE


@given(DAYS, MAYBE, MAYBE, MAYBE)
def test_a_record_is_current_on_its_days_and_on_no_other(
    day: date, begin: date | None, end: date | None, ended: date | None
) -> None:
    inside = (
        (begin is None or begin <= day)
        and (end is None or day <= end)
        and (ended is None or day < ended)
    )
    assert (when(day, begin, end, ended) is CURRENT) == inside


@given(DAYS, DAYS, MAYBE, MAYBE, MAYBE)
def test_days_go_from_future_over_current_to_past(
    one: date, other: date, begin: date | None, end: date | None, ended: date | None
) -> None:
    order = [FUTURE, CURRENT, PAST]
    earlier, later = (when(day, begin, end, ended) for day in sorted((one, other)))
    assert order.index(earlier) <= order.index(later)


def test_a_day_begins_where_the_group_is() -> None:
    moment = datetime(2026, 9, 1, 2, tzinfo=UTC)
    assert local_day("UTC", moment) == date(2026, 9, 1)
    assert local_day("America/Los_Angeles", moment) == date(2026, 8, 31)
    assert local_day("Pacific/Auckland", moment) == date(2026, 9, 1)
    assert local_day("Pacific/Auckland", moment + timedelta(hours=12)) == date(2026, 9, 2)
