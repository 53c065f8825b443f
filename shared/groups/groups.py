"""Creates, changes and deletes groups."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.domain.errors import ConflictError, TryLaterError
from shared.domain.group.change import changed_request
from shared.domain.group.choices import SyncFrequency
from shared.domain.group.connection_request import given_secrets
from shared.domain.group.customer import Customer, LinkedCustomer
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.request import GroupInput, make_config
from shared.domain.group.schedule import next_auto_run, open_moment
from shared.domain.group.secrets import SecretName
from shared.domain.group.settings import GroupSettings
from shared.domain.group.webhook import Webhook
from shared.domain.ids import CustomerId, EnterpriseId, GroupId, SourcedId
from shared.domain.local_day import local_day
from shared.domain.read_fields import read_fields, wrong_field
from shared.domain.run.request_bodies import CustomerChangeInput, CustomerInput
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, Trigger
from shared.messages import SubscribeAddress
from shared.ports.groups import Customers, Groups, Secrets, no_customer
from shared.ports.messaging import ExtractQueues, Queue
from shared.ports.runs import Runs
from shared.sync.request.request_sync import FETCHED_TYPES, start_fetching

CHANGE_TRIES = 3


@dataclass(frozen=True)
class GroupPorts:
    """What groups need of the world; ``new_id`` makes ids."""

    groups: Groups
    customers: Customers
    secrets: Secrets
    runs: Runs
    extract_queues: ExtractQueues
    notice_queue: Queue
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    allow_insecure: bool = False


def create_group(
    enterprise: EnterpriseId, body: dict[str, Any], requested_by: str, ports: GroupPorts
) -> tuple[Group, Run | None]:
    """Create a group from a request's body; an Auto group's first sync starts with it.

    :raises InvalidFieldsError: something in the body is wrong.
    :raises ConflictError: a name, client group id or customer is taken.
    """
    context = {"allow_insecure": ports.allow_insecure}
    given = read_fields(GroupInput, body, context)
    now = ports.clock()
    group_id = GroupId(ports.new_id())
    since = local_day(given.time_zone, now)
    config = make_config(given, 1, since)
    config = _complete(config, given, enterprise, group_id, {}, ports)
    group = _group(enterprise, group_id, given, config, now, since, created_at=now)
    group = group.model_copy(update={"webhook": _webhook(given, group_id, None, ports)})
    ports.groups.create(group)
    _subscribe(group, ports)
    if group.sync_frequency is SyncFrequency.AUTO and config.sync_type in FETCHED_TYPES:
        request = RunRequest(enterprise, group_id, Mode.SYNC, Trigger.NEW_GROUP, requested_by)
        run = start_fetching(request, ports.runs, ports.extract_queues, now)
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

    :raises InvalidFieldsError: the outcome would be wrong.
    :raises ConflictError: something is taken, or the group is at another version.
    """
    for _ in range(CHANGE_TRIES - 1):
        try:
            return _change(enterprise, group_id, body, version, ports)
        except ConflictError as error:
            # Whoever names no version wants the change on top of whatever there is by now.
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
    pause = old.config.calendar.pause
    since = pause.since if pause else local_day(given.time_zone, now)
    config = make_config(given, old.config.version + 1, since)
    today = local_day(given.time_zone, now)
    calendar = old.config.calendar.changed_to(config.calendar, today)
    config = config.model_copy(update={"calendar": calendar})
    config = _complete(config, given, enterprise, group_id, kept, ports)
    anchor = _kept_anchor(old, given) or today
    new = _group(enterprise, group_id, given, config, now, anchor, created_at=old.created_at)
    new = new.model_copy(
        update={
            "cover": old.cover,
            "webhook": _webhook(given, group_id, old.webhook, ports),
            "next_run_at": _next_run(old, new),
        }
    )
    ports.groups.change(old, new)
    if new.email != old.email:
        _subscribe(new, ports)
    return ports.groups.get(enterprise, group_id)


def create_customer(enterprise: EnterpriseId, body: dict[str, Any], ports: GroupPorts) -> Customer:
    """Create a customer from a request's body.

    :raises InvalidFieldsError: something in the body is wrong.
    :raises ConflictError: the id is taken.
    """
    given = read_fields(CustomerInput, body)
    customer = Customer(
        enterprise=enterprise,
        customer_id=CustomerId(given.customer_id or ports.new_id()),
        name=given.name,
        org_sourced_id=SourcedId(given.org_sourced_id) if given.org_sourced_id else None,
        created_at=ports.clock(),
    )
    ports.customers.create(customer)
    return customer


def read_customer(
    enterprise: EnterpriseId, customer_id: CustomerId, customers: Customers
) -> Customer:
    """Read one customer.

    :raises NotFoundError: no such customer in this enterprise.
    """
    found = customers.find(enterprise, [customer_id]).get(customer_id)
    if found is None:
        raise no_customer()
    return found


def change_customer(
    enterprise: EnterpriseId, customer_id: CustomerId, body: dict[str, Any], customers: Customers
) -> Customer:
    """Change a customer as a request's body says.

    :raises InvalidFieldsError: something in the body is wrong.
    :raises NotFoundError: no such customer in this enterprise.
    :raises ConflictError: its org would change while it is in a group.
    """
    given = read_fields(CustomerChangeInput, body)
    org = None
    if "org_sourced_id" in given.model_fields_set:
        org = (SourcedId(given.org_sourced_id) if given.org_sourced_id else None,)
    return customers.change(enterprise, customer_id, given.name, org)


def _webhook(
    given: GroupInput, group_id: GroupId, old: Webhook | None, ports: GroupPorts
) -> Webhook | None:
    """The webhook as it is kept; without a new secret it has the old one."""
    if given.webhook is None:
        return None
    if given.webhook.secret is not None:
        plain = given.webhook.secret.get_secret_value()
        secret = ports.secrets.encrypt(group_id, SecretName.WEBHOOK, plain)
    else:
        assert old is not None
        secret = old.secret
    return Webhook(url=given.webhook.url, secret=secret)


def _subscribe(group: Group, ports: GroupPorts) -> None:
    """Have the group's address asked whether it wants our mails."""
    with suppress(TryLaterError):  # the first mail subscribes it then
        message = SubscribeAddress(enterprise=group.enterprise, group_id=group.group_id)
        ports.notice_queue.send([message])


def _complete(
    config: GroupConfig,
    given: GroupInput,
    enterprise: EnterpriseId,
    group_id: GroupId,
    kept: dict[SecretName, str],
    ports: GroupPorts,
) -> GroupConfig:
    """Fill in customers and encrypted secrets."""
    wanted = tuple(CustomerId(customer) for customer in given.customers)
    found = ports.customers.find(enterprise, wanted) if wanted else {}
    for place, customer in enumerate(wanted):
        if customer not in found:
            raise wrong_field("There is no such customer.", "customers", place)
    secrets = dict(kept)
    for name, secret in given_secrets(given.connection).items():
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
    anchor: date,
    created_at: datetime,
) -> Group:
    due = None
    if given.period is not None:
        due = next_auto_run(
            given.period, given.time_zone, given.sync_hour, config.calendar, anchor, now
        )
    return Group(
        enterprise=enterprise,
        group_id=group_id,
        config=config,
        **given.model_dump(include=set(GroupSettings.model_fields)),
        anchor=anchor,
        created_at=created_at,
        updated_at=now,
        next_run_at=due,
    )


def _kept_anchor(old: Group, given: GroupInput) -> date | None:
    """The day that a group's days are still counted from; None if they are counted anew.

    A group that is Manual for a while keeps it: undoing a sync makes it so.
    """
    if old.period not in (None, given.period):
        return None
    if old.anchor is None and old.next_run_at is not None:
        return local_day(old.time_zone, old.next_run_at)
    return old.anchor


def _next_run(old: Group, new: Group) -> datetime | None:
    """When a changed group is due: another change, or another day off, must not put it off."""
    if old.next_run_at is None or _schedule(old) != _schedule(new):
        return new.next_run_at
    kept = open_moment(old.next_run_at, new.time_zone, new.sync_hour, new.config.calendar)
    if old.config.calendar == new.config.calendar:
        return kept
    return min((due for due in (kept, new.next_run_at) if due is not None), default=None)


def _schedule(group: Group) -> tuple[object, ...]:
    return group.period, group.time_zone, group.sync_hour
