"""Makes every group's next sync read the roster table itself: `python -m tools.forget_stamps`.

    python -m tools.forget_stamps CONTROL_TABLE ROSTER_TABLE

Use it after restoring the roster table (docs/backup-and-restore.md). The two tables' stamps cannot
show whether the table was restored to the end of a run or to a moment in its middle. Without a
stamp, the table is read record by record. This is always safe, and costs each group as much as a
first load.
"""

import argparse
from typing import TYPE_CHECKING

import boto3
from boto3.dynamodb.conditions import Attr

from local.entry import run_command
from shared.adapters.control_table.attributes import GroupItem
from shared.adapters.control_table.keys import PK, SK, group_of_key
from shared.adapters.dynamodb.actions import delete
from shared.adapters.dynamodb.reads import scan
from shared.adapters.dynamodb.values import unmarshal
from shared.adapters.dynamodb.writes import write_item
from shared.adapters.roster_table.keys import stamp_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def forget_stamps(dynamodb: "DynamoDBClient", control: str, roster: str) -> int:
    """Delete each group's stamp from the roster table; returns how many groups had one."""
    forgotten = 0
    pages = dynamodb.get_paginator("scan").paginate(
        **scan(control, where=Attr(GroupItem.STAMP).exists(), only=(PK, SK), consistent=True)
    )
    for page in pages:
        for item in map(unmarshal, page["Items"]):
            _, group_id = group_of_key(item)
            write_item(dynamodb, delete(roster, stamp_key(group_id)))
            forgotten += 1
    return forgotten


def main() -> int:
    """Forget the stamps in the tables that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("control", help="the stack's output ControlTableName")
    parser.add_argument("roster", help="the stack's output RosterTableName")
    given = parser.parse_args()
    forgotten = forget_stamps(boto3.client("dynamodb"), given.control, given.roster)
    print(f"The next sync of {forgotten:,} groups reads the roster table record by record.")
    return 0


if __name__ == "__main__":
    run_command(main)
