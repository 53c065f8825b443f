"""The stamp of a group in the ``roster`` table: by which plan its records were last written."""

import json
from datetime import datetime

from boto3.dynamodb.conditions import Attr, ConditionBase

from shared.adapters.dynamodb.actions import Action, update
from shared.adapters.dynamodb.values import as_json
from shared.adapters.roster_table.attributes import StampItem
from shared.adapters.roster_table.keys import IS_NEW, stamp_key
from shared.domain.ids import GroupId
from shared.domain.roster.stamp import Stamp


def put_stamp(
    table: str, group_id: GroupId, stamp: Stamp, seen: Stamp | None, now: datetime
) -> Action:
    """The action by which the table takes a stamp, if its own is still the one ``seen``."""
    as_seen: ConditionBase = IS_NEW
    if seen is not None:
        # By what no two have alike: a newer version may have stored more in it.
        as_seen = Attr(StampItem.STAMP).contains(f'"attempt":{json.dumps(seen.attempt)}')
    return update(
        table,
        stamp_key(group_id),
        {
            StampItem.STAMP: as_json(stamp.model_dump(mode="json")),
            StampItem.UPDATED_AT: now.isoformat(),
        },
        condition=as_seen,
    )
