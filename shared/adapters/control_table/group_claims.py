"""What a group has beside its item: its name, its client group id, its customers, a new retention.

The first three are conditions of the transaction that writes the group: of two requests at once
one wins, whatever either has read before.
"""

import unicodedata
from hashlib import sha256

from shared.adapters.dynamodb import Item, marshal
from shared.domain.errors import ConflictError
from shared.domain.group.group import Group
from shared.domain.ids import CustomerId, EnterpriseId, GroupId

NEW_RETENTION = "NewRetention"
"""The partition of ``dueGroups`` with the groups whose retention a run has yet to keep."""

Actions = list[tuple[Item, ConflictError]]
"""Actions of a transaction, each with the conflict that its refusal means."""


def claims(table: str, new: Group, old: Group | None) -> Actions:
    """What a group takes and gives back when it becomes ``new``."""
    actions: Actions = []
    before = _unique_keys(old) if old else [None, None]
    for key, past, field in zip(_unique_keys(new), before, ("name", "clientGroupId"), strict=True):
        if key == past:
            continue
        taken = ConflictError(
            f"{'name' if field == 'name' else 'client_group_id'}_taken",
            f"Another group of the enterprise has this {field}, or one that is still being "
            "deleted.",
            field=field,
        )
        actions.append((_take(table, new, key), taken))
        if past is not None:
            actions.append((_free(table, new.enterprise, past), changed()))
    return actions + _customers(table, new, old)


def freed(table: str, group: Group) -> Actions:
    """What a group gives back when it goes."""
    without = group.config.model_copy(update={"customers": ()})
    gone = group.model_copy(update={"config": without})
    actions = [(_free(table, group.enterprise, key), changed()) for key in _unique_keys(group)]
    note = {"TableName": table, "Key": retention_key(group.enterprise, group.group_id)}
    actions.append(({"Delete": note}, changed()))
    return actions + _customers(table, gone, group)


def note_retention(table: str, group: Group) -> Item:
    """The action that tells the clock of a group's new retention; a later one replaces it."""
    item = {
        "duePeriod": NEW_RETENTION,
        "nextRunAt": int(group.updated_at.timestamp()),
        "version": group.config.version,
    }
    key = retention_key(group.enterprise, group.group_id)
    return {"Put": {"TableName": table, "Item": key | marshal(item)}}


def retention_key(enterprise: EnterpriseId, group_id: GroupId) -> Item:
    """The key of what is noted of a group's new retention."""
    return marshal({"pk": f"ENT#{enterprise}", "sk": f"RETENTION#{group_id}"})


def changed() -> ConflictError:
    """What is said to whoever changes a group that is no longer as it was read."""
    return ConflictError(
        "version_conflict", "The group has been changed meanwhile. Read it again, then repeat."
    )


def _customers(table: str, new: Group, old: Group | None) -> Actions:
    wanted = [customer.customer_id for customer in new.config.customers]
    held = [customer.customer_id for customer in old.config.customers] if old else []
    actions: Actions = []
    for place, customer in enumerate(wanted):
        if customer in held:
            continue
        taken = ConflictError(
            "customer_taken",
            "This customer is in another group already.",
            field=f"customers.{place}",
        )
        update = "SET groupId = :group"
        condition = "attribute_exists(pk) AND (attribute_not_exists(groupId) OR groupId = :group)"
        actions.append((_customer(table, new, customer, update, condition), taken))
    for customer in held:
        if customer not in wanted:
            update, condition = "REMOVE groupId", "groupId = :group"
            actions.append((_customer(table, new, customer, update, condition), changed()))
    return actions


def _customer(table: str, group: Group, customer: CustomerId, update: str, condition: str) -> Item:
    return {
        "Update": {
            "TableName": table,
            "Key": marshal({"pk": f"ENT#{group.enterprise}", "sk": f"CUST#{customer}"}),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": marshal({":group": group.group_id}),
        }
    }


def _take(table: str, group: Group, key: str) -> Item:
    return {
        "Put": {
            "TableName": table,
            "Item": marshal(
                {"pk": f"ENT#{group.enterprise}", "sk": key, "groupId": group.group_id}
            ),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _free(table: str, enterprise: EnterpriseId, key: str) -> Item:
    return {
        "Delete": {"TableName": table, "Key": marshal({"pk": f"ENT#{enterprise}", "sk": key})},
    }


def _unique_keys(group: Group) -> list[str]:
    """The sort keys of what no two groups of an enterprise share; case makes no difference."""
    return [f"NAME#{_folded(group.config.name)}", f"CGID#{_folded(group.client_group_id)}"]


def _folded(text: str) -> str:
    """What is alike in two spellings; folding can make a text longer than a key may be."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if len(folded.encode()) <= 512 else sha256(folded.encode()).hexdigest()
