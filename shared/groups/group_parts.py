"""What creating and changing a group have in common: customers, secrets, the webhook, the group."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from shared.domain.errors import TryLaterError
from shared.domain.group.connection_request import given_secrets
from shared.domain.group.customer import LinkedCustomer
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.request import GroupInput
from shared.domain.group.schedule import next_auto_run
from shared.domain.group.secrets import SecretName
from shared.domain.group.settings import GroupSettings
from shared.domain.group.webhook import Webhook
from shared.domain.ids import CustomerId, EnterpriseId, GroupId
from shared.domain.read_fields import wrong_field
from shared.messages import SubscribeAddress
from shared.ports.groups import Customers, Groups, Secrets
from shared.ports.messaging import ExtractQueues, Queue
from shared.ports.runs import Runs


@dataclass(frozen=True)
class GroupPorts:
    """What creating and changing groups needs of the world.

    groups, customers: where they are kept.
    secrets: encrypts what is given.
    runs, extract_queues: start the first sync of an Auto group.
    notice_queue: takes the request to ask the group's address.
    clock: tells the time, aware UTC.
    new_id: makes ids.
    allow_insecure: whether sources may be local and without TLS.
    """

    groups: Groups
    customers: Customers
    secrets: Secrets
    runs: Runs
    extract_queues: ExtractQueues
    notice_queue: Queue
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    allow_insecure: bool = False


def link_customers(
    enterprise: EnterpriseId, given: GroupInput, customers: Customers
) -> tuple[LinkedCustomer, ...]:
    """Look up the customers that a request names.

    :raises InvalidFieldsError: one of them does not exist.
    """
    wanted = tuple(CustomerId(customer) for customer in given.customers)
    found = customers.find(enterprise, wanted) if wanted else {}
    for place, customer in enumerate(wanted):
        if customer not in found:
            raise wrong_field("There is no such customer.", "customers", place)
    return tuple(
        LinkedCustomer(customer_id=customer, org_sourced_id=found[customer].org_sourced_id)
        for customer in wanted
    )


def encrypt_secrets(
    group_id: GroupId, given: GroupInput, secrets: Secrets
) -> dict[SecretName, str]:
    """Encrypt the secrets that a request gives for its connection."""
    return {
        name: secrets.encrypt(group_id, name, secret)
        for name, secret in given_secrets(given.connection).items()
    }


def make_webhook(
    group_id: GroupId, given: GroupInput, old: Webhook | None, secrets: Secrets
) -> Webhook | None:
    """Make the webhook that a request describes; without a new secret it keeps the old one."""
    if given.webhook is None:
        return None
    if given.webhook.secret is not None:
        plain = given.webhook.secret.get_secret_value()
        secret = secrets.encrypt(group_id, SecretName.WEBHOOK, plain)
    else:
        assert old is not None
        secret = old.secret
    return Webhook(url=given.webhook.url, secret=secret)


def make_group(
    enterprise: EnterpriseId,
    group_id: GroupId,
    given: GroupInput,
    config: GroupConfig,
    now: datetime,
    anchor: date,
) -> Group:
    """Make a group of now, without cover and webhook; an Auto group is due after ``now``."""
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
        created_at=now,
        updated_at=now,
        next_run_at=due,
    )


def request_subscription(group: Group, notice_queue: Queue) -> None:
    """Have the group's address asked whether it wants mails."""
    with suppress(TryLaterError):  # the first mail asks it then
        notice_queue.send([SubscribeAddress(enterprise=group.enterprise, group_id=group.group_id)])
