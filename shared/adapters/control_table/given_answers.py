"""Answers in the ``control`` table that are given again when their request is repeated.

Powertools writes and reads them, under attributes of its own.
"""

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

from shared.adapters.control_table.attributes import EXPIRES_AT
from shared.adapters.control_table.keys import PK, SK, given_answers_partition
from shared.domain.ids import EnterpriseId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def given_answers(
    client: "DynamoDBClient", table: str, enterprise: EnterpriseId
) -> DynamoDBPersistenceLayer:
    """The answers that people of this enterprise were given."""
    return DynamoDBPersistenceLayer(
        table_name=table,
        key_attr=PK,
        sort_key_attr=SK,
        static_pk_value=given_answers_partition(enterprise),
        expiry_attr=EXPIRES_AT,
        boto3_client=client,
    )
