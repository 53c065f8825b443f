"""Makes a table of the template in moto, with the keys and indexes that the template declares."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
PARTS = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


@functools.cache
def _resources() -> dict[str, Any]:
    resources: dict[str, Any] = yaml_parse(TEMPLATE.read_text())["Resources"]
    return resources


def make_table(client: "DynamoDBClient", logical_id: str, name: str) -> str:
    """Create the table that the template calls ``logical_id``; returns its name."""
    declared = _resources()[logical_id]["Properties"]
    client.create_table(TableName=name, **{part: declared[part] for part in PARTS})
    return name
