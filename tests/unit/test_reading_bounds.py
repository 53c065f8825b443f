"""What one request may read, whatever the roster's size: counted, query by query."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.dynamodb.reads import BATCH_TRIES
from shared.adapters.roster_table.reader import DynamoRosterReader
from shared.adapters.roster_table.roster import DynamoRoster
from shared.domain.errors import TryLaterError
from shared.domain.ids import EnterpriseId, GroupId, RecordId, RunKey
from shared.domain.roster.collection import Collection
from shared.domain.roster.membership import When
from shared.domain.roster.stored_record import Filters, StoredRecord, View
from shared.ports.roster_reading import RosterPlace, Slice
from shared.reading.fill_page import MOST_QUERIES, MOST_RECORDS, Page, Position, Window
from shared.reading.members import Membership, classes_of, list_enrollments, users_of
from shared.reading.records import START, find_by_sourced_id, list_records
from tests.fakes.aws_clients import heard
from tests.fakes.roster_table import NAME, make_roster_table
from tests.fakes.rosters import class_, enrollment, id_of, user

GROUP = GroupId("g")
NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
VIEW = View(NOW, date(2026, 9, 15), "UTC")
ALL = Filters()
MANY = 200_000
CLASS = StoredRecord(RecordId("class"), "class", {}, NOW, NOW)


@dataclass
class Endless:
    """A roster as large as one likes: ``doc`` makes the document of record ``number``.

    It counts its queries, its batches of at most 100 keys, and the records that were read.
    """

    size: int = MANY
    doc: Callable[[int], dict[str, Any]] = lambda number: {}
    gone: frozenset[str] = frozenset()
    calls: list[str] = field(default_factory=list)
    read: int = 0

    def find(
        self, place: RosterPlace, collection: Collection, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, StoredRecord]:
        self.calls += ["batch"] * -(-len(ids) // 100)
        return {id_: StoredRecord(id_, id_, {}, NOW, NOW) for id_ in ids if id_ not in self.gone}

    def page(
        self, place: RosterPlace, collection: Collection, shard: int, after: str | None, most: int
    ) -> Slice:
        share = self.size // place.shards
        return self._query(shard * share, (shard + 1) * share, after, most)

    def search(
        self,
        place: RosterPlace,
        collection: Collection,
        shard: int,
        after: str | None,
        sourced_id: str,
    ) -> Slice:
        found = self.page(place, collection, shard, after, 1_500)
        return Slice([r for r in found.records if r.doc["sourcedId"] == sourced_id], found.after)

    def members(
        self, place: RosterPlace, class_id: RecordId, after: str | None, most: int
    ) -> Slice:
        return self._query(0, self.size, after, most)

    memberships = members

    def _query(self, first: int, end: int, after: str | None, most: int) -> Slice:
        begin = first if after is None else int(after) + 1
        last = min(begin + most, end)
        self.calls.append("query")
        self.read += last - begin
        records = [
            StoredRecord(RecordId(f"e{n}"), f"{n:06d}", self.doc(n), NOW, NOW)
            for n in range(begin, last)
        ]
        return Slice(records, records[-1].key if last < end else None)


def member(number: int, **dates: str) -> dict[str, Any]:
    return {"userId": f"u{number}", "classId": f"c{number}", "role": "student"} | dates


def left(number: int) -> dict[str, Any]:
    """Somebody who was in the class in spring; only the very last is there still."""
    return member(number) if number == MANY - 1 else member(number, endDate="2026-06-30")


FIRST = Window(START, 200)

Reading = Callable[[Endless, RosterPlace], Page[Any]]
READINGS: dict[str, Reading] = {
    "users of a class": lambda reader, place: users_of(reader, place, CLASS, FIRST, ALL, VIEW),
    "classes of a user": lambda reader, place: classes_of(
        reader, place, RecordId("ann"), FIRST, None, VIEW
    ),
    "enrollments": lambda reader, place: list_enrollments(reader, place, FIRST, ALL, VIEW),
    "users": lambda reader, place: list_records(reader, place, Collection.USERS, FIRST, ALL, VIEW),
}


@pytest.mark.parametrize("shards", [1, 64])
@pytest.mark.parametrize("name", READINGS)
def test_a_page_of_200_000_reads_hardly_more_than_itself(name: str, shards: int) -> None:
    reader = Endless(doc=member)
    page = READINGS[name](reader, RosterPlace(GROUP, shards))
    assert (len(page.rows), page.more is not None) == (200, True)
    assert reader.calls.count("query") == 1
    assert reader.calls.count("batch") <= 4
    assert reader.read == 200


@pytest.mark.parametrize("name", ["users of a class", "classes of a user", "enrollments"])
def test_where_all_have_left_the_page_is_short_and_goes_on(name: str) -> None:
    reader = Endless(doc=left)
    page = READINGS[name](reader, RosterPlace(GROUP, 1))
    assert (page.rows, page.more) == ([], Position(0, f"{MOST_RECORDS - 1:06d}"))
    assert reader.read == MOST_RECORDS
    assert reader.calls.count("query") <= 6
    assert reader.calls.count("batch") == 0


def test_users_that_are_not_there_cost_bounded_batches() -> None:
    everybody = frozenset(f"u{number}" for number in range(MANY))
    reader = Endless(doc=member, gone=everybody)
    page = READINGS["users of a class"](reader, RosterPlace(GROUP, 1))
    assert (page.rows, page.more is not None) == ([], True)
    assert reader.calls.count("batch") <= MOST_RECORDS // 100 + 5


def test_the_last_of_200_000_is_found_by_following_the_cursor() -> None:
    reader, rows, after, requests = Endless(doc=left), list[Membership](), None, 0
    while True:
        requests += 1
        page = users_of(
            reader, RosterPlace(GROUP, 1), CLASS, Window(Position(0, after), 50), ALL, VIEW
        )
        rows += page.rows
        if page.more is None:
            break
        after = page.more.after
    assert [row.other.id for row in rows] == [f"u{MANY - 1}"]
    assert requests <= MANY // MOST_RECORDS + 1


def test_empty_partitions_cost_bounded_queries() -> None:
    reader = Endless(size=0)
    page = list_records(
        reader, RosterPlace(GROUP, 64), Collection.ORGS, Window(START, 50), ALL, VIEW
    )
    assert (page.rows, page.more) == ([], Position(MOST_QUERIES, None))
    assert len(reader.calls) == MOST_QUERIES


def test_a_search_ends_for_now_after_bounded_queries_and_goes_on() -> None:
    reader = Endless(doc=lambda number: {"sourcedId": f"s{number}"})
    place, wanted = RosterPlace(GROUP, 2), f"s{MANY - 1}"
    at: Position | None = START
    rows: Sequence[StoredRecord] = ()
    requests = 0
    while at is not None:
        requests += 1
        before = len(reader.calls)
        page = find_by_sourced_id(reader, place, Collection.USERS, wanted, at, NOW)
        assert len(reader.calls) - before <= MOST_QUERIES + 1
        rows, at = page.rows, page.more
    assert [row.id for row in rows] == [f"e{MANY - 1}"]
    assert requests == 6


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize("shards", [1, 3, 7])
def test_no_record_is_lost_or_seen_twice(limit: int, shards: int) -> None:
    size = 210
    reader = Endless(
        size=size,
        doc=lambda number: member(number, beginDate="2026-10-01") if number % 3 else member(number),
        gone=frozenset(f"u{number}" for number in range(0, size, 5)),
    )
    found: list[str] = []
    at: Position | None = START
    while at is not None:
        page = list_enrollments(reader, RosterPlace(GROUP, shards), Window(at, limit), ALL, VIEW)
        assert len(page.rows) <= limit
        found += [row.id for row in page.rows]
        at = page.more
    assert found == [f"e{number}" for number in range(0, size, 3) if number % 5]


def test_only_what_is_asked_for_besides_is_shown() -> None:
    view = View(NOW, date(2026, 6, 30), "UTC", frozenset({When.FUTURE}))
    assert view.shows(When.FUTURE)
    assert not view.shows(When.PAST)
    assert not view.shows(When.CURRENT, When.PAST)


@pytest.fixture(scope="class")
def client() -> Iterator[Any]:
    """A class of 230: the tests only read of it."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        make_roster_table(client)
        members = [f"u{number:03d}" for number in range(230)]
        writes = [class_(GROUP, "math"), *(user(GROUP, name) for name in members)]
        writes += [enrollment(GROUP, "math", name) for name in members]
        key = RunKey(EnterpriseId("acme"), GROUP, 1)
        assert not DynamoRoster(client, NAME, batched=False).apply(key, 2, writes, NOW)
        yield client


class TestTable:
    """The same over a table: what DynamoDB is asked."""

    def page(self, client: Any, waited: list[float]) -> Page[Any]:
        reader = DynamoRosterReader(client, NAME, waited.append)
        place = RosterPlace(GROUP, 2)
        math = id_of(GROUP, Collection.CLASSES, "math")
        return users_of(
            reader,
            place,
            reader.find(place, Collection.CLASSES, [math])[math],
            FIRST,
            ALL,
            VIEW,
        )

    def test_a_page_is_one_query_and_a_batch_a_hundred(self, client: Any) -> None:
        with heard(client, "dynamodb") as calls:
            page = self.page(client, waited := list[float]())
        assert len(page.rows) == 200
        assert calls == ["BatchGetItem", "Query", "BatchGetItem", "BatchGetItem"]
        assert waited == []

    def test_what_a_batch_leaves_out_is_asked_for_again(
        self, client: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole, sizes = client.batch_get_item, []

        def half(RequestItems: Any) -> Any:
            keys = RequestItems[NAME]["Keys"]
            sizes.append(len(keys))
            taken = keys[: -(-len(keys) // 2)] if len(sizes) < 4 else keys
            answer = whole(RequestItems={NAME: RequestItems[NAME] | {"Keys": taken}})
            rest = keys[len(taken) :]
            if rest:
                answer["UnprocessedKeys"] = {NAME: RequestItems[NAME] | {"Keys": rest}}
            return answer

        monkeypatch.setattr(client, "batch_get_item", half)
        page = self.page(client, waited := list[float]())
        assert len({row.other.id for row in page.rows}) == 200
        assert sizes == [1, 100, 50, 25, 100]
        assert waited == [0.05, 0.1]

    def test_a_table_that_never_answers_all_is_said_to_be_busy(
        self, client: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nothing(RequestItems: Any) -> Any:
            return {"Responses": {}, "UnprocessedKeys": RequestItems}

        monkeypatch.setattr(client, "batch_get_item", nothing)
        with pytest.raises(TryLaterError):
            self.page(client, waited := list[float]())
        assert len(waited) == BATCH_TRIES - 1
        assert sum(waited) < timedelta(seconds=5).total_seconds()
