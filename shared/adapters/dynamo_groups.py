"""Groups and customers in the ``control`` table; what must be unique has an item of its own.

A group, its name, its client group id and its hold on customers change in one transaction, each
with a condition: of two requests at once one wins, whatever either has read before.
"""

import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.dynamo_items import Item, group_key, marshal, refusals, refused, unmarshal
from shared.adapters.dynamo_run_item import hold_of
from shared.domain.group import Customer, Group
from shared.domain.ids import CustomerId, EnterpriseId, GroupId
from shared.errors import ConflictError, NotFoundError, TryLaterError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRANSACTION_TRIES = 3

_GROUP_FIELDS = (
    "config", "description", "email", "clientGroupId", "syncFrequency", "period", "autoMode",
    "timeZone", "syncHour", "coverImage", "createdAt", "updatedAt",
)  # fmt: skip


Actions = list[tuple[Item, ConflictError]]
"""Actions of a transaction, each with the conflict that its refusal means."""


class DynamoGroups:
    """``Groups`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def create(self, group: Group) -> None:
        """Store a new group; see ``ports.Groups.create``."""
        put = {
            "Put": {
                "TableName": self._table,
                "Item": group_key(group.enterprise, group.group_id)
                | marshal(_values(group) | {"runSeq": 0}),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        owner = {
            "Put": {
                "TableName": self._table,
                "Item": _owner_key(group.group_id) | marshal({"enterprise": group.enterprise}),
            }
        }
        actions: Actions = [(put, _changed()), (owner, _changed())]
        actions += self._claims(group, None)
        self._transact(actions)

    def get(self, enterprise: EnterpriseId, group_id: GroupId) -> Group:
        """Read one group, consistently."""
        answer = self._client.get_item(
            TableName=self._table, Key=group_key(enterprise, group_id), ConsistentRead=True
        )
        if "Item" not in answer or "deleting" in answer["Item"]:
            raise NotFoundError("group_not_found", "There is no such group.")
        return _group(enterprise, unmarshal(answer["Item"]))

    def enterprise_of(self, group_id: GroupId) -> EnterpriseId | None:
        """Tell whose group it is."""
        answer = self._client.get_item(TableName=self._table, Key=_owner_key(group_id))
        return EnterpriseId(answer["Item"]["enterprise"]["S"]) if "Item" in answer else None

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None
    ) -> tuple[Sequence[Group], GroupId | None]:
        """Page through an enterprise's groups."""
        items, more = _page(self._client, self._table, enterprise, "GROUP#", limit, after)
        groups = [_group(enterprise, item) for item in items if "deleting" not in item]
        return groups, GroupId(more) if more else None

    def change(self, old: Group, new: Group) -> None:
        """Replace a group, if it is still as it was read; see ``ports.Groups.change``."""
        values = _values(new)
        gone = [name for name in (*_GROUP_FIELDS, "duePeriod", "nextRunAt") if name not in values]
        if _source(old) != _source(new):
            gone.append("learned")
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        if gone:
            update += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        names = {f"#{name}": name for name in (*values, *gone)}
        put = {
            "Update": {
                "TableName": self._table,
                "Key": group_key(new.enterprise, new.group_id),
                "UpdateExpression": update,
                "ConditionExpression": "version = :old AND attribute_not_exists(deleting)",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": marshal(
                    {f":{name}": value for name, value in values.items()}
                    | {":old": old.config.version}
                ),
            }
        }
        self._transact([(put, _changed()), *self._claims(new, old)])

    def mark(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> None:
        """Mark a group's roster for deletion; see ``ports.Groups.mark``."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=group_key(enterprise, group_id),
                UpdateExpression="SET markedAt = if_not_exists(markedAt, :now)",
                ConditionExpression="attribute_exists(pk) AND attribute_not_exists(deleting)",
                ExpressionAttributeValues=marshal({":now": now.isoformat()}),
            )
        except ClientError as error:
            if refused(error):
                raise NotFoundError("group_not_found", "There is no such group.") from error
            raise

    def delete(self, group: Group) -> None:
        """Delete a group without roster and runs; see ``ports.Groups.delete``."""
        delete = {
            "Delete": {
                "TableName": self._table,
                "Key": group_key(group.enterprise, group.group_id),
                "ConditionExpression": (
                    "version = :old AND attribute_not_exists(activeRun) AND "
                    "attribute_not_exists(#base) AND "
                    "(attribute_not_exists(dirty) OR dirty = :none) AND "
                    "(attribute_not_exists(waiting) OR waiting = :none)"
                ),
                "ExpressionAttributeNames": {"#base": "base"},  # a reserved word
                "ExpressionAttributeValues": marshal({":old": group.config.version, ":none": []}),
            }
        }
        if group.active_run is not None:
            raise ConflictError(
                "run_under_way",
                "A run of this group is under way; delete the group when it has ended.",
                runId=str(group.active_run),
            )
        if group.has_roster:
            raise ConflictError(
                "has_roster", "The group has a roster. Groups with a roster cannot be deleted yet."
            )
        empty = group.model_copy(
            update={"config": group.config.model_copy(update={"customers": ()})}
        )
        disown = {"Delete": {"TableName": self._table, "Key": _owner_key(group.group_id)}}
        actions = [(delete, _changed()), (disown, _changed())]
        actions += [(self._free(group.enterprise, key), _changed()) for key in _unique_keys(group)]
        actions += self._customer_actions(empty, group)
        self._transact(actions)

    def _claims(self, new: Group, old: Group | None) -> "Actions":
        """What a group takes and gives back, each with the conflict that its refusal means."""
        actions: Actions = []
        before = _unique_keys(old) if old else [None, None]
        for key, past, field in zip(
            _unique_keys(new), before, ("name", "clientGroupId"), strict=True
        ):
            if key == past:
                continue
            taken = ConflictError(
                f"{'name' if field == 'name' else 'client_group_id'}_taken",
                f"Another group of the enterprise has this {field}.",
                field=field,
            )
            actions.append((self._take(new, key), taken))
            if past is not None:
                actions.append((self._free(new.enterprise, past), _changed()))
        return actions + self._customer_actions(new, old)

    def _customer_actions(self, new: Group, old: Group | None) -> "Actions":
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
            condition = (
                "attribute_exists(pk) AND (attribute_not_exists(groupId) OR groupId = :group)"
            )
            actions.append((self._customer(new, customer, update, condition), taken))
        for customer in held:
            if customer not in wanted:
                update, condition = "REMOVE groupId", "groupId = :group"
                action = self._customer(new, customer, update, condition)
                actions.append((action, _changed()))
        return actions

    def _customer(self, group: Group, customer: CustomerId, update: str, condition: str) -> Item:
        return {
            "Update": {
                "TableName": self._table,
                "Key": marshal({"pk": f"ENT#{group.enterprise}", "sk": f"CUST#{customer}"}),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": marshal({":group": group.group_id}),
            }
        }

    def _take(self, group: Group, key: str) -> Item:
        return {
            "Put": {
                "TableName": self._table,
                "Item": marshal(
                    {"pk": f"ENT#{group.enterprise}", "sk": key, "groupId": group.group_id}
                ),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _free(self, enterprise: EnterpriseId, key: str) -> Item:
        return {
            "Delete": {
                "TableName": self._table,
                "Key": marshal({"pk": f"ENT#{enterprise}", "sk": key}),
            }
        }

    def _transact(self, actions: "Actions") -> None:
        """Carry out all or nothing; another transaction in the way is waited for, briefly."""
        for _ in range(TRANSACTION_TRIES):
            try:
                self._client.transact_write_items(
                    TransactItems=[action for action, _ in actions]  # type: ignore[misc]
                )
            except ClientError as error:
                old = refusals(error)
                if old is not None:
                    # The group's own condition comes first: if it failed, the rest says nothing.
                    raise next(
                        conflict
                        for (_, conflict), refused in zip(actions, old, strict=True)
                        if refused is not None
                    ) from error
                if error.response["Error"]["Code"] != "TransactionCanceledException":
                    raise
            else:
                return
        raise TryLaterError("the group is being changed by somebody else")


class DynamoCustomers:
    """``Customers`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def create(self, customer: Customer) -> None:
        """Store a new customer."""
        key = {"pk": f"ENT#{customer.enterprise}", "sk": f"CUST#{customer.customer_id}"}
        values = customer.model_dump(mode="json", by_alias=True, exclude={"enterprise", "group_id"})
        try:
            self._client.put_item(
                TableName=self._table,
                Item=marshal(key | values),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConflictError(
                "customer_exists", "There is a customer with this id.", field="customerId"
            ) from error

    def find(
        self, enterprise: EnterpriseId, customer_ids: Sequence[CustomerId]
    ) -> dict[CustomerId, Customer]:
        """Read some customers."""
        keys = [marshal({"pk": f"ENT#{enterprise}", "sk": f"CUST#{c}"}) for c in customer_ids]
        found: dict[CustomerId, Customer] = {}
        request: dict[str, Any] = {self._table: {"Keys": keys, "ConsistentRead": True}}
        while request:
            answer = self._client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                customer = _customer(enterprise, unmarshal(item))
                found[customer.customer_id] = customer
            request = dict(answer.get("UnprocessedKeys") or {})
        return found

    def list(
        self, enterprise: EnterpriseId, limit: int, after: CustomerId | None
    ) -> tuple[Sequence[Customer], CustomerId | None]:
        """Page through an enterprise's customers."""
        items, more = _page(self._client, self._table, enterprise, "CUST#", limit, after)
        return [_customer(enterprise, item) for item in items], CustomerId(more) if more else None


def _page(
    client: "DynamoDBClient",
    table: str,
    enterprise: EnterpriseId,
    prefix: str,
    limit: int,
    after: str | None,
) -> tuple[list[Item], str | None]:
    """One page of an enterprise's items of a kind, and the id after which the next begins."""
    pk = f"ENT#{enterprise}"
    start = {"ExclusiveStartKey": marshal({"pk": pk, "sk": prefix + after})} if after else {}
    answer = client.query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues=marshal({":pk": pk, ":prefix": prefix}),
        Limit=limit,
        **start,  # type: ignore[arg-type]
    )
    last = answer.get("LastEvaluatedKey")
    more = last["sk"]["S"].removeprefix(prefix) if last else None
    return [unmarshal(item) for item in answer["Items"]], more


def _values(group: Group) -> Item:
    values: Item = group.model_dump(mode="json", by_alias=True, include=_FIELD_NAMES)
    values["config"] = json.loads(group.config.model_dump_json(by_alias=False))
    values["version"] = group.config.version
    values["groupId"] = group.group_id
    if group.period is not None and group.next_run_at is not None:
        values["duePeriod"] = group.period.value
        values["nextRunAt"] = int(group.next_run_at.timestamp())
    return {name: value for name, value in values.items() if value is not None}


_FIELD_NAMES = {
    "description", "email", "client_group_id", "sync_frequency", "period", "auto_mode",
    "time_zone", "sync_hour", "cover_image", "created_at", "updated_at",
}  # fmt: skip


def _group(enterprise: EnterpriseId, item: Item) -> Group:
    values = {name: item[name] for name in _GROUP_FIELDS if name in item}
    due = item.get("nextRunAt")
    return Group.model_validate(
        values
        | {
            "enterprise": enterprise,
            "groupId": item["groupId"],
            "nextRunAt": datetime.fromtimestamp(int(due), UTC) if due is not None else None,
            "activeRun": item.get("activeRun"),
            "hold": hold_of(item),
            "markedAt": item.get("markedAt"),
            "lastRun": item.get("runSeq", 0),
            "hasRoster": "base" in item or bool(item.get("dirty")),
        }
    )


def _customer(enterprise: EnterpriseId, item: Item) -> Customer:
    values = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    return Customer.model_validate(values | {"enterprise": enterprise})


def _owner_key(group_id: GroupId) -> Item:
    return {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": "OWNER"}}


def _unique_keys(group: Group) -> list[str]:
    """The sort keys of what no two groups of an enterprise share; case makes no difference."""
    return [f"NAME#{_folded(group.config.name)}", f"CGID#{_folded(group.client_group_id)}"]


def _folded(text: str) -> str:
    """What is alike in two spellings; folding can make a text longer than a key may be."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if len(folded.encode()) <= 512 else sha256(folded.encode()).hexdigest()


def _source(group: Group) -> object:
    """What facts learned about a source depend on."""
    return group.config.connection


def _changed() -> ConflictError:
    return ConflictError(
        "version_conflict", "The group has been changed meanwhile. Read it again, then repeat."
    )
