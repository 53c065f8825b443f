"""Reading a collection to its proven end, whatever the server makes of limit and total."""

from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from shared.domain.errors import GiveUpError, ParameterRefusedError
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Reason
from shared.ports.sources import Page
from shared.sync.extract.paging import AT_ONCE, Fetch, Place, read_on

USERS = Collection.USERS


def _records(count: int) -> list[dict[str, Any]]:
    return [{"sourcedId": f"{number:05d}"} for number in range(count)]


def _read(fetch: Fetch, limit: int = 10) -> tuple[list[str], Place]:
    read: list[str] = []
    place = Place(limit=limit)
    for here, entities in read_on(USERS, place, fetch):
        place = here
        read.extend(entity["sourcedId"] for entity in entities)
    return read, place


def _refused(status: int) -> ParameterRefusedError:
    return ParameterRefusedError(Reason(code="unexpected_answer", message=""), status)


@given(
    count=st.integers(0, 120),
    limit=st.integers(1, 40),
    cap=st.integers(1, 40),
    total=st.sampled_from(["right", "none", "low", "high", "only first"]),
    error_past_end=st.booleans(),
)
def test_every_record_comes_exactly_once(
    count: int, limit: int, cap: int, total: str, error_past_end: bool
) -> None:
    records = _records(count)
    says = {"right": count, "none": None, "low": count // 2, "high": count + 7, "only first": count}

    def fetch(offsets: Sequence[int], size: int, in_order: bool) -> Sequence[Page]:
        assert len(offsets) <= AT_ONCE
        assert in_order
        # A server that answers an error past the end can be understood only if its total is right.
        if error_past_end and total == "right" and count and max(offsets) >= count:
            raise _refused(404)
        first = total != "only first" or offsets[0] == 0
        return [
            Page(records[offset : offset + min(size, cap)], says[total] if first else None)
            for offset in offsets
        ]

    read, place = _read(fetch, limit)
    assert read == [record["sourcedId"] for record in records]
    assert place.done


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_pages_of_any_size_leave_no_gap(sizes: list[int]) -> None:
    records = _records(sum(sizes))
    asked = 0

    def fetch(offsets: Sequence[int], size: int, in_order: bool) -> Sequence[Page]:
        nonlocal asked
        pages = []
        for offset in offsets:
            pages.append(Page(records[offset : offset + sizes[asked % len(sizes)]], len(records)))
            asked += 1
        return pages

    assert _read(fetch)[0] == [record["sourcedId"] for record in records]


def test_known_totals_are_read_side_by_side() -> None:
    records, rounds = _records(100), []

    def fetch(offsets: Sequence[int], size: int, in_order: bool) -> Sequence[Page]:
        rounds.append(list(offsets))
        return [Page(records[offset : offset + size], 100) for offset in offsets]

    _read(fetch)
    assert rounds == [[0], [10, 20, 30, 40, 50], [60, 70, 80, 90], [100]]


def test_a_server_that_ignores_offset_fails() -> None:
    def fetch(offsets: Sequence[int], size: int, in_order: bool) -> Sequence[Page]:
        return [Page(_records(10), None) for _ in offsets]

    with pytest.raises(GiveUpError) as failure:
        _read(fetch)
    assert failure.value.reason.code == "offset_ignored"
    assert "users" in failure.value.reason.message


def test_a_server_without_paging_that_says_its_total_is_read_once() -> None:
    def fetch(offsets: Sequence[int], size: int, in_order: bool) -> Sequence[Page]:
        return [Page(_records(25), 25) for _ in offsets]

    assert len(_read(fetch)[0]) == 25


def test_a_server_that_refuses_a_large_limit_is_asked_for_less() -> None:
    def fetch(offsets: Sequence[int], size: int, in_order: bool) -> Sequence[Page]:
        if size > 100:
            raise _refused(400)
        return [Page(_records(150)[offset : offset + size], None) for offset in offsets]

    read, place = _read(fetch, limit=5000)
    assert len(read) == 150
    assert place.in_order


def test_a_server_that_cannot_sort_is_read_but_proves_nothing() -> None:
    def fetch(offsets: Sequence[int], size: int, in_order: bool) -> Sequence[Page]:
        if in_order:
            raise _refused(400)
        return [Page(_records(15)[offset : offset + size], None) for offset in offsets]

    read, place = _read(fetch)
    assert len(read) == 15
    assert not place.in_order


def test_a_wrong_path_is_said_at_once() -> None:
    asked = 0

    def fetch(offsets: Sequence[int], size: int, in_order: bool) -> Sequence[Page]:
        nonlocal asked
        asked += 1
        raise _refused(404)

    with pytest.raises(GiveUpError):
        _read(fetch)
    assert asked == 1
