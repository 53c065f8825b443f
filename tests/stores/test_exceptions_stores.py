"""What stores of exceptions promise, tried on the real one (moto) and on its twin in memory."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Protocol

import boto3
import pytest
from moto import mock_aws

from shared.adapters.control_table import record_exceptions
from shared.adapters.control_table.record_exceptions import DynamoRecordExceptions
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.ids import GroupId, SourcedId, record_id
from shared.domain.roster.record_exception import Effect, NamedBy, RecordException
from shared.ports.deletion import GroupSweeper
from shared.ports.groups import RecordExceptions
from tests.fakes.control_table import make_control_table
from tests.fakes.record_exceptions import InMemoryRecordExceptions
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import KINDS, NOW

OTHER = GroupId("other")
MOST = 5


class Store(RecordExceptions, GroupSweeper, Protocol):
    """One store is both."""


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "memory":
        yield InMemoryRecordExceptions(most=MOST)
        return
    monkeypatch.setattr(record_exceptions, "PAGE", 2)
    with mock_aws():
        client = boto3.client("dynamodb")
        yield DynamoRecordExceptions(client, make_control_table(client), most=MOST)


def exception(name: str, effect: Effect = Effect.KEEP) -> RecordException:
    return RecordException(
        effect=effect,
        entity="users",
        named_by=NamedBy.SOURCED_ID,
        digest=record_id(GROUP, "users", name),
        sourced_id=SourcedId(name) if effect is Effect.KEEP else None,
        until=date(2026, 12, 24),
        ends_at=NOW + timedelta(days=90),
        why="She is on leave.",
        by="ann",
        at=NOW,
    )


def test_what_was_put_is_read_back_whole(store: Store) -> None:
    with_end, for_good = exception("a"), exception("b", Effect.LEAVE_OUT)
    for_good = for_good.model_copy(update={"until": None, "ends_at": None})
    assert store.put(GROUP, with_end)
    assert store.put(GROUP, for_good)
    assert store.put(OTHER, with_end)
    found = {each.exception_id: each for each in store.all(GROUP)}
    assert found == {each.exception_id: each for each in (with_end, for_good)}


def test_a_second_one_of_a_record_replaces_the_first(store: Store) -> None:
    assert store.put(GROUP, exception("a"))
    again = exception("a", Effect.LEAVE_OUT)
    assert not store.put(GROUP, again)
    assert list(store.all(GROUP)) == [again]


def test_pages_have_all_of_them_once(store: Store) -> None:
    for name in "abcde":
        store.put(GROUP, exception(name))
    store.put(OTHER, exception("z"))
    seen: list[RecordException] = []
    after: str | None = None
    for _ in range(4):
        page, after = store.list(GROUP, 2, after)
        seen += page
        if after is None:
            break
    assert seen == list(store.all(GROUP))
    assert len(seen) == 5


def test_a_group_has_no_more_than_so_many(store: Store) -> None:
    for name in "abcde":
        store.put(GROUP, exception(name))
    with pytest.raises(ConflictError) as raised:
        store.put(GROUP, exception("f"))
    assert raised.value.code == "too_many_exceptions"
    assert not store.put(GROUP, exception("a", Effect.LEAVE_OUT))
    assert store.put(OTHER, exception("f"))
    store.remove(GROUP, exception("b").exception_id)
    assert store.put(GROUP, exception("f"))


def test_what_is_removed_is_gone_and_cannot_be_removed_again(store: Store) -> None:
    store.put(GROUP, exception("a"))
    store.put(OTHER, exception("a"))
    store.remove(GROUP, exception("a").exception_id)
    assert store.all(GROUP) == []
    with pytest.raises(NotFoundError):
        store.remove(GROUP, exception("a").exception_id)
    assert len(store.all(OTHER)) == 1


@pytest.mark.parametrize("dies", [False, True])
def test_a_deleted_group_has_none_left_and_each_is_counted_once(store: Store, dies: bool) -> None:
    for name in "abcde":
        store.put(GROUP, exception(name))
    store.put(OTHER, exception("a"))
    counted: Counter[str] = Counter()
    noted = None
    if dies:  # after the first page was noted, and before it was deleted
        first = next(iter(store.sweep(ENTERPRISE, GROUP, None)))
        counted.update(first.tally)
        noted = first.position
    _finish(store, counted, noted)
    assert counted == {"control/exceptions": 5}
    assert store.all(GROUP) == []
    assert len(store.all(OTHER)) == 1


def _finish(store: Store, counted: Counter[str], noted: str | None) -> None:
    for page in store.sweep(ENTERPRISE, GROUP, noted):
        counted.update(page.tally)
