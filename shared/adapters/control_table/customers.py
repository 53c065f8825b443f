"""Customers in the ``control`` table, beside the groups of their enterprise."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.control_table.keys import enterprise_page
from shared.adapters.dynamodb import Item, marshal, refused, unmarshal
from shared.domain.errors import ConflictError
from shared.domain.group.customer import Customer
from shared.domain.ids import CustomerId, EnterpriseId, SourcedId
from shared.ports.groups import customer_in_group, no_customer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoCustomers:
    """``Customers`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def create(self, customer: Customer) -> None:
        """Store a new customer."""
        key = _key(customer.enterprise, customer.customer_id)
        values = customer.model_dump(mode="json", by_alias=True, exclude={"enterprise", "group_id"})
        try:
            self._client.put_item(
                TableName=self._table,
                Item=key | marshal(values),
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
        keys = [_key(enterprise, customer_id) for customer_id in customer_ids]
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

    def change(
        self,
        enterprise: EnterpriseId,
        customer_id: CustomerId,
        name: str | None,
        org: tuple[SourcedId | None] | None,
    ) -> Customer:
        """Give a customer another name, or another org; see ``ports.Customers.change``."""
        values = {"name": name, "orgSourcedId": org[0] if org else None}
        given = {field: value for field, value in values.items() if value is not None}
        sets = ", ".join(f"#{field} = :{field}" for field in given)
        takes_away = org is not None and org[0] is None
        names = {f"#{field}": field for field in given}
        if takes_away:
            names["#orgSourcedId"] = "orgSourcedId"
        update = f"{f'SET {sets}' if sets else ''}{' REMOVE #orgSourcedId' if takes_away else ''}"
        if not update:
            found = self.find(enterprise, [customer_id])
            if customer_id not in found:
                raise no_customer()
            return found[customer_id]
        values_given: dict[str, Any] = {}
        if given:
            named = {f":{field}": value for field, value in given.items()}
            values_given["ExpressionAttributeValues"] = marshal(named)
        with _refusing():
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(enterprise, customer_id),
                UpdateExpression=update,
                ConditionExpression=_FREE if org is not None else "attribute_exists(pk)",
                ExpressionAttributeNames=names,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **values_given,
            )
        return _customer(enterprise, unmarshal(answer["Attributes"]))

    def delete(self, enterprise: EnterpriseId, customer_id: CustomerId) -> None:
        """Delete a customer; see ``ports.Customers.delete``."""
        with _refusing():
            self._client.delete_item(
                TableName=self._table,
                Key=_key(enterprise, customer_id),
                ConditionExpression=_FREE,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )


_FREE = "attribute_exists(pk) AND attribute_not_exists(groupId)"


@contextmanager
def _refusing() -> Iterator[None]:
    """Say why a write was refused: there is no such customer, or a group has it."""
    try:
        yield
    except ClientError as error:
        if not refused(error):
            raise
        raise (customer_in_group() if "Item" in error.response else no_customer()) from error


def _key(enterprise: EnterpriseId, customer_id: CustomerId) -> Item:
    return marshal({"pk": f"ENT#{enterprise}", "sk": f"CUST#{customer_id}"})


def _customer(enterprise: EnterpriseId, item: Item) -> Customer:
    values = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    return Customer.model_validate(values | {"enterprise": enterprise})
