"""The identity providers that the operator trusts, in the ``control`` table.

Only the operator writes them (``tools/trust_provider.py``); no function may.
"""

from typing import TYPE_CHECKING

from shared.adapters.control_table.keys import provider_key
from shared.adapters.dynamodb.actions import delete, put
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.writes import write_item
from shared.domain.sign_in import TrustedProvider

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoProviders:
    """Trusted identity providers over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def find(self, name: str) -> TrustedProvider | None:
        """Read the provider of this name; None if nobody trusts it."""
        item = get(self._client, self._table, provider_key(name))
        return None if item is None else TrustedProvider.model_validate(item)

    def trust(self, provider: TrustedProvider) -> None:
        """Trust a provider from now on, or in another way than before."""
        item = provider_key(provider.name) | provider.model_dump(mode="json")
        write_item(self._client, put(self._table, item))

    def distrust(self, name: str) -> None:
        """Stop trusting a provider: its people get no token of an enterprise from now on."""
        write_item(self._client, delete(self._table, provider_key(name)))
