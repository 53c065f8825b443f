"""What groups' stores promise, tried on the real one (moto) and on its twin in memory."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.adapters.control_table.customers import DynamoCustomers
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.dynamodb.writes import TRIES
from shared.domain.errors import ConflictError, NotFoundError, TryLaterError
from shared.domain.group.choices import (
    Authorization,
    OnboardingType,
    Period,
    SyncFrequency,
    SyncType,
)
from shared.domain.group.connection import ApiConnection
from shared.domain.group.cover import AskedUpload, Cover
from shared.domain.group.customer import Customer, LinkedCustomer
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.secrets import SecretName
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId
from shared.ports.groups import Customers, Groups
from tests.fakes.control_table import NAME, make_control_table
from tests.fakes.groups import InMemoryCustomers, InMemoryGroups
from tests.stores.control_stores import certified

ACME, GLOBEX = EnterpriseId("acme"), EnterpriseId("globex")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

Stores = tuple[Groups, Customers]


@pytest.fixture(params=["dynamo", "memory"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        customers = InMemoryCustomers()
        yield InMemoryGroups(customers), customers
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        table = make_control_table(client)
        yield DynamoGroups(client, table), DynamoCustomers(client, table)


def _group(name: str = "Springfield", enterprise: EnterpriseId = ACME, **changes: Any) -> Group:
    customers = tuple(
        LinkedCustomer(customer_id=CustomerId(customer), org_sourced_id=None)
        for customer in changes.pop("customers", ())
    )
    return Group(
        enterprise=enterprise,
        group_id=GroupId(changes.pop("group_id", f"g-{name.casefold()}")),
        config=GroupConfig(
            name=name,
            onboarding_type=OnboardingType.ONEROSTER_1_1,
            sync_type=SyncType.API,
            client_partner_id=SourcedId("root"),
            connection=ApiConnection(
                url="https://sis.example",
                path="/ims/oneroster/v1p1",
                authorization=Authorization.OAUTH_1,
                consumer_key="key",
                page_size=100,
            ),
            secrets={SecretName.SECRET_KEY: "Y2lwaGVydGV4dA=="},
            customers=customers,
            version=changes.pop("version", 1),
        ),
        email="it@springfield.example",
        client_group_id=changes.pop("client_group_id", name[:3]),
        created_at=NOW,
        updated_at=NOW,
        **changes,
    )


def _customer(name: str, enterprise: EnterpriseId = ACME) -> Customer:
    return Customer(enterprise=enterprise, customer_id=CustomerId(name), name=name, created_at=NOW)


def _holder(customers: Customers, name: str) -> str | None:
    customer_id = CustomerId(name)
    return customers.find(ACME, [customer_id])[customer_id].group_id


def _refusal(action: Any, *arguments: Any) -> tuple[str, str | None]:
    with pytest.raises(ConflictError) as caught:
        action(*arguments)
    return caught.value.code, caught.value.field


def test_a_group_comes_back_as_it_was_stored(stores: Stores) -> None:
    groups, _ = stores
    group = _group(
        sync_frequency=SyncFrequency.AUTO,
        period=Period.WEEKLY,
        time_zone="Europe/Berlin",
        sync_hour=4,
        next_run_at=NOW,
    )
    groups.create(group)
    assert groups.get(ACME, group.group_id) == group


def test_another_enterprise_has_no_such_group(stores: Stores) -> None:
    groups, _ = stores
    group = _group()
    groups.create(group)
    with pytest.raises(NotFoundError):
        groups.get(GLOBEX, group.group_id)
    assert groups.list(GLOBEX, 10, None) == ([], None)
    groups.create(_group(enterprise=GLOBEX, group_id="other"))


def test_names_and_client_group_ids_are_unique_whatever_their_case(stores: Stores) -> None:
    groups, _ = stores
    groups.create(_group("Straße"))
    same_name = _group("STRASSE", group_id="b", client_group_id="x")
    assert _refusal(groups.create, same_name) == ("name_taken", "name")
    same_id = _group("Other", client_group_id="STR")
    assert _refusal(groups.create, same_id) == ("client_group_id_taken", "clientGroupId")
    assert len(groups.list(ACME, 10, None)[0]) == 1


def test_a_name_of_any_letters_fits_into_a_key(stores: Stores) -> None:
    groups, _ = stores
    groups.create(_group("ΐ" * 200, group_id="a", client_group_id="a"))
    refused = _group("ΐ" * 200, group_id="b", client_group_id="b")
    assert _refusal(groups.create, refused) == ("name_taken", "name")


def test_a_customer_is_in_one_group(stores: Stores) -> None:
    groups, customers = stores
    for name in ("c1", "c2", "c3"):
        customers.create(_customer(name))
    groups.create(_group(customers=["c1", "c2"]))
    other = _group("Other", customers=["c3", "c2"])
    assert _refusal(groups.create, other) == ("customer_taken", "customers.1")
    assert _holder(customers, "c3") is None
    assert _holder(customers, "c2") == "g-springfield"


def test_a_customer_that_is_not_there_cannot_be_held(stores: Stores) -> None:
    groups, customers = stores
    customers.create(_customer("c1", GLOBEX))
    assert _refusal(groups.create, _group(customers=["c1"])) == ("customer_taken", "customers.0")
    assert groups.list(ACME, 10, None) == ([], None)


def test_forty_customers_can_be_changed_for_forty_others(stores: Stores) -> None:
    groups, customers = stores
    names = [f"c{number}" for number in range(80)]
    for name in names:
        customers.create(_customer(name))
    old = _group(customers=names[:40])
    groups.create(old)
    new = _group("New", group_id=old.group_id, customers=names[40:], version=2)
    groups.change(old, new)
    assert groups.get(ACME, old.group_id) == new
    assert [_holder(customers, name) for name in (names[0], names[79])] == [None, old.group_id]


def test_a_change_of_what_has_changed_is_refused(stores: Stores) -> None:
    groups, _ = stores
    old = _group()
    groups.create(old)
    new = _group(version=2, description="x")
    groups.change(old, new)
    late = _group(version=2, description="y")
    assert _refusal(groups.change, old, late) == ("version_conflict", None)
    assert groups.get(ACME, old.group_id) == new


def test_a_rename_frees_the_old_names(stores: Stores) -> None:
    groups, _ = stores
    old = _group()
    groups.create(old)
    groups.change(old, _group("New", group_id=old.group_id, version=2))
    groups.create(_group(group_id="again"))


def test_a_deleted_group_leaves_nothing(stores: Stores) -> None:
    groups, customers = stores
    customers.create(_customer("c1"))
    group = _group(customers=["c1"])
    groups.create(group)
    groups.delete(group, certified(group))
    with pytest.raises(NotFoundError):
        groups.get(ACME, group.group_id)
    assert _holder(customers, "c1") is None
    groups.create(group)
    changed = _group(customers=["c1"], version=2)
    groups.change(group, changed)
    assert _refusal(groups.delete, group, certified(group)) == ("version_conflict", None)


def test_pages_go_on_where_they_ended(stores: Stores) -> None:
    groups, customers = stores
    for number in range(5):
        groups.create(_group(f"G{number}", client_group_id=f"G{number}"))
        customers.create(_customer(f"c{number}"))
    first, more = groups.list(ACME, 3, None)
    rest, end = groups.list(ACME, 3, more)
    assert [group.config.name for group in (*first, *rest)] == [f"G{n}" for n in range(5)]
    assert end is None
    some, after = customers.list(ACME, 4, None)
    assert [c.customer_id for c in (*some, *customers.list(ACME, 4, after)[0])] == [
        f"c{n}" for n in range(5)
    ]


def test_a_customer_id_is_given_once(stores: Stores) -> None:
    _, customers = stores
    customers.create(_customer("c1"))
    assert _refusal(customers.create, _customer("c1")) == ("customer_exists", "customerId")
    customers.create(_customer("c1", GLOBEX))
    assert customers.find(ACME, [CustomerId("c1"), CustomerId("c9")]).keys() == {"c1"}


@pytest.mark.parametrize("wanted", ["name", "clientGroupId", "customers.0"])
def test_of_many_at_once_one_wins(wanted: str) -> None:
    with mock_aws():
        client = boto3.client("dynamodb")
        groups = DynamoGroups(client, make_control_table(client))
        DynamoCustomers(client, NAME).create(_customer("c1"))

        def create(number: int) -> str | None:
            own: dict[str, Any] = {
                "name": f"N{number}",
                "client_group_id": f"I{number}",
                "customers": [],
            }
            shared: dict[str, dict[str, Any]] = {
                "name": {"name": "Same"},
                "clientGroupId": {"client_group_id": "same"},
                "customers.0": {"customers": ["c1"]},
            }
            try:
                groups.create(_group(group_id=f"g{number}", **(own | shared[wanted])))
            except ConflictError as error:
                return error.field
            return "won"

        # Nothing is read before the one write, so the order of writes is all there is to a race.
        # (moto itself is not safe for threads.)
        outcomes = [create(number) for number in range(16)]
        assert sorted(outcomes, key=str) == sorted(["won", *[wanted] * 15], key=str)
        assert len(groups.list(ACME, 50, None)[0]) == 1


class _Contended:
    """A client whose transactions meet others first, as DynamoDB's do and moto's never."""

    def __init__(self, client: Any, times: int) -> None:
        self._client = client
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if self.times > 0:
            self.times -= 1
            reasons = [{"Code": "TransactionConflict"}]
            answer: Any = {
                "Error": {"Code": "TransactionCanceledException", "Message": ""},
                "CancellationReasons": reasons,
            }
            raise ClientError(answer, "TransactWriteItems")
        return self._client.transact_write_items(**request)


def test_transactions_in_the_way_are_met_with_patience() -> None:
    with mock_aws():
        client = boto3.client("dynamodb")
        table = make_control_table(client)
        contended: Any = _Contended(client, TRIES - 1)
        DynamoGroups(contended, table).create(_group())
        same_name = _group(group_id="b", client_group_id="b")
        contended.times = 1
        assert _refusal(DynamoGroups(contended, table).create, same_name)[0] == "name_taken"
        contended.times = TRIES
        with pytest.raises(TryLaterError):
            DynamoGroups(contended, table).create(_group("Other"))


def test_due_groups_stand_in_the_index_and_others_do_not() -> None:
    with mock_aws():
        client = boto3.client("dynamodb")
        groups = DynamoGroups(client, make_control_table(client))
        auto: dict[str, Any] = {
            "sync_frequency": SyncFrequency.AUTO,
            "period": Period.DAILY,
            "next_run_at": NOW,
        }
        due = _group("Due", **auto)
        groups.create(due)
        groups.create(_group("Manual"))

        def in_index() -> list[str]:
            answer = client.scan(TableName=NAME, IndexName="dueGroups")
            return [item["sk"]["S"] for item in answer["Items"]]

        assert in_index() == [f"GROUP#{due.group_id}"]
        groups.change(due, _group("Due", version=2))
        assert in_index() == []


def test_of_two_cover_images_at_once_one_is_kept(stores: Stores) -> None:
    groups, _ = stores
    group = _group()
    groups.create(group)
    asked = AskedUpload(key="covers/g/1", until=NOW)
    kept = groups.set_cover(ACME, group.group_id, Cover(), Cover(asked=asked))
    assert kept == groups.get(ACME, group.group_id).cover == Cover(seq=1, asked=asked)
    with pytest.raises(TryLaterError):
        groups.set_cover(ACME, group.group_id, Cover(), Cover(refused=True))
    groups.set_cover(ACME, group.group_id, kept, Cover())
    with pytest.raises(TryLaterError):
        groups.set_cover(GLOBEX, group.group_id, Cover(), Cover())
    # Something of it may lie in the bucket: it does not go at once.
    assert not groups.get(ACME, group.group_id).untouched
    current = groups.get(ACME, group.group_id)
    assert _refusal(groups.delete, current, certified(current)) == ("version_conflict", None)
