"""A run as an item of the ``control`` table."""

import json
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.adapters.control_table.keys import run_key
from shared.adapters.dynamodb import Item, as_json, marshal, unmarshal
from shared.domain.errors import ConflictError
from shared.domain.group.choices import OnboardingType, SyncType
from shared.domain.group.group import EndedRun, GroupConfig
from shared.domain.group.hold import Hold
from shared.domain.roster.staged_rows import NOTHING_STAGED
from shared.domain.run.bundle import Bundle
from shared.domain.run.newer_version import known_settings, known_word
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Reason, Run, RunState, Trigger

HISTORY_SECONDS = 400 * 86_400
OPEN_SHARDS = 4

_STRUCTURES = (
    "config",
    "cursor",
    "bundle",
    "progress",
    "counts",
    "notices",
    "reason",
    "plan",
    "decision",
    "snapshot",
    "hold",
)
_TIMES = ("createdAt", "startedAt", "finishedAt")


def to_item(run: Run) -> Item:
    """Lay a run out as plain item values (without its key and its place in the open-runs index)."""
    values: dict[str, Any] = {
        "enterprise": run.enterprise,
        "groupId": run.group_id,
        "seq": run.seq,
        "mode": run.mode.value,
        "trigger": run.trigger.value,
        "requestedBy": run.requested_by,
        "state": run.state.value,
        "leg": run.leg,
        "resends": run.resends,
        "config": structure(run.config),
        **({"bundle": structure(run.bundle)} if run.bundle else {}),
        **({"decision": structure(run.decision)} if run.decision else {}),
        **({"cursor": as_json(run.cursor)} if run.cursor else {}),
        **({"progress": as_json(run.progress)} if run.progress else {}),
        **({"marked": True} if run.marked else {}),
        **({"restores": run.restores} if run.restores is not None else {}),
        "createdAt": run.created_at.isoformat(),
        "expiresAt": int(run.created_at.timestamp()) + HISTORY_SECONDS,
    }
    return values


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
    """Read a run back from DynamoDB attributes.

    What a newer version has added is passed over. Of what it has written in other words as much is
    read as can be, and the run is said to be ``newer``.
    """
    values = unmarshal(item)
    structures = {name: json.loads(values[name]) for name in _STRUCTURES if name in values}
    structures["config"] = known_settings(structures["config"])
    times = {name: values[name] for name in _TIMES if name in values}
    lease = values.get("leaseUntil")
    facts = {
        "enterprise": values["enterprise"],
        "group_id": values["groupId"],
        "seq": int(values["seq"]),
        "mode": known_word(Mode, values["mode"]),
        "trigger": known_word(Trigger, values["trigger"]),
        "requested_by": values["requestedBy"],
        "state": known_word(RunState, values["state"]),
        "leg": int(values["leg"]),
        "owner": values.get("owner"),
        "lease_until": None if lease is None else float(lease),
        "resends": int(values.get("resends", 0)),
        "sent_at": float(values["sentAt"]) if "sentAt" in values else None,
        "created_at": times["createdAt"],
        "started_at": times.get("startedAt"),
        "finished_at": times.get("finishedAt"),
        "supersedes": tuple(values.get("supersedes", ())),
        "announced": "openShard" not in values,
        "published": bool(values.get("published")),
        "marked": bool(values.get("marked")),
        "restores": int(values["restores"]) if "restores" in values else None,
    }
    facts["newer"] = facts["mode"] is Mode.UNKNOWN or facts["state"] is RunState.UNKNOWN
    try:
        return Run.model_validate(facts | structures)
    except ValidationError:
        return Run.model_validate(facts | _understood(structures) | {"newer": True})


def _understood(structures: dict[str, Any]) -> dict[str, Any]:
    """The structures of a run that can be read, and what can be read of its configuration."""
    read = {
        name: value
        for name, value in structures.items()
        if _fits(Run.model_fields[name].annotation, value)
    }
    if "config" not in read:
        fields = GroupConfig.model_fields
        read["config"] = _UNKNOWN_CONFIG | {
            name: value
            for name, value in structures["config"].items()
            if name in fields and _fits(fields[name].annotation, value)
        }
    return read


_UNKNOWN_CONFIG: dict[str, Any] = {
    "name": "",
    "onboarding_type": OnboardingType.ONEROSTER_1_2,
    "sync_type": SyncType.API,
    "client_partner_id": "",
}
"""What a run is shown with that a newer version has begun under settings of its own."""


def _fits(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def without_secrets(config: GroupConfig) -> GroupConfig:
    """What a closed run keeps of its configuration."""
    return config.model_copy(update={"secrets": {}})


def seconds(moment: datetime) -> int:
    """A moment as whole seconds since the epoch, as TTL and indexes want it."""
    return int(moment.timestamp())


def open_shard(group_id: str) -> str:
    """The partition of the open-runs index in which a group's runs stand."""
    return str(sum(group_id.encode()) % OPEN_SHARDS)


def under_way(group: Item) -> ConflictError:
    """What a second request is told: which run of the group is under way."""
    run_id = str(group.get("activeRun") or group["waiting"][0])
    return ConflictError(
        "run_under_way",
        f"Run {run_id} of this group is still under way; wait until it has ended.",
        runId=run_id,
    )


def config_of(group: Item) -> GroupConfig:
    """The configuration that a group has at this moment, with what was learned of its source."""
    config = GroupConfig.model_validate(known_settings(group["config"]))
    learned = group.get("learned")
    return config.model_copy(update={"learned": learned}) if learned else config


def new_run(request: RunRequest, group: Item, now: datetime) -> Run:
    """The next run of a group."""
    return Run(
        enterprise=request.enterprise,
        group_id=request.group_id,
        seq=int(group["runSeq"]) + 1,
        mode=request.mode,
        trigger=request.trigger,
        requested_by=request.requested_by,
        state=RunState.ACCEPTED if request.fetches else RunState.PLANNING,
        config=config_of(group),
        cursor=None if request.fetches else NOTHING_STAGED,
        decision=request.decision,
        marked=request.marked,
        restores=request.restores,
        bundle=Bundle(accept_older=True) if request.accept_older else None,
        created_at=now,
    )


def ended_of(run: Run, state: RunState, reason: Reason | None, now: datetime) -> dict[str, str]:
    """What the group's ``lastEnded`` becomes at the end of a run; nothing, if it stays.

    An admin looks for how the last sync ended: one that cannot have changed the roster hides none.
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
    return {"lastEnded": structure(ended)}


def superseding(table: str, run: Run, reason: Reason, now: datetime) -> Item:
    """The action that ends a run because another takes its place; it must be as it was read."""
    return {
        "Update": {
            "TableName": table,
            "Key": run_key(run.key),
            "UpdateExpression": "SET #state = :state, reason = :reason, finishedAt = :now, "
            "config = :config, openUntil = :seconds REMOVE #owner, leaseUntil, #cursor",
            "ConditionExpression": "#state = :seen",
            "ExpressionAttributeNames": {"#state": "state", "#owner": "owner", "#cursor": "cursor"},
            "ExpressionAttributeValues": marshal(
                {
                    ":state": RunState.SUPERSEDED.value,
                    ":reason": structure(reason),
                    ":now": now.isoformat(),
                    ":config": structure(without_secrets(run.config)),
                    ":seconds": seconds(now),
                    ":seen": run.state.value,
                }
            ),
        }
    }


def hold_of(group: Item) -> Hold | None:
    """What of a group waits for a person."""
    return Hold.model_validate_json(group["hold"]) if "hold" in group else None
