"""The actions that end a run in the ``control`` table."""

from collections.abc import Iterable
from datetime import datetime

from boto3.dynamodb.conditions import Attr, ConditionBase

from shared.adapters.control_table.attributes import GroupItem, RunItem
from shared.adapters.control_table.keys import run_key
from shared.adapters.control_table.run_item import structure
from shared.adapters.dynamodb.actions import Action, update
from shared.adapters.dynamodb.values import Attributes, seconds
from shared.domain.group.group import EndedRun, GroupConfig
from shared.domain.ids import RunKey
from shared.domain.run.run import Reason, Run, RunState


def end_run(
    table: str,
    key: RunKey,
    state: RunState,
    now: datetime,
    condition: ConditionBase,
    *,
    facts: Attributes,
    config: GroupConfig | None,
    removes: Iterable[str] = (),
) -> Action:
    """The action that ends a run: nobody works on it, and its end is yet to be announced.

    :param facts: what else becomes known of it, as stored.
    :param config: its configuration, which keeps no secrets; None leaves it as it is.
    :param removes: further attributes that go.
    """
    ended = {
        RunItem.STATE: state,
        RunItem.FINISHED_AT: now.isoformat(),
        RunItem.OPEN_UNTIL: seconds(now),
        RunItem.CONFIG: structure(without_secrets(config)) if config else None,
    }
    return update(
        table,
        run_key(key),
        {**ended, **facts},
        removes=(RunItem.OWNER, RunItem.LEASE_UNTIL, RunItem.CURSOR, *removes),
        condition=condition,
    )


def supersede(table: str, run: Run, reason: Reason, now: datetime) -> Action:
    """The action that ends a run because another takes its place; it must be as it was read."""
    return end_run(
        table,
        run.key,
        RunState.SUPERSEDED,
        now,
        Attr(RunItem.STATE).eq(run.state),
        facts={RunItem.REASON: structure(reason)},
        config=run.config,
    )


def last_ended(
    run: Run, state: RunState, reason: Reason | None, now: datetime
) -> dict[GroupItem, str]:
    """What the group remembers of the end of a run; nothing, if it remembers an earlier one.

    An admin looks for how the last sync ended. A run that cannot have changed the roster does not
    hide it.
    """
    if not run.mode.changes_roster:
        return {}
    ended = EndedRun(
        run_id=run.key.run_id,
        mode=run.mode.value,
        state=state.value,
        reason=reason.code if reason else None,
        finished_at=now,
    )
    return {GroupItem.LAST_ENDED: structure(ended)}


def without_secrets(config: GroupConfig) -> GroupConfig:
    """What a closed run keeps of its configuration."""
    return config.model_copy(update={"secrets": {}})
