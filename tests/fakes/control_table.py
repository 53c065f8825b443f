"""The ``control`` table as the template makes it, for tests against moto."""

from typing import TYPE_CHECKING

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.keys import DUE_GROUPS, OPEN_RUNS, PK, SK

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NAME = "control"


def make_control_table(client: "DynamoDBClient") -> str:
    """Create the table with its indexes; returns its name."""
    client.create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": PK, "AttributeType": "S"},
            {"AttributeName": SK, "AttributeType": "S"},
            {"AttributeName": RunItem.OPEN_SHARD, "AttributeType": "S"},
            {"AttributeName": RunItem.OPEN_UNTIL, "AttributeType": "N"},
            {"AttributeName": GroupItem.DUE_PERIOD, "AttributeType": "S"},
            {"AttributeName": GroupItem.NEXT_RUN_AT, "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": PK, "KeyType": "HASH"},
            {"AttributeName": SK, "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": OPEN_RUNS,
                "KeySchema": [
                    {"AttributeName": RunItem.OPEN_SHARD, "KeyType": "HASH"},
                    {"AttributeName": RunItem.OPEN_UNTIL, "KeyType": "RANGE"},
                ],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": [RunItem.ENTERPRISE],
                },
            },
            {
                "IndexName": DUE_GROUPS,
                "KeySchema": [
                    {"AttributeName": GroupItem.DUE_PERIOD, "KeyType": "HASH"},
                    {"AttributeName": GroupItem.NEXT_RUN_AT, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )
    return NAME
