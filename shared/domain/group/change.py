"""Turns a change of a group into the request that would create the changed group.

A change is a JSON merge patch (RFC 7396): null removes, objects merge, all else replaces.
"""

from typing import Any

from pydantic import BaseModel

from shared.domain.group.choices import OnboardingType, SyncFrequency
from shared.domain.group.connection import AUTHORIZATIONS, DEFAULT_PATHS
from shared.domain.group.group import Group
from shared.domain.group.secrets import CONNECTION_SECRETS, SecretName
from shared.domain.group.settings import GroupSettings, RunSettings

_DESTINATION = ("url", "tokenUrl", "host", "port", "username", "hostKeyFingerprint")
_REPLACED_BY = {
    SecretName.PASSWORD: {SecretName.PRIVATE_KEY, SecretName.PASSPHRASE},
    SecretName.PRIVATE_KEY: {SecretName.PASSWORD, SecretName.PASSPHRASE},
}


def changed_request(
    group: Group, patch: dict[str, Any]
) -> tuple[dict[str, Any], frozenset[SecretName]]:
    """Merge ``patch`` into a kept group; return the resulting request and the secrets that stay.

    Secrets stay unless the patch replaces them. They do not stay if it changes where they are sent,
    or an admin could have them sent to another server.
    """
    before = as_request(group)
    merged = _merge(_without_dependent(before, patch, group), patch)
    kept = {SecretName.WEBHOOK} if _webhook(merged) == _webhook(before) != (None, None) else set()
    if _destination(merged) == _destination(before):
        kept |= set(group.config.secrets) - _replaced(patch.get("connection"))
    return merged, frozenset(kept)


def as_request(group: Group) -> dict[str, Any]:
    """Write a kept group as the request that would create it, without its secrets."""
    config = group.config
    calendar = config.calendar
    nested = {"scope", "guard", "connection"}
    return {
        **_dump(group, set(GroupSettings.model_fields)),
        **_dump(config, {*RunSettings.model_fields, *nested}, {"connection": {"kind"}}),
        "customers": [customer.customer_id for customer in config.customers],
        "pause": _days(calendar.pause) if calendar.pause else None,
        "blackouts": [_days(days) for days in calendar.blackouts],
        "additionsOnly": [_days(days) for days in calendar.additions_only],
        "webhook": {"url": group.webhook.url} if group.webhook else None,
    }


def _dump(
    model: BaseModel, include: set[str], exclude: dict[str, set[str]] | None = None
) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, include=include, exclude=exclude)


def _days(days: BaseModel) -> dict[str, Any]:
    # A request cannot say when a pause began.
    return days.model_dump(mode="json", by_alias=True, exclude={"since"}, exclude_none=True)


def _without_dependent(
    request: dict[str, Any], patch: dict[str, Any], group: Group
) -> dict[str, Any]:
    """Leave out what gets another default, or has no meaning, with the changed fields."""
    request = dict(request)
    if patch.get("syncType", request["syncType"]) != request["syncType"]:
        request["connection"] = None
    elif request["connection"] and "path" in request["connection"]:
        connection = dict(request["connection"])
        if connection["path"] == DEFAULT_PATHS[group.config.onboarding_type]:
            del connection["path"]
        version = patch.get("onboardingType")
        ways = AUTHORIZATIONS[OnboardingType(version)] if version in list(OnboardingType) else ()
        if ways and connection.get("authorization") not in ways:
            connection.pop("authorization", None)
        request["connection"] = connection
    if patch.get("syncFrequency") == SyncFrequency.MANUAL:
        request["period"] = None
    return request


def _merge(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Merge a patch (RFC 7396); a request has objects in it, and none in those."""
    merged = dict(target)
    for name, value in patch.items():
        old = merged.pop(name, None)
        if isinstance(value, dict):
            fields = (old if isinstance(old, dict) else {}) | value
            merged[name] = {key: field for key, field in fields.items() if field is not None}
        elif value is not None:
            merged[name] = value
    return merged


def _webhook(request: dict[str, Any]) -> tuple[Any, Any]:
    """Return where the group's events are sent, and the secret that the request gives."""
    webhook = request.get("webhook")
    return (
        (webhook.get("url"), webhook.get("secret")) if isinstance(webhook, dict) else (None, None)
    )


def _destination(request: dict[str, Any]) -> tuple[Any, ...]:
    """Return where the group's secret is sent, and under which name."""
    connection = request.get("connection")
    if not isinstance(connection, dict):
        return ()
    return (request.get("syncType"), *(connection.get(name) for name in _DESTINATION))


def _replaced(patch: Any) -> set[SecretName]:
    """Return the stored secrets that a change of the connection replaces."""
    if not isinstance(patch, dict):
        return set()
    gone = {name for name in CONNECTION_SECRETS if name in patch}
    for name, others in _REPLACED_BY.items():
        if patch.get(name) is not None:
            gone |= others - {other for other in others if patch.get(other) is not None}
    return gone
