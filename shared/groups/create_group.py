"""Creates a group; an Auto group's first sync starts with it."""

from typing import Any

from shared.domain.group.choices import SyncFrequency
from shared.domain.group.group import Group
from shared.domain.group.request import GroupInput, make_config
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.local_day import local_day
from shared.domain.read_fields import read_fields
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, Trigger
from shared.groups.group_parts import (
    GroupPorts,
    encrypt_secrets,
    link_customers,
    make_group,
    make_webhook,
    request_subscription,
)
from shared.sync.request.request_sync import FETCHED_TYPES, start_fetching


def create_group(
    enterprise: EnterpriseId, body: dict[str, Any], requested_by: str, ports: GroupPorts
) -> tuple[Group, Run | None]:
    """Create a group from a request's body; the run is the first sync of an Auto group.

    :raises InvalidFieldsError: something in the body is wrong.
    :raises ConflictError: a name, client group id or customer is taken.
    """
    given = read_fields(GroupInput, body, {"allow_insecure": ports.allow_insecure})
    now = ports.clock()
    group_id = GroupId(ports.new_id())
    today = local_day(given.time_zone, now)
    config = make_config(given, 1, today).model_copy(
        update={
            "customers": link_customers(enterprise, given, ports.customers),
            "secrets": encrypt_secrets(group_id, given, ports.secrets),
        }
    )
    group = make_group(enterprise, group_id, given, config, now, today)
    webhook = make_webhook(group_id, given, None, ports.secrets)
    group = group.model_copy(update={"webhook": webhook})
    ports.groups.create(group)
    request_subscription(group, ports.notice_queue)
    if group.sync_frequency is SyncFrequency.AUTO and config.sync_type in FETCHED_TYPES:
        request = RunRequest(enterprise, group_id, Mode.SYNC, Trigger.NEW_GROUP, requested_by)
        return group, start_fetching(request, ports.runs, ports.extract_queues, now)
    return group, None
