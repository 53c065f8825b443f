"""Changes a group: merges the change into what is kept, and judges the outcome as a whole."""

from datetime import date, datetime
from typing import Any

from shared.domain.errors import ConflictError
from shared.domain.group.change import changed_request
from shared.domain.group.group import Group
from shared.domain.group.request import GroupInput, make_config
from shared.domain.group.schedule import open_moment
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.local_day import local_day
from shared.domain.read_fields import read_fields
from shared.groups.group_parts import (
    GroupPorts,
    encrypt_secrets,
    link_customers,
    make_group,
    make_webhook,
    request_subscription,
)

CHANGE_TRIES = 3


def change_group(
    enterprise: EnterpriseId,
    group_id: GroupId,
    body: dict[str, Any],
    version: int | None,
    ports: GroupPorts,
) -> Group:
    """Merge a change (RFC 7396) into a group and judge the outcome as a whole.

    :param version: the version that the change is meant for; None for any.
    :raises NotFoundError: no such group in this enterprise.
    :raises InvalidFieldsError: the outcome would be wrong.
    :raises ConflictError: something is taken, or the group is at another version.
    """
    for _ in range(CHANGE_TRIES - 1):
        try:
            return _change(enterprise, group_id, body, version, ports)
        except ConflictError as error:
            # A change without a version is meant for whatever is there by now.
            if error.code != "version_conflict" or version is not None:
                raise
    return _change(enterprise, group_id, body, version, ports)


def _change(
    enterprise: EnterpriseId,
    group_id: GroupId,
    body: dict[str, Any],
    version: int | None,
    ports: GroupPorts,
) -> Group:
    old = ports.groups.get(enterprise, group_id)
    if version is not None and version != old.config.version:
        raise ConflictError(
            "version_conflict",
            f"The group has been changed meanwhile; it is at version {old.config.version}.",
        )
    merged, names = changed_request(old, body)
    context = {"allow_insecure": ports.allow_insecure, "kept_secrets": names}
    given = read_fields(GroupInput, merged, context)
    kept = {name: old.config.secrets[name] for name in names & old.config.secrets.keys()}
    now = ports.clock()
    today = local_day(given.time_zone, now)
    pause = old.config.calendar.pause
    config = make_config(given, old.config.version + 1, pause.since if pause else today)
    config = config.model_copy(
        update={
            "calendar": old.config.calendar.changed_to(config.calendar, today),
            "customers": link_customers(enterprise, given, ports.customers),
            "secrets": kept | encrypt_secrets(group_id, given, ports.secrets),
        }
    )
    anchor = _kept_anchor(old, given) or today
    new = make_group(enterprise, group_id, given, config, now, anchor)
    new = new.model_copy(
        update={
            "created_at": old.created_at,
            "cover": old.cover,
            "webhook": make_webhook(group_id, given, old.webhook, ports.secrets),
            "next_run_at": _next_run(old, new),
        }
    )
    ports.groups.change(old, new)
    if new.email != old.email:
        request_subscription(new, ports.notice_queue)
    return ports.groups.get(enterprise, group_id)


def _kept_anchor(old: Group, given: GroupInput) -> date | None:
    """Return the day from which a group's days are still counted; None for a fresh count.

    A group that is Manual for a while keeps it: restoring a roster makes it Manual.
    """
    if old.period not in (None, given.period):
        return None
    if old.anchor is None and old.next_run_at is not None:
        return local_day(old.time_zone, old.next_run_at)
    return old.anchor


def _next_run(old: Group, new: Group) -> datetime | None:
    """Return when a changed group is due; another change or a new day off must not postpone it."""
    if old.next_run_at is None or _schedule(old) != _schedule(new):
        return new.next_run_at
    kept = open_moment(old.next_run_at, new.time_zone, new.sync_hour, new.config.calendar)
    if old.config.calendar == new.config.calendar:
        return kept
    return min((due for due in (kept, new.next_run_at) if due is not None), default=None)


def _schedule(group: Group) -> tuple[object, ...]:
    return group.period, group.time_zone, group.sync_hour
