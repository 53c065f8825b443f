"""The ``control`` table as the template makes it, for tests against moto."""

from typing import TYPE_CHECKING

from tests.fakes.tables import make_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NAME = "control"


def make_control_table(client: "DynamoDBClient") -> str:
    """Create the table with its indexes; returns its name."""
    return make_table(client, "ControlTable", NAME)
