"""What a group holds in items of their own: its name, client group id, customers, new retention.

The first three are claimed in the transaction that writes the group. Of two requests at the same
moment one wins, whatever they have read before.
"""

import unicodedata
from hashlib import sha256

from boto3.dynamodb.conditions import Attr, ConditionBase

from shared.adapters.control_table.attributes import ClaimItem, CustomerItem, RetentionItem
from shared.adapters.control_table.keys import (
    IS_NEW,
    IS_THERE,
    Key,
    client_group_id_key,
    customer_key,
    name_key,
    retention_key,
)
from shared.adapters.dynamodb.actions import Action, delete, put, update
from shared.adapters.dynamodb.values import seconds
from shared.domain.errors import ConflictError
from shared.domain.group.group import Group
from shared.domain.ids import CustomerId

NEW_RETENTION = "NewRetention"
"""The partition of ``dueGroups`` with the groups whose retention a run has yet to keep."""

Actions = list[tuple[Action, ConflictError]]
"""Actions of a transaction, each with the conflict that its refusal means."""


def claims(table: str, new: Group, old: Group | None) -> Actions:
    """What a group claims and gives back when it becomes ``new``."""
    actions: Actions = []
    before = _unique_keys(old) if old else (None, None)
    conflicts = (
        _taken("name_taken", field="name"),
        _taken("client_group_id_taken", field="clientGroupId"),
    )
    for key, past, taken in zip(_unique_keys(new), before, conflicts, strict=True):
        if key == past:
            continue
        claim = {**key, ClaimItem.GROUP_ID: new.group_id}
        actions.append((put(table, claim, IS_NEW), taken))
        if past is not None:
            actions.append((delete(table, past), changed()))
    return actions + _customers(table, new, old)


def freed(table: str, group: Group) -> Actions:
    """What a group gives back when it goes."""
    without = group.config.model_copy(update={"customers": ()})
    gone = group.model_copy(update={"config": without})
    noted = retention_key(group.enterprise, group.group_id)
    deleted = [delete(table, key) for key in (*_unique_keys(group), noted)]
    return [(action, changed()) for action in deleted] + _customers(table, gone, group)


def note_retention(table: str, group: Group) -> Action:
    """The action that notes a group's new retention for the clock; a later one replaces it."""
    item = {
        **retention_key(group.enterprise, group.group_id),
        RetentionItem.DUE_PERIOD: NEW_RETENTION,
        RetentionItem.NEXT_RUN_AT: seconds(group.updated_at),
        RetentionItem.VERSION: group.config.version,
    }
    return put(table, item)


def _taken(code: str, field: str) -> ConflictError:
    return ConflictError(
        code,
        f"Another group of the enterprise has this {field}, or one that is still being deleted.",
        field=field,
    )


def changed() -> ConflictError:
    """What is said to somebody who changes a group that is no longer as it was read."""
    return ConflictError(
        "version_conflict", "The group has been changed meanwhile. Read it again, then repeat."
    )


def _customers(table: str, new: Group, old: Group | None) -> Actions:
    wanted = [customer.customer_id for customer in new.config.customers]
    held = [customer.customer_id for customer in old.config.customers] if old else []
    holder = Attr(CustomerItem.GROUP_ID)
    mine = holder.eq(new.group_id)
    free = IS_THERE & (holder.not_exists() | mine)
    actions: Actions = []
    for place, customer in enumerate(wanted):
        if customer in held:
            continue
        taken = ConflictError(
            "customer_taken",
            "This customer is in another group already.",
            field=f"customers.{place}",
        )
        actions.append((_customer(table, new, customer, free, take=True), taken))
    for customer in held:
        if customer not in wanted:
            actions.append((_customer(table, new, customer, mine, take=False), changed()))
    return actions


def _customer(
    table: str, group: Group, customer: CustomerId, condition: ConditionBase, *, take: bool
) -> Action:
    """The action by which a group takes a customer, or gives it back."""
    return update(
        table,
        customer_key(group.enterprise, customer),
        {CustomerItem.GROUP_ID: group.group_id} if take else {},
        removes=() if take else (CustomerItem.GROUP_ID,),
        condition=condition,
    )


def _unique_keys(group: Group) -> tuple[Key, Key]:
    """The keys of what no two groups of an enterprise share; case makes no difference."""
    return (
        name_key(group.enterprise, _folded(group.config.name)),
        client_group_id_key(group.enterprise, _folded(group.client_group_id)),
    )


def _folded(text: str) -> str:
    """What two spellings have in common. Folding can make a text longer than a key may be."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if len(folded.encode()) <= 512 else sha256(folded.encode()).hexdigest()
