"""Creates, changes and deletes groups."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from shared.domain.group import (
    Customer,
    Group,
    GroupConfig,
    LinkedCustomer,
    SecretName,
    SyncFrequency,
)
from shared.domain.group_change import changed_request
from shared.domain.group_request import (
    CustomerInput,
    GroupInput,
    config_of,
    customer_ids,
    secrets_of,
)
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId
from shared.domain.run import Mode, Run, Trigger
from shared.domain.schedule import next_run_at
from shared.errors import ConflictError
from shared.ports import Customers, Groups, Queue, Runs, Secrets
from shared.sync.request_sync import SYNCED_TYPES, request_sync


@dataclass(frozen=True)
class GroupPorts:
    """What groups need of the world; ``new_id`` makes ids."""

    groups: Groups
    customers: Customers
    secrets: Secrets
    runs: Runs
    extract_queue: Queue
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    allow_insecure: bool = False


def create_group(
    enterprise: EnterpriseId, body: dict[str, Any], requested_by: str, ports: GroupPorts
) -> tuple[Group, Run | None]:
    """Create a group from a request's body; an Auto group's first sync starts with it.

    :raises pydantic_core.ValidationError: something in the body is wrong.
    :raises ConflictError: a name, client group id or customer is taken.
    """
    context = {"allow_insecure": ports.allow_insecure}
    given = GroupInput.model_validate(body, context=context)
    now = ports.clock()
    group_id = GroupId(ports.new_id())
    config = _complete(config_of(given, 1), given, enterprise, group_id, {}, ports)
    group = _group(enterprise, group_id, given, config, now, created_at=now)
    ports.groups.create(group)
    if group.sync_frequency is SyncFrequency.AUTO and config.sync_type in SYNCED_TYPES:
        run = request_sync(
            enterprise,
            group_id,
            Mode.SYNC,
            Trigger.NEW_GROUP,
            requested_by,
            ports.groups,
            ports.runs,
            ports.extract_queue,
            now,
        )
        return group, run
    return group, None


def change_group(
    enterprise: EnterpriseId,
    group_id: GroupId,
    body: dict[str, Any],
    version: int | None,
    ports: GroupPorts,
) -> Group:
    """Merge a change (RFC 7396) into a group and judge the outcome as a whole.

    :raises pydantic_core.ValidationError: the outcome would be wrong.
    :raises ConflictError: something is taken, or the group is at another version.
    """
    old = ports.groups.get(enterprise, group_id)
    if version is not None and version != old.config.version:
        raise ConflictError(
            "version_conflict",
            f"The group has been changed meanwhile; it is at version {old.config.version}.",
        )
    merged, names = changed_request(old, body)
    given = GroupInput.model_validate(
        merged, context={"allow_insecure": ports.allow_insecure, "kept_secrets": names}
    )
    kept = {name: old.config.secrets[name] for name in names}
    config = config_of(given, old.config.version + 1)
    config = _complete(config, given, enterprise, group_id, kept, ports)
    now = ports.clock()
    new = _group(enterprise, group_id, given, config, now, created_at=old.created_at)
    new = new.model_copy(
        update={
            "cover_image": old.cover_image,
            # Another change must not put the next run off.
            "next_run_at": old.next_run_at if _schedule(new) == _schedule(old) else new.next_run_at,
        }
    )
    ports.groups.change(old, new)
    return ports.groups.get(enterprise, group_id)


def delete_group(
    enterprise: EnterpriseId, group_id: GroupId, confirmed_name: str, ports: GroupPorts
) -> None:
    """Delete a group that never had a roster, once its name has been confirmed.

    :raises ConflictError: the name is another, a run is under way, or there is a roster.
    """
    group = ports.groups.get(enterprise, group_id)
    if confirmed_name != group.config.name:
        raise ConflictError(
            "name_not_confirmed",
            "To delete the group, repeat its exact name in the query: ?name=…",
            field="name",
        )
    ports.groups.delete(group)


def create_customer(enterprise: EnterpriseId, body: dict[str, Any], ports: GroupPorts) -> Customer:
    """Create a customer from a request's body.

    :raises pydantic_core.ValidationError: something in the body is wrong.
    :raises ConflictError: the id is taken.
    """
    given = CustomerInput.model_validate(body)
    customer = Customer(
        enterprise=enterprise,
        customer_id=CustomerId(given.customer_id or ports.new_id()),
        name=given.name,
        org_sourced_id=SourcedId(given.org_sourced_id) if given.org_sourced_id else None,
        created_at=ports.clock(),
    )
    ports.customers.create(customer)
    return customer


def _complete(
    config: GroupConfig,
    given: GroupInput,
    enterprise: EnterpriseId,
    group_id: GroupId,
    kept: dict[SecretName, str],
    ports: GroupPorts,
) -> GroupConfig:
    """Fill in customers and encrypted secrets."""
    wanted = customer_ids(given)
    found = ports.customers.find(enterprise, wanted) if wanted else {}
    for place, customer in enumerate(wanted):
        if customer not in found:
            raise _wrong(("customers", place), "There is no such customer.")
    secrets = dict(kept)
    for name, secret in secrets_of(given).items():
        secrets[name] = ports.secrets.encrypt(group_id, name, secret)
    linked = tuple(
        LinkedCustomer(customer_id=customer, org_sourced_id=found[customer].org_sourced_id)
        for customer in wanted
    )
    return config.model_copy(update={"customers": linked, "secrets": secrets})


def _group(
    enterprise: EnterpriseId,
    group_id: GroupId,
    given: GroupInput,
    config: GroupConfig,
    now: datetime,
    created_at: datetime,
) -> Group:
    due = None
    if given.period is not None:
        due = next_run_at(given.period, given.time_zone, given.sync_hour, now)
    return Group(
        enterprise=enterprise,
        group_id=group_id,
        config=config,
        description=given.description,
        email=given.email,
        client_group_id=given.client_group_id,
        sync_frequency=given.sync_frequency,
        period=given.period,
        auto_mode=given.auto_mode,
        time_zone=given.time_zone,
        sync_hour=given.sync_hour,
        created_at=created_at,
        updated_at=now,
        next_run_at=due,
    )


def _schedule(group: Group) -> tuple[object, ...]:
    return group.period, group.time_zone, group.sync_hour


def _wrong(place: tuple[str | int, ...], text: str) -> ValidationError:
    problem = PydanticCustomError("value", "{text}", {"text": text})
    return ValidationError.from_exception_data(
        "group", [InitErrorDetails(type=problem, loc=place, input=None)], hide_input=True
    )
