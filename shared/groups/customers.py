"""Creates, reads and changes customers."""

from datetime import datetime
from typing import Any

from shared.domain.errors import customer_not_found
from shared.domain.group.customer import Customer
from shared.domain.group.customer_request import CustomerChangeInput, CustomerInput
from shared.domain.ids import CustomerId, EnterpriseId, SourcedId
from shared.domain.read_fields import read_fields
from shared.ports.groups import Customers


def create_customer(
    enterprise: EnterpriseId,
    body: dict[str, Any],
    customers: Customers,
    new_id: str,
    now: datetime,
) -> Customer:
    """Create a customer from a request's body; it gets ``new_id`` unless the body names one.

    :raises InvalidFieldsError: something in the body is wrong.
    :raises ConflictError: the id is taken.
    """
    given = read_fields(CustomerInput, body)
    customer = Customer(
        enterprise=enterprise,
        customer_id=CustomerId(given.customer_id or new_id),
        name=given.name,
        org_sourced_id=SourcedId(given.org_sourced_id) if given.org_sourced_id else None,
        created_at=now,
    )
    customers.create(customer)
    return customer


def read_customer(
    enterprise: EnterpriseId, customer_id: CustomerId, customers: Customers
) -> Customer:
    """Read one customer.

    :raises NotFoundError: no such customer in this enterprise.
    """
    found = customers.find(enterprise, [customer_id]).get(customer_id)
    if found is None:
        raise customer_not_found()
    return found


def change_customer(
    enterprise: EnterpriseId, customer_id: CustomerId, body: dict[str, Any], customers: Customers
) -> Customer:
    """Change a customer as a request's body says.

    :raises InvalidFieldsError: something in the body is wrong.
    :raises NotFoundError: no such customer in this enterprise.
    :raises ConflictError: its org would change while it is in a group.
    """
    given = read_fields(CustomerChangeInput, body)
    org = None
    if "org_sourced_id" in given.model_fields_set:
        org = (SourcedId(given.org_sourced_id) if given.org_sourced_id else None,)
    return customers.change(enterprise, customer_id, given.name, org)
