"""Groups in the ``control`` table; what must be unique has an item of its own.

A group, its name, its client group id and its hold on customers change in one transaction, each
with a condition: of two requests at once one wins, whatever either has read before.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.adapters.control_table.certificates import is_certified, keep_certificate
from shared.adapters.control_table.group_claims import (
    NEW_RETENTION,
    Actions,
    changed,
    claims,
    freed,
    note_retention,
    retention_key,
)
from shared.adapters.control_table.group_item import DELETING, MARKED, STAYS, no_group, read_group
from shared.adapters.control_table.keys import enterprise_page, group_key
from shared.adapters.control_table.run_item import hold_of
from shared.adapters.dynamodb import Item, marshal, refusals, refused, unmarshal
from shared.domain.errors import NotFoundError, TryLaterError
from shared.domain.group.choices import Period
from shared.domain.group.cover import Cover
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.deletion_certificate import Certificate
from shared.domain.run.newer_version import known_settings, known_word
from shared.domain.run.run import Mode, RunState
from shared.ports.groups import check_unmark

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRANSACTION_TRIES = 3

_GROUP_FIELDS = (
    "config", "description", "email", "clientGroupId", "syncFrequency", "period", "autoMode",
    "timeZone", "syncHour", "anchor", "webhook", "createdAt", "updatedAt",
)  # fmt: skip


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
        actions: Actions = [(put, changed()), (owner, changed())]
        actions += claims(self._table, group, None)
        self._transact(actions)

    def get(self, enterprise: EnterpriseId, group_id: GroupId, *, deleting: bool = False) -> Group:
        """Read one group, consistently; see ``ports.Groups.get``."""
        item = read_group(self._client, self._table, enterprise, group_id, deleting=deleting)
        return _group(enterprise, item)

    def known(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """See that the enterprise has or had this group; see ``ports.KnownGroups.known``."""
        try:
            read_group(self._client, self._table, enterprise, group_id, deleting=True, only={})
        except NotFoundError:
            # In this order: a group that goes between the two reads has its certificate by then.
            if not is_certified(self._client, self._table, enterprise, group_id):
                raise

    def enterprise_of(self, group_id: GroupId) -> EnterpriseId | None:
        """Tell whose group it is."""
        answer = self._client.get_item(TableName=self._table, Key=_owner_key(group_id))
        return EnterpriseId(answer["Item"]["enterprise"]["S"]) if "Item" in answer else None

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None
    ) -> tuple[Sequence[Group], GroupId | None]:
        """Page through an enterprise's groups."""
        items, more = enterprise_page(self._client, self._table, enterprise, "GROUP#", limit, after)
        return [_group(enterprise, item) for item in items], GroupId(more) if more else None

    def change(self, old: Group, new: Group) -> None:
        """Replace a group, if it is still as it was read; see ``ports.Groups.change``.

        Setting by setting: what a newer version has added, there and beside, stays as it is.
        """
        values = _values(new)
        gone = [name for name in (*_GROUP_FIELDS, "duePeriod", "nextRunAt") if name not in values]
        if _source(old) != _source(new):
            gone.append("learned")
        settings = {f"config_{name}": value for name, value in values.pop("config").items()}
        gone += [name for name, value in settings.items() if value is None]
        values |= {name: value for name, value in settings.items() if value is not None}
        places = {name: f"#{name}" for name in (*values, *gone)}
        places |= {name: f"#config.#{name}" for name in settings}
        update = "SET " + ", ".join(f"{places[name]} = :{name}" for name in values)
        if gone:
            update += " REMOVE " + ", ".join(places[name] for name in gone)
        names = {f"#{name}": name.removeprefix("config_") for name in (*values, *gone)}
        names["#config"] = "config"
        put = {
            "Update": {
                "TableName": self._table,
                "Key": group_key(new.enterprise, new.group_id),
                "UpdateExpression": update,
                "ConditionExpression": f"{STAYS} AND version = :old",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": marshal(
                    {f":{name}": value for name, value in values.items()}
                    | {":old": old.config.version}
                ),
            }
        }
        actions: Actions = [(put, changed()), *claims(self._table, new, old)]
        if not old.empty and old.config.retention != new.config.retention:
            actions.append((note_retention(self._table, new), changed()))
        self._transact(actions)

    def due(
        self, period: Period, tick: datetime
    ) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups that are due; see ``ports.DueGroups.due``."""
        yield from self._due(period.value, tick)

    def new_retentions(self, tick: datetime) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        """Page through the groups with a new retention; see ``ports.DueGroups``."""
        yield from self._due(NEW_RETENTION, tick)

    def retention_kept(self, enterprise: EnterpriseId, group_id: GroupId, version: int) -> None:
        """Note that the retention of ``version`` is kept; see ``ports.DueGroups``."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=retention_key(enterprise, group_id),
                ConditionExpression="attribute_not_exists(pk) OR version <= :version",
                ExpressionAttributeValues=marshal({":version": version}),
            )
        except ClientError as error:
            if not refused(error):
                raise

    def _due(
        self, partition: str, tick: datetime
    ) -> Iterator[Sequence[tuple[EnterpriseId, GroupId]]]:
        for page in self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="dueGroups",
            KeyConditionExpression="duePeriod = :partition AND nextRunAt <= :tick",
            ExpressionAttributeValues=marshal(
                {":partition": partition, ":tick": int(tick.timestamp())}
            ),
        ):
            yield [
                (
                    EnterpriseId(item["pk"].removeprefix("ENT#")),
                    GroupId(item["sk"].partition("#")[2]),
                )
                for item in map(unmarshal, page["Items"])
            ]

    def set_cover(
        self, enterprise: EnterpriseId, group_id: GroupId, old: Cover, new: Cover
    ) -> Cover:
        """Replace what a group has for a cover image; see ``ports.Groups.set_cover``."""
        kept = new.model_copy(update={"seq": old.seq + 1})
        values = {":seen": old.seq, ":seq": kept.seq, ":new": kept.model_dump_json()}
        seen = "coverSeq = :seen" if old.seq else "attribute_not_exists(coverSeq)"
        if not old.seq:
            del values[":seen"]
        try:
            self._client.update_item(
                TableName=self._table,
                Key=group_key(enterprise, group_id),
                UpdateExpression="SET cover = :new, coverSeq = :seq",
                ConditionExpression=f"{STAYS} AND {seen}",
                ExpressionAttributeValues=marshal(values),
            )
        except ClientError as error:
            if refused(error):
                raise TryLaterError("the cover image is being changed by somebody else") from error
            raise
        return kept

    def mark(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> None:
        """Mark a group's roster for deletion; see ``ports.Groups.mark``."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=group_key(enterprise, group_id),
                UpdateExpression=f"SET {MARKED} = if_not_exists({MARKED}, :now)",
                ConditionExpression=STAYS,
                ExpressionAttributeValues=marshal({":now": now.isoformat()}),
            )
        except ClientError as error:
            if refused(error):
                raise no_group() from error
            raise

    def unmark(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """Take the mark of a group's roster back; see ``ports.Groups.unmark``."""
        group = read_group(self._client, self._table, enterprise, group_id)
        check_unmark(group.get("activeRun"), hold_of(group))
        try:
            self._client.update_item(
                TableName=self._table,
                Key=group_key(enterprise, group_id),
                UpdateExpression=f"REMOVE {MARKED}",
                # What waits changes by runs alone, and each of them takes a number.
                ConditionExpression=f"{STAYS} AND runSeq = :seen",
                ExpressionAttributeValues=marshal({":seen": group["runSeq"]}),
            )
        except ClientError as error:
            if refused(error):
                raise TryLaterError("a run of the group has begun meanwhile") from error
            raise

    def delete(self, group: Group, certificate: Certificate) -> None:
        """Delete a group that holds nothing; see ``ports.Groups.delete``."""
        delete = {
            "Delete": {
                "TableName": self._table,
                "Key": group_key(group.enterprise, group.group_id),
                "ConditionExpression": (
                    # Runs and drops alike take a number first.
                    "version = :old AND runSeq = :none AND attribute_not_exists(cover)"
                ),
                "ExpressionAttributeValues": marshal({":old": group.config.version, ":none": 0}),
            }
        }
        actions: Actions = [(delete, changed()), *freed(self._table, group)]
        ends = (disown(self._table, group.group_id), keep_certificate(self._table, certificate))
        self._transact([*actions, *((action, changed()) for action in ends)])

    def _transact(self, actions: Actions) -> None:
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
    "time_zone", "sync_hour", "anchor", "webhook", "created_at", "updated_at",
}  # fmt: skip


def _group(enterprise: EnterpriseId, item: Item) -> Group:
    values = {name: item[name] for name in _GROUP_FIELDS if name in item}
    values["config"] = known_settings(values["config"])
    due = item.get("nextRunAt")
    return Group.model_validate(
        values
        | {
            "enterprise": enterprise,
            "groupId": item["groupId"],
            "nextRunAt": datetime.fromtimestamp(int(due), UTC) if due is not None else None,
            "activeRun": item.get("activeRun"),
            "cover": Cover.model_validate_json(item["cover"]) if "cover" in item else Cover(),
            "hold": hold_of(item),
            "markedAt": item.get(MARKED),
            "lastEnded": _last_ended(item["lastEnded"]) if "lastEnded" in item else None,
            "empty": not (
                item.keys() & {"base", "activeRun"} or item.get("dirty") or item.get("waiting")
            ),
            "untouched": not item["runSeq"] and "cover" not in item,
            "deletingSince": item.get(DELETING),
        }
    )


def _last_ended(stored: str) -> Item:
    """The run that ended last, perhaps one of a newer version."""
    ended: Item = json.loads(stored)
    mode, state = known_word(Mode, ended["mode"]), known_word(RunState, ended["state"])
    return ended | {"mode": mode.value, "state": state.value}


def disown(table: str, group_id: GroupId) -> Item:
    """The action that forgets whose group it was."""
    return {"Delete": {"TableName": table, "Key": _owner_key(group_id)}}


def _owner_key(group_id: GroupId) -> Item:
    return {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": "OWNER"}}


def _source(group: Group) -> object:
    """What facts learned about a source depend on."""
    return group.config.connection
