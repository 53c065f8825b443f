"""Customers in the ``control`` table, beside the groups of their enterprise."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from shared.adapters.control_table.attributes import CustomerItem
from shared.adapters.control_table.keys import (
    CUSTOMERS,
    IS_NEW,
    IS_THERE,
    customer_key,
    enterprise_page,
)
from shared.adapters.dynamodb.actions import delete, put, update
from shared.adapters.dynamodb.values import Item, marshal, unmarshal
from shared.adapters.dynamodb.writes import WriteRefusedError, try_write, write_item
from shared.domain.errors import ConflictError, customer_in_group, customer_not_found
from shared.domain.group.customer import Customer
from shared.domain.ids import CustomerId, EnterpriseId, SourcedId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoCustomers:
    """``Customers`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def create(self, customer: Customer) -> None:
        """Store a new customer."""
        values = customer.model_dump(mode="json", by_alias=True)
        item = customer_key(customer.enterprise, customer.customer_id)
        item |= {name: values[name] for name in CustomerItem if name is not CustomerItem.GROUP_ID}
        if not try_write(self._client, put(self._table, item, IS_NEW)):
            raise ConflictError(
                "customer_exists", "There is a customer with this id.", field="customerId"
            )

    def find(
        self, enterprise: EnterpriseId, customer_ids: Sequence[CustomerId]
    ) -> dict[CustomerId, Customer]:
        """Read some customers."""
        keys = [marshal(customer_key(enterprise, customer_id)) for customer_id in customer_ids]
        found: dict[CustomerId, Customer] = {}
        request: dict[str, Any] = {self._table: {"Keys": keys, "ConsistentRead": True}}
        while request:
            answer = self._client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                customer = _customer(enterprise, unmarshal(item))
                found[customer.customer_id] = customer
            request = dict(answer.get("UnprocessedKeys") or {})
        return found

    def list(
        self, enterprise: EnterpriseId, limit: int, after: CustomerId | None
    ) -> tuple[Sequence[Customer], CustomerId | None]:
        """Page through an enterprise's customers."""
        items, more = enterprise_page(
            self._client, self._table, enterprise, CUSTOMERS, limit, after
        )
        return [_customer(enterprise, item) for item in items], CustomerId(more) if more else None

    def change(
        self,
        enterprise: EnterpriseId,
        customer_id: CustomerId,
        name: str | None,
        org: tuple[SourcedId | None] | None,
    ) -> Customer:
        """Give a customer another name, or another org; see ``ports.Customers.change``."""
        if name is None and org is None:
            found = self.find(enterprise, [customer_id])
            if customer_id not in found:
                raise customer_not_found()
            return found[customer_id]
        takes_away = org is not None and org[0] is None
        change = update(
            self._table,
            customer_key(enterprise, customer_id),
            {CustomerItem.NAME: name, CustomerItem.ORG_SOURCED_ID: org[0] if org else None},
            removes=(CustomerItem.ORG_SOURCED_ID,) if takes_away else (),
            condition=_FREE if org is not None else IS_THERE,
            tell_old=True,
        )
        with _refusing():
            return _customer(enterprise, write_item(self._client, change, read_back=True))

    def delete(self, enterprise: EnterpriseId, customer_id: CustomerId) -> None:
        """Delete a customer; see ``ports.Customers.delete``."""
        key = customer_key(enterprise, customer_id)
        with _refusing():
            write_item(self._client, delete(self._table, key, _FREE, tell_old=True))


_FREE = IS_THERE & Attr(CustomerItem.GROUP_ID).not_exists()


@contextmanager
def _refusing() -> Iterator[None]:
    """Say why a write was refused: there is no such customer, or a group has it."""
    try:
        yield
    except WriteRefusedError as error:
        raise (customer_in_group() if error.old else customer_not_found()) from error


def _customer(enterprise: EnterpriseId, item: Item) -> Customer:
    values = {str(name): item[name] for name in CustomerItem if name in item}
    return Customer.model_validate(values | {"enterprise": enterprise})
