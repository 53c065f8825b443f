"""Has the next sync of every group read the roster's table: `python -m tools.forget_stamps`.

    python -m tools.forget_stamps CONTROL_TABLE ROSTER_TABLE

For after a restore of the roster's table (docs/backup-and-restore.md). A moment at which a run was
being written cannot be told from its end by the stamps of the two tables; without a stamp the table
is read record by record, whatever it says. It is harmless at any time, and costs each group what a
first load costs.
"""

import argparse
from typing import TYPE_CHECKING

import boto3

from local.entry import run_command
from shared.adapters.dynamodb import marshal, unmarshal
from shared.adapters.roster_table.keys import stamp_key
from shared.domain.ids import GroupId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def forget_stamps(dynamodb: "DynamoDBClient", control: str, roster: str) -> int:
    """Delete the stamp of each group that has one from the roster's table; returns how many."""
    forgotten = 0
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=control,
        FilterExpression="attribute_exists(stamp)",
        ProjectionExpression="sk",
        ConsistentRead=True,
    )
    for page in pages:
        for item in map(unmarshal, page["Items"]):
            group_id = GroupId(item["sk"].removeprefix("GROUP#"))
            dynamodb.delete_item(TableName=roster, Key=marshal(stamp_key(group_id)))
            forgotten += 1
    return forgotten


def main() -> int:
    """Do it to the tables that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("control", help="the stack's output ControlTableName")
    parser.add_argument("roster", help="the stack's output RosterTableName")
    given = parser.parse_args()
    forgotten = forget_stamps(boto3.client("dynamodb"), given.control, given.roster)
    print(f"The next sync of {forgotten:,} groups reads the roster's table record by record.")
    return 0


if __name__ == "__main__":
    run_command(main)
