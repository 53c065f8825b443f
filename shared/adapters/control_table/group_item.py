"""A group as an item of the ``control`` table."""

import json
from datetime import UTC, datetime

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from shared.adapters.control_table.attributes import GroupItem
from shared.adapters.dynamodb.values import Item, seconds
from shared.domain.group.cover import Cover
from shared.domain.group.group import EndedRun, Group, GroupConfig
from shared.domain.group.hold import Hold
from shared.domain.group.settings import GroupSettings
from shared.domain.ids import EnterpriseId
from shared.domain.run.life.opening import GroupRuns
from shared.domain.run.newer_version import known_settings, known_word
from shared.domain.run.run import Mode, RunState

_FIELDS = (
    *(to_camel(name) for name in GroupSettings.model_fields),
    GroupItem.ANCHOR,
    GroupItem.WEBHOOK,
    GroupItem.CREATED_AT,
    GroupItem.UPDATED_AT,
)
"""The fields of a group that are stored under their names in the API."""

STORED = (GroupItem.CONFIG, *_FIELDS, GroupItem.DUE_PERIOD, GroupItem.NEXT_RUN_AT)
"""What of an item is the group's own: its settings, and when it is due."""


def to_item(group: Group) -> Item:
    """Lay a group out as item values, without its key and what runs have made of it."""
    fields = group.model_dump(mode="json", by_alias=True)
    values: Item = {str(name): fields[name] for name in _FIELDS}
    values[GroupItem.CONFIG] = json.loads(group.config.model_dump_json(by_alias=False))
    values[GroupItem.VERSION] = group.config.version
    values[GroupItem.GROUP_ID] = group.group_id
    if group.period is not None and group.next_run_at is not None:
        values[GroupItem.DUE_PERIOD] = group.period.value
        values[GroupItem.NEXT_RUN_AT] = seconds(group.next_run_at)
    return {name: value for name, value in values.items() if value is not None}


class _Base(BaseModel):
    """What is read of the base, whatever else a newer version has stored in it."""

    kept: Hold | None = None


def from_item(enterprise: EnterpriseId, item: Item) -> Group:
    """Read a group back from its item."""
    values = {str(name): item[name] for name in (GroupItem.CONFIG, *_FIELDS) if name in item}
    values[GroupItem.CONFIG] = known_settings(values[GroupItem.CONFIG])
    due, cover = item.get(GroupItem.NEXT_RUN_AT), item.get(GroupItem.COVER)
    ended = item.get(GroupItem.LAST_ENDED)
    holds = (
        item.keys() & {GroupItem.BASE, GroupItem.ACTIVE_RUN}
        or item.get(GroupItem.DIRTY)
        or item.get(GroupItem.WAITING)
    )
    return Group.model_validate(
        values
        | {
            "enterprise": enterprise,
            "groupId": item[GroupItem.GROUP_ID],
            "nextRunAt": datetime.fromtimestamp(int(due), UTC) if due is not None else None,
            "activeRun": item.get(GroupItem.ACTIVE_RUN),
            "cover": Cover() if cover is None else Cover.model_validate_json(cover),
            "hold": hold_of(item),
            "kept": kept_of(item),
            "markedAt": item.get(GroupItem.MARKED_AT),
            "lastEnded": None if ended is None else _last_ended(ended),
            "empty": not holds,
            "untouched": not item[GroupItem.RUN_SEQ] and cover is None,
            "deletingSince": item.get(GroupItem.DELETING_SINCE),
        }
    )


def _last_ended(stored: str) -> EndedRun:
    """The run that ended last, perhaps one of a newer version."""
    ended = EndedRun.model_validate_json(stored)
    mode, state = known_word(Mode, ended.mode), known_word(RunState, ended.state)
    return ended.model_copy(update={"mode": mode.value, "state": state.value})


def config_of(group: Item) -> GroupConfig:
    """The configuration that a group has at this moment, with what was learned of its source."""
    config = GroupConfig.model_validate(known_settings(group[GroupItem.CONFIG]))
    learned = group.get(GroupItem.LEARNED)
    return config.model_copy(update={"learned": learned}) if learned else config


def hold_of(group: Item) -> Hold | None:
    """What of a group waits for a person."""
    stored = group.get(GroupItem.HOLD)
    return None if stored is None else Hold.model_validate_json(stored)


def kept_of(group: Item) -> Hold | None:
    """What of a group a person has rejected; it stands in the roster's snapshot."""
    stored = group.get(GroupItem.BASE)
    return None if stored is None else _Base.model_validate_json(stored).kept


def group_runs_of(group: Item) -> GroupRuns:
    """Where a group stands with its runs."""
    active, deletion, due = (
        group.get(name)
        for name in (GroupItem.ACTIVE_RUN, GroupItem.DELETION_RUN, GroupItem.NEXT_RUN_AT)
    )
    return GroupRuns(
        config=config_of(group),
        run_seq=int(group[GroupItem.RUN_SEQ]),
        active_run=None if active is None else int(active),
        waiting=tuple(int(seq) for seq in group.get(GroupItem.WAITING, ())),
        hold=hold_of(group),
        kept=kept_of(group),
        next_run_at=None if due is None else datetime.fromtimestamp(int(due), UTC),
        marked=GroupItem.MARKED_AT in group,
        deleting=GroupItem.DELETING_SINCE in group,
        deletion_run=None if deletion is None else int(deletion),
    )
