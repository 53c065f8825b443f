"""One way to write to DynamoDB: what an update does, and how its refusal is told apart."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.adapters.control_table.keys import IS_NEW, IS_THERE, PK, SK
from shared.adapters.dynamodb.actions import Action, check, delete, put, update
from shared.adapters.dynamodb.expressions import Appended, IfUnset, Plus
from shared.adapters.dynamodb.reads import Query, get
from shared.adapters.dynamodb.writes import (
    TRIES,
    WriteRefusedError,
    transact,
    try_write,
    write_item,
)
from shared.domain.errors import TryLaterError
from tests.fakes.control_table import NAME, make_control_table

KEY = {PK: "p", SK: "s"}


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        made = boto3.client("dynamodb")
        make_control_table(made)
        yield made


def _stored(client: Any, **values: Any) -> None:
    write_item(client, put(NAME, {**KEY, **values}))


def _found(client: Any) -> dict[str, Any]:
    item = get(client, NAME, KEY) or {}
    return {name: value for name, value in item.items() if name not in KEY}


def test_an_update_sets_counts_appends_and_removes(client: Any) -> None:
    _stored(client, number=1, list=["a"], set={1, 2}, map={"in": 1, "out": 2}, gone="x", kept="y")
    write_item(
        client,
        update(
            NAME,
            KEY,
            {
                "number": Plus(2),
                "list": Appended(["b"]),
                "begun": Appended(["c"]),
                "kept": IfUnset("z"),
                "first": IfUnset("z"),
                "map.in": 3,
                "untouched": None,
            },
            removes=["gone", "map.out"],
            takes_out={"set": {2}},
        ),
    )
    assert _found(client) == {
        "number": 3,
        "list": ["a", "b"],
        "begun": ["c"],
        "set": {1},
        "map": {"in": 3},
        "kept": "y",
        "first": "z",
    }


def test_names_that_dynamodb_reserves_are_names_like_others(client: Any) -> None:
    _stored(client, state="a", owner="b")
    condition = Attr("state").eq("a") & Attr("owner").eq("b")
    write_item(client, update(NAME, KEY, {"state": "c"}, removes=["owner"], condition=condition))
    assert _found(client) == {"state": "c"}
    assert get(client, NAME, KEY, ["state"]) == {"state": "c"}


@pytest.mark.parametrize("tell_old", [True, False])
def test_a_refused_write_tells_the_item_if_it_was_asked_to(client: Any, tell_old: bool) -> None:
    _stored(client, number=1)
    action = update(NAME, KEY, {"number": 2}, condition=Attr("number").gt(1), tell_old=tell_old)
    with pytest.raises(WriteRefusedError) as refused:
        write_item(client, action)
    assert refused.value.old.get("number") == (1 if tell_old else None)
    assert not try_write(client, action)
    assert try_write(client, delete(NAME, KEY, Attr("number").eq(1)))
    assert not try_write(client, delete(NAME, KEY, IS_THERE))


def test_an_update_can_give_the_item_back(client: Any) -> None:
    _stored(client, number=1)
    assert write_item(client, update(NAME, KEY, {"number": Plus(1)}), read_back=True) == {
        **KEY,
        "number": 2,
    }
    assert write_item(client, update(NAME, KEY, {"number": Plus(1)})) == {}


def test_another_fault_is_no_refusal(client: Any) -> None:
    action = put("no such table", KEY)
    for write in (write_item, try_write):
        with pytest.raises(ClientError):
            write(client, action)
    with pytest.raises(ClientError):
        transact(client, [action])


def test_a_transaction_tells_which_of_its_actions_were_refused(client: Any) -> None:
    _stored(client, number=1)
    other = {PK: "p", SK: "other"}
    actions: list[Action] = [
        check(NAME, KEY, IS_THERE),
        update(NAME, other, {"number": 1}, condition=IS_NEW),
        put(NAME, {PK: "q", SK: "s"}, IS_NEW),
    ]
    assert transact(client, actions) == {}
    seen = update(NAME, KEY, {"number": 2}, condition=Attr("number").eq(7), tell_old=True)
    actions = [put(NAME, {PK: "r", SK: "s"}), seen, put(NAME, {PK: "q", SK: "s"}, IS_NEW)]
    assert transact(client, actions) == {1: {**KEY, "number": 1}, 2: {}}
    assert get(client, NAME, {PK: "r", SK: "s"}) is None


class _Faulty:
    """A client whose transactions fail for these reasons, one after the other."""

    def __init__(self, *reasons: str) -> None:
        self.left = list(reasons)

    def transact_write_items(self, **_: Any) -> None:
        if not self.left:
            return
        cancelled: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": [{"Code": "None"}, {"Code": self.left.pop(0)}],
        }
        raise ClientError(cancelled, "TransactWriteItems")


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_others_in_the_way_of_a_transaction_are_waited_for_briefly(reason: str) -> None:
    faulty: Any = _Faulty(*[reason] * (TRIES - 1))
    assert transact(faulty, []) == {}
    faulty = _Faulty(*[reason] * TRIES)
    with pytest.raises(TryLaterError):
        transact(faulty, [])


def test_a_transaction_that_can_never_be_is_not_repeated() -> None:
    faulty: Any = _Faulty("ValidationError", "None")
    with pytest.raises(ClientError):
        transact(faulty, [])
    assert len(faulty.left) == 1


def test_a_query_goes_on_where_it_was_left(client: Any) -> None:
    for place in "abc":
        write_item(client, put(NAME, {PK: "p", SK: place, "even": place == "b"}))
    wanted = Key(PK).eq("p")

    def places(**more: Any) -> list[str]:
        return [
            item[SK]["S"]
            for item in client.query(**Query(NAME, wanted, **more).parameters())["Items"]
        ]

    assert places(limit=2) == ["a", "b"]
    assert places(after={PK: "p", SK: "b"}, consistent=True) == ["c"]
    assert places(newest_first=True, limit=1) == ["c"]
    assert places(where=Attr("even").eq(True), only=[SK]) == ["b"]
