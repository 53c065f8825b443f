"""Carrying out writes: refused by a condition, in conflict with others, or failed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.dynamodb.actions import Action
from shared.adapters.dynamodb.values import Item, unmarshal
from shared.domain.errors import TryLaterError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRIES = 3
"""How often a transaction is sent while others are in its way."""

_IN_THE_WAY = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class WriteRefusedError(Exception):
    """The condition of a write did not hold.

    ``old``: the item as it is, if the action asked for it (``tell_old``); otherwise empty.
    """

    def __init__(self, old: Item) -> None:
        super().__init__("the condition of a write did not hold")
        self.old = old


def write_item(client: "DynamoDBClient", action: Action, *, read_back: bool = False) -> Item:
    """Carry out one action by itself.

    :param read_back: whether to return the item as an update has left it; otherwise nothing is
        returned.
    :raises WriteRefusedError: its condition did not hold.
    """
    [(kind, parameters)] = action.items()
    returned = {"ReturnValues": "ALL_NEW"} if read_back else {}
    send: Any = {"Put": client.put_item, "Update": client.update_item, "Delete": client.delete_item}
    try:
        answer = send[kind](**parameters, **returned)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        raise WriteRefusedError(_old(error.response)) from error
    return unmarshal(answer.get("Attributes", {}))


def try_write(client: "DynamoDBClient", action: Action) -> bool:
    """Carry out one action by itself; False if its condition did not hold."""
    try:
        write_item(client, action)
    except WriteRefusedError:
        return False
    return True


def transact(client: "DynamoDBClient", actions: Sequence[Action]) -> Mapping[int, Item]:
    """Carry out all actions, or none. Where other writes are in the way, it tries again.

    :returns: the actions whose conditions did not hold, by their places in ``actions``, each with
        the item as it is (empty unless the action asked for it, see ``tell_old``). If there are
        none, everything is written.
    :raises TryLaterError: other writes were in the way each time.
    """
    send: Any = client.transact_write_items
    conflict: ClientError | None = None
    for _ in range(TRIES):
        try:
            send(TransactItems=list(actions))
        except ClientError as error:
            if refused := _refused(error):
                return refused
            if not _is_conflict(error):
                raise
            conflict = error
        else:
            return {}
    raise TryLaterError("other writes were in the way of a transaction") from conflict


def _refused(error: ClientError) -> dict[int, Item]:
    return {
        place: _old(reason)
        for place, reason in enumerate(_reasons(error))
        if reason.get("Code") == "ConditionalCheckFailed"
    }


def _is_conflict(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        return all(reason.get("Code") in _IN_THE_WAY for reason in _reasons(error))
    return code == "TransactionConflictException"


def _reasons(error: ClientError) -> Sequence[Item]:
    found: Any = error.response.get("CancellationReasons", [])
    return list(found)


def _old(refusal: Mapping[str, Any]) -> Item:
    return unmarshal(refusal.get("Item") or {})
