"""What the roster's store promises, tried on the real one (moto) and on its twin in memory.

Moto's PartiQL takes no parameters in an INSERT, so that the store writes one by one here; its
batches are tried in the tests that go the whole way.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from shared.adapters.dynamodb.values import marshal, unmarshal
from shared.adapters.roster_table.holdings import DynamoRosterHoldings
from shared.adapters.roster_table.keys import class_prefix, login_key, partition, record_key
from shared.adapters.roster_table.roster import DynamoRoster
from shared.domain.group.retention import Left
from shared.domain.ids import EnterpriseId, GroupId, RecordId, RunKey
from shared.domain.roster.change import LoginClaim, Removal, RosterWrite
from shared.domain.roster.collection import Collection
from shared.domain.roster.login_name import LoginHolder
from shared.ports.roster import OVERTAKEN, Refusal, Roster, RosterHoldings
from tests.fakes.roster_table import NAME, make_roster_table
from tests.fakes.world import InMemoryHoldings, InMemoryRoster

ACME, GLOBEX = EnterpriseId("acme"), EnterpriseId("globex")
GROUP, OTHER = GroupId("g"), GroupId("h")
NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
ANN, BOB, EVE = RecordId("ann"), RecordId("bob"), RecordId("eve")
SHARDS = 3


@dataclass
class Table:
    """A roster, and how to look into it; ``client`` is that of the table, if there is one."""

    roster: Roster
    _doc: Callable[[dict[str, str]], dict[str, Any] | None]
    _owner: Callable[[EnterpriseId, str], str | None]
    _left: Callable[[dict[str, str]], tuple[str, datetime | None] | None]
    holdings: RosterHoldings
    client: Any = None

    def apply(
        self,
        seq: int,
        *writes: RosterWrite,
        group_id: GroupId = GROUP,
        enterprise: EnterpriseId = ACME,
        now: datetime = NOW,
    ) -> Sequence[Refusal]:
        return self.roster.apply(RunKey(enterprise, group_id, seq), SHARDS, writes, now)

    def doc(self, write: RosterWrite, group_id: GroupId = GROUP) -> dict[str, Any] | None:
        return self._doc(record_key(group_id, SHARDS, write))

    def left(self, write: RosterWrite) -> tuple[str, datetime | None] | None:
        """How a record has left, and until when it is kept."""
        return self._left(record_key(GROUP, SHARDS, write))

    def owner(self, name: str, enterprise: EnterpriseId = ACME) -> str | None:
        """The user whose login name this is."""
        return self._owner(enterprise, name)


@contextmanager
def table_of(kind: str) -> Iterator[Table]:
    if kind == "memory":
        memory = InMemoryRoster()

        def held(key: dict[str, str]) -> dict[str, Any] | None:
            record = memory.records.get((key["pk"], key["sk"]))
            return None if record is None else record.doc

        def of(enterprise: EnterpriseId, name: str) -> str | None:
            return memory.logins.get((enterprise, name.casefold()), (None, 0))[0]

        def gone(key: dict[str, str]) -> tuple[str, datetime | None] | None:
            record = memory.records[key["pk"], key["sk"]]
            return None if record.removal is None else (record.removal, record.expires_at)

        yield Table(memory, held, of, gone, InMemoryHoldings(memory))
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        make_roster_table(client)

        def item(key: dict[str, str]) -> dict[str, Any]:
            names = {name: {"S": value} for name, value in key.items()}
            return unmarshal(client.get_item(TableName=NAME, Key=names).get("Item", {}))

        yield Table(
            DynamoRoster(client, NAME, batched=False),
            lambda key: item(key).get("doc"),
            lambda enterprise, name: item(login_key(enterprise, name)).get("userId"),
            lambda key: _left(item(key)),
            DynamoRosterHoldings(client, NAME, time.sleep),
            client,
        )


def _left(item: dict[str, Any]) -> tuple[str, datetime | None] | None:
    kinds = [kind for kind in ("deleted", "ended") if f"{kind}At" in item]
    if not kinds:
        assert "expiresAt" not in item
        return None
    [kind] = kinds
    until = item.get("expiresAt")
    return kind, None if until is None else datetime.fromtimestamp(int(until), UTC)


@pytest.fixture(params=["dynamo", "memory"])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    with table_of(request.param) as made:
        yield made


def _org(name: str, *, new: bool = True, id_: str = "org") -> RosterWrite:
    return RosterWrite(
        collection=Collection.ORGS, id=RecordId(id_), doc={"name": name, "root": True}, new=new
    )


def _user(
    id_: RecordId, take: str | None, *release: str, new: bool = True, name: str = "N"
) -> RosterWrite:
    doc = {"givenName": name} | ({} if take is None else {"loginName": take})
    login = LoginClaim(take=take, release=release)
    return RosterWrite(collection=Collection.USERS, id=id_, doc=doc, new=new, login=login)


def _taken(id_: RecordId) -> Refusal:
    return Refusal(Collection.USERS, id_, "login_name_taken")


# Records


@pytest.mark.parametrize("new", [True, False], ids=["said to be new", "said to be there"])
def test_records_are_created_and_updated_whatever_was_expected(table: Table, new: bool) -> None:
    assert table.apply(1, _org("a", new=new)) == []
    assert table.doc(_org("")) == {"name": "a", "root": True}
    assert table.apply(2, _org("b", new=new)) == []
    assert table.doc(_org("")) == {"name": "b", "root": True}


def test_what_an_older_run_or_the_same_message_brings_changes_nothing(table: Table) -> None:
    table.apply(5, _org("five"), _user(ANN, "ann", name="five"))
    for seq in (5, 4):
        late = [_org("late", new=True), _org("late", new=False), _user(ANN, "late", name="late")]
        refused = [Refusal(Collection.ORGS, RecordId("org"), OVERTAKEN)] * 2
        assert table.apply(seq, *late[:2]) == (refused if seq == 4 else [])
        assert table.doc(_org("")) == {"name": "five", "root": True}
    assert table.apply(4, late[2]) == [Refusal(Collection.USERS, ANN, OVERTAKEN)]
    assert table.doc(late[2]) == {"givenName": "five", "loginName": "ann"}
    assert table.owner("late") is None


def test_groups_do_not_meet_even_under_the_same_ids(table: Table) -> None:
    table.apply(9, _org("mine"))
    table.apply(1, _org("theirs"), group_id=OTHER)
    assert (table.doc(_org("")), table.doc(_org(""), OTHER)) == (
        {"name": "mine", "root": True}, {"name": "theirs", "root": True},
    )  # fmt: skip


def test_many_records_are_written_each_by_itself(table: Table) -> None:
    table.apply(2, *(_org("new", id_=f"o{number}") for number in range(0, 60, 2)))
    late = table.apply(1, *(_org("old", id_=f"o{number}") for number in range(60)))
    assert [each.id for each in late] == [f"o{number}" for number in range(0, 60, 2)]
    names = [(table.doc(_org("", id_=f"o{number}")) or {})["name"] for number in range(60)]
    assert names == ["new", "old"] * 30


# Login names


def test_a_login_name_belongs_to_one_user_of_the_enterprise_in_any_case(table: Table) -> None:
    assert table.apply(1, _user(ANN, "Ann")) == []
    assert table.apply(1, _user(BOB, "aNN"), group_id=OTHER) == [_taken(BOB)]
    assert table.doc(_user(BOB, None), OTHER) == {"givenName": "N"}
    assert table.owner("ann") == ANN
    assert table.apply(1, _user(EVE, "ann"), enterprise=GLOBEX, group_id=GroupId("x")) == []
    assert table.owner("ann", GLOBEX) == EVE


def test_a_suffix_keeps_users_of_two_groups_apart(table: Table) -> None:
    assert table.apply(1, _user(ANN, "ann@north")) == []
    assert table.apply(1, _user(BOB, "ann@south"), group_id=OTHER) == []
    assert (table.owner("ann@north"), table.owner("ann@south")) == (ANN, BOB)


def test_a_repeated_message_reports_the_taken_name_again(table: Table) -> None:
    table.apply(1, _user(ANN, "ann"))
    for _ in range(3):
        assert table.apply(2, _user(BOB, "ann")) == [_taken(BOB)]
    assert table.doc(_user(BOB, None)) == {"givenName": "N"}


def test_a_user_written_without_its_name_is_reported_until_a_newer_run_gives_it(
    table: Table,
) -> None:
    table.apply(1, _user(ANN, "ann"))
    table.apply(2, _user(BOB, "ann"))
    table.apply(2, _user(ANN, "ann2", "ann"))
    assert table.owner("ann") is None
    # The same message again: the record of this run is written, so the name stays away from it.
    assert table.apply(2, _user(BOB, "ann")) == [_taken(BOB)]
    assert (table.doc(_user(BOB, None)), table.owner("ann")) == ({"givenName": "N"}, None)
    assert table.apply(3, _user(BOB, "ann")) == []
    assert (table.doc(_user(BOB, None)), table.owner("ann")) == (
        {"givenName": "N", "loginName": "ann"}, BOB,
    )  # fmt: skip


def test_a_new_name_frees_the_old_one_and_no_name_frees_all(table: Table) -> None:
    table.apply(1, _user(ANN, "ann"))
    assert table.apply(2, _user(ANN, "anna", "ann", "never")) == []
    assert (table.owner("ann"), table.owner("anna")) == (None, ANN)
    assert table.apply(2, _user(BOB, "ann")) == []
    assert table.apply(3, _user(ANN, None, "anna", "ann")) == []
    assert (table.owner("anna"), table.owner("ann")) == (None, BOB)
    assert table.doc(_user(ANN, None)) == {"givenName": "N"}


def test_another_spelling_of_the_same_name_keeps_it(table: Table) -> None:
    table.apply(1, _user(ANN, "Ann"))
    for _ in range(2):
        assert table.apply(2, _user(ANN, "ann", "Ann")) == []
        assert table.owner("ann") == ANN


def test_an_older_run_frees_no_name(table: Table) -> None:
    table.apply(1, _user(ANN, "ann"))
    table.apply(3, _user(ANN, "ann", name="three"))
    refused = [Refusal(Collection.USERS, ANN, OVERTAKEN)]
    assert table.apply(2, _user(ANN, "anna", "ann")) == refused
    assert (table.owner("ann"), table.owner("anna")) == (ANN, None)
    assert table.doc(_user(ANN, None)) == {"givenName": "three", "loginName": "ann"}


def _heir(id_: RecordId, take: str, *release: str, inherits: Sequence[RecordId]) -> RosterWrite:
    write = _user(id_, take, *release)
    login = LoginClaim(take=take, release=release, inherits=tuple(inherits))
    return write.model_copy(update={"login": login})


def test_a_name_is_taken_only_from_those_whom_the_user_inherits_it_from(table: Table) -> None:
    table.apply(1, _user(ANN, "ann"), _user(BOB, "bob"))
    assert table.apply(2, _heir(EVE, "ann", inherits=[BOB])) == [_taken(EVE)]
    assert (table.owner("ann"), table.doc(_user(EVE, None))) == (ANN, {"givenName": "N"})
    assert table.apply(3, _heir(EVE, "ann", inherits=[BOB, ANN])) == []
    assert table.owner("ann") == EVE


def test_a_name_that_a_newer_run_gave_is_not_taken_over(table: Table) -> None:
    table.apply(3, _user(ANN, "ann"))
    assert table.apply(2, _heir(EVE, "ann", inherits=[ANN])) == [_taken(EVE)]
    assert table.apply(3, _heir(BOB, "ann", inherits=[ANN])) == [_taken(BOB)]
    assert table.owner("ann") == ANN


def test_a_name_tells_whose_it_is_in_which_group(table: Table) -> None:
    table.apply(1, _user(ANN, "Ann"), _user(BOB, "Straße"))
    table.apply(1, _user(EVE, "eve"), group_id=OTHER)
    assert table.holdings.login_holders(ACME, ["ann", "strasse", "eve", "nobody"]) == {
        "ann": LoginHolder(ANN, GROUP),
        "strasse": LoginHolder(BOB, GROUP),
        "eve": LoginHolder(EVE, OTHER),
    }
    assert table.holdings.login_holders(GLOBEX, ["ann"]) == {}
    many = [f"name-{number}" for number in range(250)]
    assert table.holdings.login_holders(ACME, [*many, "ann"]) == {"ann": LoginHolder(ANN, GROUP)}
    assert table.holdings.login_holders(ACME, []) == {}


PEOPLE = [RecordId(f"person-{number}") for number in range(6)]


@pytest.mark.parametrize("kind", ["memory", "dynamo"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_names_that_change_hands_are_right_in_any_order_and_twice(
    kind: str, data: st.DataObject
) -> None:
    """Each name has one owner before and one after; the writes come in any order, some twice."""
    names = [f"name-{number}" for number in range(6)]
    nobody: list[str | None] = [None] * len(PEOPLE)
    before = data.draw(st.permutations([*names, *nobody]))[: len(PEOPLE)]
    after = data.draw(st.permutations([*names, *nobody]))[: len(PEOPLE)]
    had = {name: person for person, name in zip(PEOPLE, before, strict=True) if name}
    writes = []
    for person, old, new in zip(PEOPLE, before, after, strict=True):
        release = (old,) if old and old != new else ()
        heirs = [had[new]] if new in had and had[new] != person else []
        login = LoginClaim(take=new, release=release, inherits=tuple(heirs))
        writes.append(_user(person, new).model_copy(update={"login": login}))
    twice = data.draw(st.permutations([*writes, *data.draw(st.lists(st.sampled_from(writes)))]))
    with table_of(kind) as table:
        table.apply(1, *(_user(p, name) for p, name in zip(PEOPLE, before, strict=True)))
        for write in twice:
            assert table.apply(2, write) == []
        for person, old, new in zip(PEOPLE, before, after, strict=True):
            assert (table.doc(_user(person, None)) or {}).get("loginName") == new
            if new:
                assert table.owner(new) == person
            if old and old not in after:
                assert table.owner(old) is None


# What only DynamoDB has


def _enrollment(id_: str, class_id: str = "class", user_id: str = "ann") -> RosterWrite:
    return RosterWrite(
        collection=Collection.ENROLLMENTS,
        id=RecordId(id_),
        doc={"role": "student"},
        new=True,
        class_id=RecordId(class_id),
        user_id=RecordId(user_id),
    )


def test_enrollments_lie_with_their_class_and_are_found_by_their_user() -> None:
    with table_of("dynamo") as table:
        table.apply(1, _enrollment("e1"), _enrollment("e2", user_id="bob"), _org("a"))
        table.apply(1, _enrollment("e3", class_id="other"), _enrollment("e4", class_id="classes"))
        table.apply(1, _enrollment("e1"), group_id=OTHER)
        table.apply(2, _enrollment("e1"))
        of_class = table.client.query(
            TableName=NAME,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :class)",
            ExpressionAttributeValues={
                ":pk": {"S": partition(GROUP, Collection.ENROLLMENTS, SHARDS, "class")},
                ":class": {"S": class_prefix(RecordId("class"))},
            },
        )["Items"]
        assert [item["id"]["S"] for item in of_class] == ["e1", "e2"]
        of_user = table.client.query(
            TableName=NAME,
            IndexName="byUser",
            KeyConditionExpression="userKey = :user",
            ExpressionAttributeValues={":user": {"S": "g#U#ann"}},
        )["Items"]
        assert [item["sk"]["S"] for item in of_user] == ["class#e1", "classes#e4", "other#e3"]
        assert len(table.client.scan(TableName=NAME, IndexName="byUser")["Items"]) == 5


def test_a_record_knows_when_it_came_and_when_it_changed() -> None:
    with table_of("dynamo") as table:
        table.apply(1, _org("a"))
        key = {name: {"S": value} for name, value in record_key(GROUP, SHARDS, _org("")).items()}
        later = NOW + timedelta(days=1)
        table.client.update_item(
            TableName=NAME,
            Key=key,
            UpdateExpression="SET deletedAt = :now, expiresAt = :then",
            ExpressionAttributeValues={
                ":now": {"S": "x"},
                ":then": {"N": str(int(later.timestamp()))},
            },
        )
        table.apply(2, _org("b"), now=later)
        item = unmarshal(table.client.get_item(TableName=NAME, Key=key)["Item"])
        assert (item["id"], item["seq"]) == ("org", 2)
        assert (item["createdAt"], item["updatedAt"]) == (NOW.isoformat(), later.isoformat())
        assert item.keys().isdisjoint({"deletedAt", "expiresAt", "userKey"})


class _Interposed:
    """A client that does something of the test's own before its calls of one kind."""

    def __init__(self, client: Any, call: str, before: Callable[[], None]) -> None:
        self._client, self._call, self._before = client, call, before

    def __getattr__(self, name: str) -> Any:
        if name == self._call:
            self._before()
        return getattr(self._client, name)


def test_a_name_that_is_freed_while_it_is_asked_for_is_given() -> None:
    with table_of("dynamo") as table:
        table.apply(1, _user(ANN, "ann"))

        def free() -> None:
            table.apply(2, _user(ANN, "anna", "ann"))

        interposed: Any = _Interposed(table.client, "get_item", free)
        roster = DynamoRoster(interposed, NAME, batched=False)
        key = RunKey(ACME, GROUP, 2)
        assert roster.apply(key, SHARDS, [_user(BOB, "ann")], NOW) == []
        assert table.doc(_user(BOB, None)) == {"givenName": "N", "loginName": "ann"}
        assert table.owner("ann") == BOB


def _failing(code: str) -> Callable[[], None]:
    def fail() -> None:
        answer: Any = {"Error": {"Code": code, "Message": ""}}
        raise ClientError(answer, "UpdateItem")

    return fail


@pytest.mark.parametrize(
    ("code", "passing"),
    [("ProvisionedThroughputExceededException", True), ("ValidationException", False)],
)
def test_a_write_that_fails_stops_no_other_and_says_whether_it_may_come_again(
    code: str, passing: bool
) -> None:
    with table_of("dynamo") as table:
        failing: Any = _Interposed(table.client, "update_item", _failing(code))
        roster = DynamoRoster(failing, NAME, batched=False)
        answer = roster.apply(RunKey(ACME, GROUP, 1), SHARDS, [_org("a"), _user(ANN, "a")], NOW)
        assert answer == [Refusal(Collection.ORGS, RecordId("org"), code, passing=passing)]
        assert table.owner("a") == ANN
        failing = _Interposed(table.client, "transact_write_items", _failing(code))
        roster = DynamoRoster(failing, NAME, batched=False)
        answer = roster.apply(RunKey(ACME, GROUP, 1), SHARDS, [_org("a"), _user(BOB, "b")], NOW)
        assert answer == [Refusal(Collection.USERS, BOB, code, passing=passing)]
        assert table.doc(_org("")) is not None


def test_a_name_that_cannot_be_released_now_is_released_when_the_message_comes_again() -> None:
    with table_of("dynamo") as table:
        table.apply(1, _user(ANN, "ann"))
        failing: Any = _Interposed(
            table.client, "delete_item", _failing("TransactionConflictException")
        )
        roster = DynamoRoster(failing, NAME, batched=False)
        renamed, other = _user(ANN, "anna", "ann"), _user(BOB, "bob")
        answer = roster.apply(RunKey(ACME, GROUP, 2), SHARDS, [renamed, other], NOW)
        code = "TransactionConflictException"
        assert answer == [Refusal(Collection.USERS, ANN, code, passing=True)]
        assert (table.owner("ann"), table.owner("anna"), table.owner("bob")) == (ANN, ANN, BOB)
        assert table.apply(2, renamed, other) == []
        assert (table.owner("ann"), table.owner("anna"), table.owner("bob")) == (None, ANN, BOB)


# Leaving


UNTIL = NOW + timedelta(days=120)


def _gone(
    write: RosterWrite, kind: Left = "deleted", until: datetime | None = UNTIL
) -> RosterWrite:
    removal = Removal(kind=kind, since=NOW, until=until)
    return write.model_copy(update={"doc": {}, "removal": removal})


def test_what_has_left_can_be_given_another_end_and_none() -> None:
    later = UNTIL + timedelta(days=50)
    with table_of("dynamo") as table:
        roster = table.roster
        key: Any = marshal(record_key(GROUP, SHARDS, _org("")))

        def write(seq: int, write: RosterWrite) -> dict[str, Any]:
            now = NOW + timedelta(days=seq)
            assert roster.apply(RunKey(ACME, GROUP, seq), SHARDS, [write], now) == []
            return unmarshal(table.client.get_item(TableName=NAME, Key=key)["Item"])

        write(1, _org("a"))
        for seq, until in enumerate((UNTIL, None, None, later, UNTIL), start=2):
            item = write(seq, _gone(_org(""), until=until))
            expected = None if until is None else int(until.timestamp())
            assert (item["deletedAt"], item.get("expiresAt")) == (NOW.isoformat(), expected)
        item = write(7, _gone(_org(""), "ended", until=None))
        assert (item["endedAt"], item.keys() & {"deletedAt", "expiresAt"}) == (
            NOW.isoformat(), set(),
        )  # fmt: skip
        back = write(8, _org("b", new=False))
        assert back.keys().isdisjoint({"deletedAt", "endedAt", "expiresAt"})


def test_what_is_kept_without_an_end_is_the_same_record_when_it_returns(table: Table) -> None:
    table.apply(1, _org("a"))
    assert table.apply(2, _gone(_org(""), until=None)) == []
    assert table.left(_org("")) == ("deleted", None)
    assert table.apply(3, _org("b", new=False), now=NOW + timedelta(days=900)) == []
    assert (table.left(_org("")), table.doc(_org(""))) == (None, {"name": "b", "root": True})


def test_a_record_that_leaves_is_kept_for_its_return(table: Table) -> None:
    table.apply(1, _org("a"))
    assert table.apply(2, _gone(_org("")), now=NOW) == []
    assert table.left(_org("")) == ("deleted", NOW + timedelta(days=120))
    assert table.doc(_org("")) == {"name": "a", "root": True}
    for late in (_org("late"), _gone(_org(""), "ended")):
        assert table.apply(2, late) == []
    assert table.left(_org("")) == ("deleted", NOW + timedelta(days=120))
    assert table.apply(3, _org("b", new=False)) == []
    assert (table.left(_org("")), table.doc(_org(""))) == (None, {"name": "b", "root": True})
    table.apply(4, _gone(_org(""), "ended"))
    assert table.left(_org("")) == ("ended", NOW + timedelta(days=120))
    table.apply(5, _gone(_org("")))
    assert table.left(_org("")) == ("deleted", NOW + timedelta(days=120))


def test_what_was_never_there_does_not_come_by_leaving(table: Table) -> None:
    assert table.apply(1, _gone(_org("")), _gone(_user(ANN, None, "ann"))) == []
    assert (table.doc(_org("")), table.doc(_user(ANN, None))) == (None, None)


def test_who_leaves_gives_the_login_name_back_and_takes_it_again(table: Table) -> None:
    table.apply(1, _user(ANN, "ann"))
    assert table.apply(2, _gone(_user(ANN, None, "ann"))) == []
    assert table.owner("ann") is None
    assert table.left(_user(ANN, None)) is not None
    assert table.apply(3, _user(ANN, "ann", new=False)) == []
    assert (table.owner("ann"), table.left(_user(ANN, None))) == (ANN, None)


@pytest.mark.parametrize("write", [_org("b"), _user(ANN, "ann")])
@pytest.mark.parametrize(("days", "anew"), [(120, False), (121, True)])
def test_what_returns_after_it_has_expired_begins_anew(
    write: RosterWrite, days: int, anew: bool
) -> None:
    with table_of("dynamo") as table:
        table.apply(1, write)
        table.apply(2, _gone(write.model_copy(update={"login": None})))
        # DynamoDB removes what has expired within days, not at once.
        back = NOW + timedelta(days=days)
        assert table.apply(3, write, now=back) == table.apply(3, write, now=back) == []
        key: Any = marshal(record_key(GROUP, SHARDS, write))
        item = unmarshal(table.client.get_item(TableName=NAME, Key=key)["Item"])
        assert item["createdAt"] == (back if anew else NOW).isoformat()
        assert item.keys().isdisjoint({"deletedAt", "expiresAt"})
        [late] = table.apply(2, write, now=back)
        assert late.code == OVERTAKEN
        assert item == unmarshal(table.client.get_item(TableName=NAME, Key=key)["Item"])
