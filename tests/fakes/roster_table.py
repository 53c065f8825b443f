"""The ``roster`` table as the template makes it, for tests against moto."""

from typing import TYPE_CHECKING

from shared.adapters.roster_table.attributes import RecordItem
from shared.adapters.roster_table.keys import BY_USER, PK, SK

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NAME = "roster"


def make_roster_table(client: "DynamoDBClient") -> str:
    """Create the table with its index; returns its name."""
    client.create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": PK, "AttributeType": "S"},
            {"AttributeName": SK, "AttributeType": "S"},
            {"AttributeName": RecordItem.USER_KEY, "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": PK, "KeyType": "HASH"},
            {"AttributeName": SK, "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": BY_USER,
                "KeySchema": [
                    {"AttributeName": RecordItem.USER_KEY, "KeyType": "HASH"},
                    {"AttributeName": SK, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return NAME
