"""The steps of a run's life as conditional writes to the ``control`` table.

``domain/run/life`` says what must be so for a step and what is so after it, by the fields of the
models. Here its words become conditions and changes of attributes, which bear the same names. Times
that conditions compare are whole seconds since the epoch.
"""

from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from pydantic import BaseModel

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.keys import IS_NEW, IS_THERE, group_key, run_key
from shared.adapters.control_table.run_item import STRUCTURES, open_shard, structure, to_item
from shared.adapters.dynamodb.actions import Action, put, update
from shared.adapters.dynamodb.expressions import Appended, IfUnset, Plus
from shared.adapters.dynamodb.values import Attributes, Item, seconds
from shared.adapters.dynamodb.writes import WriteRefusedError, write_item
from shared.domain import timers
from shared.domain.ids import EnterpriseId, GroupId, RunKey
from shared.domain.run.life import transition
from shared.domain.run.life.opening import Opening
from shared.domain.run.life.transition import Allowed, Changes, GroupStep, Transition
from shared.domain.run.run import RunState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def take_step(client: "DynamoDBClient", table: str, key: RunKey, step: Transition) -> Item | None:
    """Take a step that changes nothing of the group, in one write.

    Gives the run's item as it is then; None if the step could not be taken.
    """
    try:
        return write_item(client, run_action(table, key, step), read_back=True)
    except WriteRefusedError:
        return None


def step_actions(table: str, key: RunKey, step: Transition) -> list[Action]:
    """The writes of a step that changes the run and its group: all or nothing."""
    assert step.group is not None
    group = group_action(table, key.enterprise, key.group_id, step.group)
    return [run_action(table, key, step), group]


def opening_actions(table: str, opening: Opening) -> list[Action]:
    """The writes by which a run begins: all or nothing."""
    run = opening.run
    item = {
        **run_key(run.key),
        **to_item(run),
        RunItem.OPEN_SHARD: open_shard(run.group_id),
        RunItem.OPEN_UNTIL: seconds(opening.look_at),
    }
    return [
        group_action(table, run.enterprise, run.group_id, opening.group),
        put(table, item, IS_NEW),
        *(run_action(table, key, step) for key, step in opening.ends),
    ]


def run_action(
    table: str,
    key: RunKey,
    step: Transition,
    *,
    sets: Attributes | None = None,
    removes: Iterable[RunItem] = (),
) -> Action:
    """The write that changes the run; ``sets`` and ``removes`` are attributes of the store."""
    values, gone = _changes(step.changes, RunItem, _run_value)
    if step.changes.get("announced"):
        gone += [RunItem.OPEN_SHARD, RunItem.OPEN_UNTIL]
    if step.look_at is not None:
        values[RunItem.OPEN_UNTIL] = seconds(step.look_at)
    return update(
        table,
        run_key(key),
        {**values, **(sets or {})},
        removes=[*gone, *removes],
        condition=_run_condition(key, step),
    )


def group_action(
    table: str, enterprise: EnterpriseId, group_id: GroupId, step: GroupStep
) -> Action:
    """The write that changes the group."""
    values, gone = _changes(step.changes, GroupItem, _group_value)
    if GroupItem.NEXT_RUN_AT in gone:
        gone.append(GroupItem.DUE_PERIOD)  # the two are the key of the index of due groups
    return update(
        table,
        group_key(enterprise, group_id),
        values,
        removes=gone,
        condition=group_condition(step),
    )


def group_condition(step: GroupStep) -> ConditionBase:
    """The group is still what it was seen to be."""
    condition: ConditionBase = IS_THERE
    for name, value in step.seen.items():
        condition &= _group_seen(name, value)
    return condition


# Conditions


def _run_condition(key: RunKey, step: Transition) -> ConditionBase:
    condition = Attr(RunItem.ENTERPRISE).eq(key.enterprise) & in_states(step.states)
    for name, value in step.seen.items():
        attribute = Attr(_named(RunItem, name))
        condition &= attribute.eq(value) if value is not False else attribute.not_exists()
    if step.allowed is Allowed.OWNER:
        condition &= Attr(RunItem.OWNER).eq(step.owner)
    if step.at is None:
        return condition
    if step.allowed is Allowed.IF_FREE:
        owner, lease = Attr(RunItem.OWNER), Attr(RunItem.LEASE_UNTIL)
        free: ConditionBase = owner.not_exists() | lease.lt(seconds(step.at))
        condition &= free if step.owner is None else free | owner.eq(step.owner)
    if step.in_time:
        oldest = step.at - timers.RUN_DEADLINE
        condition &= Attr(RunItem.CREATED_AT).gt(oldest.isoformat())
    if step.overdue:
        condition &= Attr(RunItem.OPEN_UNTIL).lt(seconds(step.at))
    return condition


def in_states(states: frozenset[RunState]) -> ConditionBase:
    """The run is in one of these states.

    ``Unknown`` stands for the words of a newer version: the stored state is none that is known.
    """
    state = Attr(RunItem.STATE)
    if RunState.UNKNOWN in states:
        return ~state.is_in(sorted(frozenset(RunState) - states | {RunState.UNKNOWN}))
    # A run always has a state: of no states none fits.
    return state.is_in(sorted(states)) if states else state.not_exists()


def _group_seen(name: str, value: Any) -> ConditionBase:
    if name in _SINCE:
        since = Attr(_SINCE[name])
        return since.exists() if value else since.not_exists()
    attribute = Attr(_named(GroupItem, name))
    if value is None:
        return attribute.not_exists()
    if value == ():
        return attribute.not_exists() | attribute.eq([])
    return attribute.eq(_group_value(GroupItem(attribute.name), value))


_SINCE = {"deleting": GroupItem.DELETING_SINCE, "marked": GroupItem.MARKED_AT}
"""What is true of a group as long as it has this attribute."""


# Changes


def _changes(
    changes: Changes, names: type[StrEnum], stored: Callable[[Any, Any], Any]
) -> tuple[dict[Any, Any], list[Any]]:
    """What changes as attributes: those that get a value, and those that go."""
    values: dict[Any, Any] = {}
    gone: list[Any] = []
    for field, change in changes.items():
        if field == "announced":
            continue  # it has no attribute: an announced run has left the index
        name = _named(names, field)
        match change:
            case transition.IfNone(value):
                values[name] = IfUnset(stored(name, value))
            case transition.Plus(number):
                values[name] = Plus(number)
            case transition.Appended(more):
                values[name] = Appended(list(more))
            case _ if change is None or (value := stored(name, change)) is None:
                gone.append(name)
            case _:
                values[name] = value
    return values, gone


def _named(names: type[StrEnum], field: str) -> Any:
    """The attribute of a field: both bear the same name."""
    return names[field.upper()]


def _run_value(name: RunItem, value: Any) -> Any:
    if name in STRUCTURES:
        return structure(value)
    if name in (RunItem.LEASE_UNTIL, RunItem.SENT_AT):
        return seconds(value)
    if name is RunItem.SUPERSEDES:
        return list(value) or None
    return _plain(value)


def _group_value(name: GroupItem, value: Any) -> Any:
    if name is GroupItem.NEXT_RUN_AT:
        return seconds(value)
    return structure(value) if isinstance(value, BaseModel) else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # or a datetime
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
