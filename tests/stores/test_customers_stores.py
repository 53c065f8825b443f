"""What stores of customers promise, tried on the real one (moto) and on its twin in memory."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from shared.adapters.control_table.customers import DynamoCustomers
from shared.adapters.control_table.groups import DynamoGroups
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.group.customer import Customer, LinkedCustomer
from shared.domain.group.group import Group
from shared.domain.ids import CustomerId, EnterpriseId, SourcedId
from shared.ports.groups import Customers, Groups
from tests.fakes.control_table import make_control_table
from tests.fakes.groups import InMemoryCustomers, InMemoryGroups
from tests.fakes.simulation import ENTERPRISE, GROUP
from tests.stores.control_stores import KINDS, NOW, certified, group_of

GLOBEX = EnterpriseId("globex")
ONE = CustomerId("one")
Stores = tuple[Groups, Customers]


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        customers = InMemoryCustomers()
        yield InMemoryGroups(customers), customers
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        table = make_control_table(client)
        yield DynamoGroups(client, table), DynamoCustomers(client, table)


def _create(customers: Customers, enterprise: EnterpriseId = ENTERPRISE) -> Customer:
    customer = Customer(
        enterprise=enterprise,
        customer_id=ONE,
        name="North",
        org_sourced_id=SourcedId("org-1"),
        created_at=NOW,
    )
    customers.create(customer)
    return customer


def _take(groups: Groups) -> Group:
    """Put the customer into a group."""
    group = group_of(GROUP, customers=(LinkedCustomer(customer_id=ONE),))
    groups.create(group)
    return group


def test_a_customer_is_renamed_and_keeps_the_rest(stores: Stores) -> None:
    groups, customers = stores
    old, foreign = _create(customers), _create(customers, GLOBEX)
    _take(groups)
    changed = customers.change(ENTERPRISE, ONE, "South", None)
    assert changed == old.model_copy(update={"name": "South", "group_id": GROUP})
    assert customers.find(ENTERPRISE, [ONE]) == {ONE: changed}
    assert customers.find(GLOBEX, [ONE]) == {ONE: foreign}
    assert customers.change(ENTERPRISE, ONE, None, None) == changed


def test_its_org_changes_while_no_group_has_it(stores: Stores) -> None:
    groups, customers = stores
    old = _create(customers)
    changed = customers.change(ENTERPRISE, ONE, "South", (SourcedId("org-2"),))
    assert (changed.name, changed.org_sourced_id) == ("South", "org-2")
    without = customers.change(ENTERPRISE, ONE, None, (None,))
    assert without == old.model_copy(update={"name": "South", "org_sourced_id": None})
    _take(groups)
    with pytest.raises(ConflictError) as raised:
        customers.change(ENTERPRISE, ONE, "West", (SourcedId("org-3"),))
    assert raised.value.code == "customer_in_group"
    assert customers.find(ENTERPRISE, [ONE])[ONE].name == "South"


def test_a_customer_is_removed_once_no_group_has_it(stores: Stores) -> None:
    groups, customers = stores
    _create(customers)
    _create(customers, GLOBEX)
    group = _take(groups)
    with pytest.raises(ConflictError) as raised:
        customers.delete(ENTERPRISE, ONE)
    assert raised.value.code == "customer_in_group"
    groups.delete(group, certified(group))
    customers.delete(ENTERPRISE, ONE)
    assert customers.find(ENTERPRISE, [ONE]) == {}
    assert customers.find(GLOBEX, [ONE])
    with pytest.raises(NotFoundError):
        customers.delete(ENTERPRISE, ONE)
    with pytest.raises(NotFoundError):
        customers.change(ENTERPRISE, ONE, "South", None)
    # A customer that is gone is in no group any more, and none can take it.
    with pytest.raises(ConflictError):
        _take(groups)
