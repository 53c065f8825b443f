"""Certificates of deletions in the ``control`` table, by the enterprise whose groups they were."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.control_table.attributes import EXPIRES_AT, CertificateItem
from shared.adapters.control_table.keys import CERTIFICATES, PK, certificate_key, enterprise_page
from shared.adapters.dynamodb.actions import Action, put
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.values import Item, seconds
from shared.domain.errors import NotFoundError
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.deletion_certificate import Certificate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoCertificates:
    """``Certificates`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def get(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> Certificate:
        """Read the certificate of a group's deletion; see ``ports.Certificates.get``."""
        item = get(self._client, self._table, certificate_key(enterprise, group_id))
        found = None if item is None else _certificate(item)
        if found is None or found.kept_until <= now:
            raise NotFoundError(
                "certificate_not_found",
                "There is no certificate of this group. One is made when a deletion has ended, and "
                "kept for 400 days.",
            )
        return found

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None, now: datetime
    ) -> tuple[Sequence[Certificate], GroupId | None]:
        """Page through an enterprise's certificates."""
        items, more = enterprise_page(
            self._client, self._table, enterprise, CERTIFICATES, limit, after
        )
        found = [_certificate(item) for item in items]
        return (
            [each for each in found if each.kept_until > now],
            GroupId(more) if more else None,
        )


def keep_certificate(table: str, certificate: Certificate) -> Action:
    """The action that keeps a certificate, in the transaction that ends the group."""
    item = {
        **certificate_key(certificate.enterprise, certificate.group_id),
        CertificateItem.CERTIFICATE: certificate.model_dump_json(),
        EXPIRES_AT: seconds(certificate.kept_until),
    }
    return put(table, item)


def is_certified(
    client: "DynamoDBClient", table: str, enterprise: EnterpriseId, group_id: GroupId
) -> bool:
    """Whether the enterprise had this group, whose runs and accesses may still be there."""
    return get(client, table, certificate_key(enterprise, group_id), (PK,)) is not None


def _certificate(item: Item) -> Certificate:
    return Certificate.model_validate_json(item[CertificateItem.CERTIFICATE])
