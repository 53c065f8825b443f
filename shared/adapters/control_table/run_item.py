"""A run as an item of the ``control`` table."""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.adapters.control_table.attributes import EXPIRES_AT, RunItem
from shared.adapters.dynamodb.values import Item, as_json, seconds
from shared.domain.group.choices import OnboardingType, SyncType
from shared.domain.group.group import GroupConfig
from shared.domain.run.newer_version import known_settings, known_word
from shared.domain.run.run import Mode, Run, RunState, Trigger

HISTORY_SECONDS = 400 * 86_400
OPEN_SHARDS = 4

STRUCTURES = (
    RunItem.CONFIG,
    RunItem.CURSOR,
    RunItem.BUNDLE,
    RunItem.PROGRESS,
    RunItem.COUNTS,
    RunItem.NOTICES,
    RunItem.REASON,
    RunItem.PLAN,
    RunItem.DECISION,
    RunItem.SNAPSHOT,
    RunItem.HOLD,
)
"""What is stored as JSON, under the name of the model's field."""


def to_item(run: Run) -> Item:
    """Lay a new run out as item values, without its key and its place in the index of open runs."""
    return {
        RunItem.ENTERPRISE: run.enterprise,
        RunItem.GROUP_ID: run.group_id,
        RunItem.SEQ: run.seq,
        RunItem.MODE: run.mode,
        RunItem.TRIGGER: run.trigger,
        RunItem.REQUESTED_BY: run.requested_by,
        RunItem.STATE: run.state,
        RunItem.LEG: run.leg,
        RunItem.RESENDS: run.resends,
        RunItem.CONFIG: structure(run.config),
        RunItem.BUNDLE: structure(run.bundle) if run.bundle else None,
        RunItem.DECISION: structure(run.decision) if run.decision else None,
        RunItem.CURSOR: as_json(run.cursor) if run.cursor else None,
        RunItem.PROGRESS: as_json(run.progress) if run.progress else None,
        RunItem.MARKED: True if run.marked else None,
        RunItem.RESTORES: run.restores,
        RunItem.REASON: structure(run.reason) if run.reason else None,
        RunItem.CREATED_AT: run.created_at.isoformat(),
        RunItem.FINISHED_AT: run.finished_at.isoformat() if run.finished_at else None,
        EXPIRES_AT: seconds(run.created_at) + HISTORY_SECONDS,
    }


def structure(model: Any) -> str:
    """Write a model, or a mapping or sequence of models, as JSON."""
    if hasattr(model, "model_dump"):
        return as_json(model.model_dump(mode="json"))
    if isinstance(model, dict):
        return as_json({k: json.loads(structure(v)) for k, v in model.items()})
    if isinstance(model, list | tuple):
        return as_json([json.loads(structure(v)) for v in model])
    return as_json(model)


def from_item(item: Item) -> Run:
    """Read a run back from its item.

    What a newer version has added is passed over. Where it has written something in other words, as
    much is read as can be, and the run says that it is ``newer``.
    """
    structures = {str(name): json.loads(item[name]) for name in STRUCTURES if name in item}
    structures[RunItem.CONFIG] = known_settings(structures[RunItem.CONFIG])
    mode, state = known_word(Mode, item[RunItem.MODE]), known_word(RunState, item[RunItem.STATE])
    newer = mode is Mode.UNKNOWN or state is RunState.UNKNOWN
    try:
        return _run(item, mode, state, structures, newer=newer)
    except ValidationError:
        return _run(item, mode, state, _understood(structures), newer=True)


def _run(
    item: Item, mode: Mode, state: RunState, structures: dict[str, Any], *, newer: bool
) -> Run:
    lease, sent, restores = (
        item.get(name) for name in (RunItem.LEASE_UNTIL, RunItem.SENT_AT, RunItem.RESTORES)
    )
    return Run.model_validate(
        {
            "enterprise": item[RunItem.ENTERPRISE],
            "group_id": item[RunItem.GROUP_ID],
            "seq": int(item[RunItem.SEQ]),
            "mode": mode,
            "trigger": known_word(Trigger, item[RunItem.TRIGGER]),
            "requested_by": item[RunItem.REQUESTED_BY],
            "state": state,
            "leg": int(item[RunItem.LEG]),
            "owner": item.get(RunItem.OWNER),
            "lease_until": None if lease is None else float(lease),
            "resends": int(item.get(RunItem.RESENDS, 0)),
            "sent_at": None if sent is None else float(sent),
            "created_at": item[RunItem.CREATED_AT],
            "started_at": item.get(RunItem.STARTED_AT),
            "finished_at": item.get(RunItem.FINISHED_AT),
            "supersedes": tuple(item.get(RunItem.SUPERSEDES, ())),
            "announced": RunItem.OPEN_SHARD not in item,
            "recorded": bool(item.get(RunItem.RECORDED)),
            "published": bool(item.get(RunItem.PUBLISHED)),
            "marked": bool(item.get(RunItem.MARKED)),
            "restores": None if restores is None else int(restores),
            "newer": newer,
        }
        | structures
    )


def _understood(structures: dict[str, Any]) -> dict[str, Any]:
    """The structures of a run that can be read, and what can be read of its configuration."""
    read = {
        name: value
        for name, value in structures.items()
        if _fits(Run.model_fields[name].annotation, value)
    }
    if RunItem.CONFIG not in read:
        fields = GroupConfig.model_fields
        read[RunItem.CONFIG] = _UNKNOWN_CONFIG.model_dump(exclude_unset=True) | {
            name: value
            for name, value in structures[RunItem.CONFIG].items()
            if name in fields and _fits(fields[name].annotation, value)
        }
    return read


_UNKNOWN_CONFIG = GroupConfig(
    name="",
    onboarding_type=OnboardingType.ONEROSTER_1_2,
    sync_type=SyncType.API,
    client_partner_id="",
)
"""What a run is shown with that a newer version has begun under settings of its own."""


def _fits(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def open_shard(group_id: str) -> str:
    """The partition of the open-runs index in which a group's runs stand."""
    return str(sum(group_id.encode()) % OPEN_SHARDS)
