"""Customers in the ``control`` table, beside the groups of their enterprise."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamo_items import Item, enterprise_page, marshal, unmarshal
from shared.domain.group import Customer
from shared.domain.ids import CustomerId, EnterpriseId
from shared.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoCustomers:
    """``Customers`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def create(self, customer: Customer) -> None:
        """Store a new customer."""
        key = {"pk": f"ENT#{customer.enterprise}", "sk": f"CUST#{customer.customer_id}"}
        values = customer.model_dump(mode="json", by_alias=True, exclude={"enterprise", "group_id"})
        try:
            self._client.put_item(
                TableName=self._table,
                Item=marshal(key | values),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConflictError(
                "customer_exists", "There is a customer with this id.", field="customerId"
            ) from error

    def find(
        self, enterprise: EnterpriseId, customer_ids: Sequence[CustomerId]
    ) -> dict[CustomerId, Customer]:
        """Read some customers."""
        keys = [marshal({"pk": f"ENT#{enterprise}", "sk": f"CUST#{c}"}) for c in customer_ids]
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
        items, more = enterprise_page(self._client, self._table, enterprise, "CUST#", limit, after)
        return [_customer(enterprise, item) for item in items], CustomerId(more) if more else None


def _customer(enterprise: EnterpriseId, item: Item) -> Customer:
    values = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    return Customer.model_validate(values | {"enterprise": enterprise})
