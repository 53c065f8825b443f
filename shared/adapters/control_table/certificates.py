"""Certificates of deletions in the ``control`` table, by the enterprise whose groups they were."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.control_table.keys import enterprise_page
from shared.adapters.dynamodb import Item, marshal, unmarshal
from shared.domain.errors import NotFoundError
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.deletion_certificate import Certificate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX = "GONE#"


class DynamoCertificates:
    """``Certificates`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def get(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Certificate:
        """Read the certificate of a group's deletion; see ``ports.Certificates.get``."""
        key = _key(enterprise, group_id)
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        found = _certificate(unmarshal(answer["Item"])) if "Item" in answer else None
        if found is None or found.kept_until <= now:
            raise NotFoundError(
                "certificate_not_found",
                "There is no certificate of this group: it is made when a deletion has ended, and "
                "kept for 400 days.",
            )
        return found

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None, now: datetime
    ) -> tuple[Sequence[Certificate], GroupId | None]:
        """Page through an enterprise's certificates."""
        items, more = enterprise_page(self._client, self._table, enterprise, PREFIX, limit, after)
        found = [_certificate(item) for item in items]
        return (
            [each for each in found if each.kept_until > now],
            GroupId(more) if more else None,
        )


def keep_certificate(table: str, certificate: Certificate) -> Item:
    """The action that keeps a certificate, in the transaction that ends the group."""
    values = {
        "certificate": certificate.model_dump_json(),
        "expiresAt": int(certificate.kept_until.timestamp()),
    }
    key = _key(certificate.enterprise, certificate.group_id)
    return {"Put": {"TableName": table, "Item": key | marshal(values)}}


def is_certified(
    client: "DynamoDBClient", table: str, enterprise: EnterpriseId, group_id: GroupId
) -> bool:
    """Whether the enterprise had this group, whose runs and accesses may still be there."""
    answer = client.get_item(
        TableName=table,
        Key=_key(enterprise, group_id),
        ConsistentRead=True,
        ProjectionExpression="pk",
    )
    return "Item" in answer


def _key(enterprise: EnterpriseId, group_id: GroupId) -> Item:
    return marshal({"pk": f"ENT#{enterprise}", "sk": f"{PREFIX}{group_id}"})


def _certificate(item: Item) -> Certificate:
    return Certificate.model_validate_json(item["certificate"])
