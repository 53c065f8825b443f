"""The identity providers that the operator trusts, in the ``control`` table.

Only the operator writes them (``tools/trust_provider.py``); no function may.
"""

from typing import TYPE_CHECKING

from shared.adapters.dynamodb import marshal, unmarshal
from shared.domain.sign_in import TrustedProvider

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


class DynamoProviders:
    """Trusted identity providers over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def find(self, name: str) -> TrustedProvider | None:
        """Read the provider of this name; None if nobody trusts it."""
        answer = self._client.get_item(TableName=self._table, Key=_key(name), ConsistentRead=True)
        item = answer.get("Item")
        return None if item is None else TrustedProvider.model_validate(unmarshal(item))

    def trust(self, provider: TrustedProvider) -> None:
        """Trust a provider from now on, or in another way than before."""
        item = _key(provider.name) | marshal(provider.model_dump(mode="json"))
        self._client.put_item(TableName=self._table, Item=item)

    def distrust(self, name: str) -> None:
        """Trust a provider no more: its people get no token of an enterprise from now on."""
        self._client.delete_item(TableName=self._table, Key=_key(name))


def _key(name: str) -> dict[str, "AttributeValueTypeDef"]:
    return marshal({"pk": f"IDP#{name}", "sk": f"IDP#{name}"})
