"""The ``control`` table as the template makes it, for tests against moto."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NAME = "control"


def make_control_table(client: "DynamoDBClient") -> str:
    """Create the table with its indexes; returns its name."""
    client.create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "openShard", "AttributeType": "S"},
            {"AttributeName": "openUntil", "AttributeType": "N"},
            {"AttributeName": "duePeriod", "AttributeType": "S"},
            {"AttributeName": "nextRunAt", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "openRuns",
                "KeySchema": [
                    {"AttributeName": "openShard", "KeyType": "HASH"},
                    {"AttributeName": "openUntil", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["enterprise"]},
            },
            {
                "IndexName": "dueGroups",
                "KeySchema": [
                    {"AttributeName": "duePeriod", "KeyType": "HASH"},
                    {"AttributeName": "nextRunAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )
    return NAME
