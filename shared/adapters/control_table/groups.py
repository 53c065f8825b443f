"""Groups in the ``control`` table; what must be unique has an item of its own.

A group, its name, its client group id and its hold on customers change in one transaction, each
with a condition: of two requests at once one wins, whatever either has read before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, ConditionBase

from shared.adapters.control_table.attributes import GroupItem, OwnerItem
from shared.adapters.control_table.certificates import is_certified, keep_certificate
from shared.adapters.control_table.group_claims import (
    Actions,
    changed,
    claims,
    freed,
    note_retention,
)
from shared.adapters.control_table.group_item import STORED, from_item, hold_of, to_item
from shared.adapters.control_table.keys import (
    GROUPS,
    IS_NEW,
    enterprise_page,
    group_key,
    owner_key,
)
from shared.adapters.control_table.read_group import STAYS, read_group
from shared.adapters.dynamodb.actions import Action, delete, put, update
from shared.adapters.dynamodb.expressions import IfUnset
from shared.adapters.dynamodb.values import Attributes, marshal, unmarshal
from shared.adapters.dynamodb.writes import WriteRefusedError, transact, write_item
from shared.domain.errors import NotFoundError, TryLaterError, group_not_found
from shared.domain.group.cover import Cover
from shared.domain.group.group import Group
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.decision import check_unmark
from shared.domain.run.deletion_certificate import Certificate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoGroups:
    """``Groups`` over DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def create(self, group: Group) -> None:
        """Store a new group; see ``ports.Groups.create``."""
        item = group_key(group.enterprise, group.group_id) | to_item(group) | {GroupItem.RUN_SEQ: 0}
        owner = {**owner_key(group.group_id), OwnerItem.ENTERPRISE: group.enterprise}
        actions: Actions = [
            (put(self._table, item, IS_NEW), changed()),
            (put(self._table, owner), changed()),
        ]
        actions += claims(self._table, group, None)
        self._transact(actions)

    def get(self, enterprise: EnterpriseId, group_id: GroupId, *, deleting: bool = False) -> Group:
        """Read one group, consistently; see ``ports.Groups.get``."""
        item = read_group(self._client, self._table, enterprise, group_id, deleting=deleting)
        return from_item(enterprise, item)

    def check_known(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """See that the enterprise has or had this group; see ``ports.KnownGroups.check_known``."""
        try:
            read_group(self._client, self._table, enterprise, group_id, deleting=True, only=())
        except NotFoundError:
            # In this order: a group that goes between the two reads has its certificate by then.
            if not is_certified(self._client, self._table, enterprise, group_id):
                raise

    def enterprise_of(self, group_id: GroupId) -> EnterpriseId | None:
        """Tell whose group it is."""
        answer = self._client.get_item(TableName=self._table, Key=marshal(owner_key(group_id)))
        item = unmarshal(answer.get("Item", {}))
        return EnterpriseId(item[OwnerItem.ENTERPRISE]) if item else None

    def list(
        self, enterprise: EnterpriseId, limit: int, after: GroupId | None
    ) -> tuple[Sequence[Group], GroupId | None]:
        """Page through an enterprise's groups."""
        items, more = enterprise_page(self._client, self._table, enterprise, GROUPS, limit, after)
        return [from_item(enterprise, item) for item in items], GroupId(more) if more else None

    def change(self, old: Group, new: Group) -> None:
        """Replace a group, if it is still as it was read; see ``ports.Groups.change``.

        Setting by setting: what a newer version has added, there and beside, stays as it is.
        """
        values = to_item(new)
        past = [name for name in STORED if name not in values]
        if old.config.connection != new.config.connection:
            past.append(GroupItem.LEARNED)  # it was learned of another source
        settings = {
            f"{GroupItem.CONFIG}.{name}": value
            for name, value in values.pop(GroupItem.CONFIG).items()
        }
        gone = [path for path, value in settings.items() if value is None]
        change = update(
            self._table,
            group_key(new.enterprise, new.group_id),
            values | settings,
            removes=[*past, *gone],
            condition=STAYS & Attr(GroupItem.VERSION).eq(old.config.version),
        )
        actions: Actions = [(change, changed()), *claims(self._table, new, old)]
        if not old.empty and old.config.retention != new.config.retention:
            actions.append((note_retention(self._table, new), changed()))
        self._transact(actions)

    def set_cover(
        self, enterprise: EnterpriseId, group_id: GroupId, old: Cover, new: Cover
    ) -> Cover:
        """Replace what a group has for a cover image; see ``ports.Groups.set_cover``."""
        kept = new.model_copy(update={"seq": old.seq + 1})
        seq = Attr(GroupItem.COVER_SEQ)
        cover = {GroupItem.COVER: kept.model_dump_json(), GroupItem.COVER_SEQ: kept.seq}
        try:
            self._change(
                enterprise,
                group_id,
                cover,
                condition=STAYS & (seq.eq(old.seq) if old.seq else seq.not_exists()),
            )
        except WriteRefusedError as error:
            raise TryLaterError("the cover image is being changed by somebody else") from error
        return kept

    def mark(self, enterprise: EnterpriseId, group_id: GroupId, now: datetime) -> None:
        """Mark a group's roster for deletion; see ``ports.Groups.mark``."""
        mark = {GroupItem.MARKED_AT: IfUnset(now.isoformat())}
        try:
            self._change(enterprise, group_id, mark, condition=STAYS)
        except WriteRefusedError as error:
            raise group_not_found() from error

    def unmark(self, enterprise: EnterpriseId, group_id: GroupId) -> None:
        """Take the mark of a group's roster back; see ``ports.Groups.unmark``."""
        group = read_group(self._client, self._table, enterprise, group_id)
        check_unmark(group.get(GroupItem.ACTIVE_RUN), hold_of(group))
        try:
            self._change(
                enterprise,
                group_id,
                {},
                removes=(GroupItem.MARKED_AT,),
                # What waits changes by runs alone, and each of them takes a number.
                condition=STAYS & Attr(GroupItem.RUN_SEQ).eq(group[GroupItem.RUN_SEQ]),
            )
        except WriteRefusedError as error:
            raise TryLaterError("a run of the group has begun meanwhile") from error

    def delete(self, group: Group, certificate: Certificate) -> None:
        """Delete a group that holds nothing; see ``ports.Groups.delete``."""
        untouched = (
            Attr(GroupItem.VERSION).eq(group.config.version)
            # Runs and drops alike take a number first.
            & Attr(GroupItem.RUN_SEQ).eq(0)
            & Attr(GroupItem.COVER).not_exists()
        )
        gone = delete(self._table, group_key(group.enterprise, group.group_id), untouched)
        actions: Actions = [(gone, changed()), *freed(self._table, group)]
        ends = (disown(self._table, group.group_id), keep_certificate(self._table, certificate))
        self._transact([*actions, *((action, changed()) for action in ends)])

    def _change(
        self,
        enterprise: EnterpriseId,
        group_id: GroupId,
        sets: Attributes,
        *,
        removes: Sequence[GroupItem] = (),
        condition: ConditionBase,
    ) -> None:
        key = group_key(enterprise, group_id)
        write_item(
            self._client, update(self._table, key, sets, removes=removes, condition=condition)
        )

    def _transact(self, actions: Actions) -> None:
        """Carry out all or nothing, or raise the conflict of the first action that is refused."""
        refused = transact(self._client, [action for action, _ in actions])
        if refused:
            # The group's own condition comes first: if it failed, the rest says nothing.
            raise actions[min(refused)][1]


def disown(table: str, group_id: GroupId) -> Action:
    """The action that forgets whose group it was."""
    return delete(table, owner_key(group_id))
