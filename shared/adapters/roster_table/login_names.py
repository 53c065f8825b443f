"""Login names: each belongs to one user of the enterprise.

User and name change in one transaction (decision 5): a worker that pauses between two writes could
otherwise take or release a name in the middle of a later run. Whoever gets a name that another user
of the group loses in the same run takes it over directly, whichever of the two is written first.
"""

from collections.abc import Iterator

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from shared.adapters.dynamodb.actions import Action, delete, update
from shared.adapters.dynamodb.reads import get
from shared.adapters.dynamodb.writes import transact, try_write
from shared.adapters.roster_table.attributes import Doc, LoginItem, RecordItem
from shared.adapters.roster_table.keys import login_key
from shared.adapters.roster_table.record_writes import RecordWrites, overtaken, refusal
from shared.domain.errors import TryLaterError
from shared.domain.roster.change import LoginClaim, RosterWrite
from shared.ports.roster import OVERTAKEN, Refusal

TRIES = 3
"""How often to try to take a name that another user releases at the same moment."""


def write_with_login_name(
    records: RecordWrites, write: RosterWrite, login: LoginClaim
) -> Iterator[Refusal]:
    """Write a user, take the new login name, and release the old ones.

    If another user has the name, the user is written without it.
    """
    actions = [records.update(write)]
    if login.take is not None:
        actions.append(_take(records, write, login, login.take))
    for _ in range(TRIES):
        try:
            refused = transact(records.client, actions)
        except TryLaterError:
            yield Refusal(write.collection, write.id, "TransactionCanceledException", passing=True)
            return
        except ClientError as error:
            yield refusal(write, error)
            return
        if not refused:
            break
        old = refused.get(0)
        if old and old[RecordItem.SEQ] < records.key.seq:
            actions[0] = records.update(write, over=True)
            continue
        if old is not None and old.get(RecordItem.SEQ) != records.key.seq:
            if overtaken(old, records.key):
                yield Refusal(write.collection, write.id, OVERTAKEN)
            return
        holder = None if login.take is None else _holder(records, login.take)
        if login.take is None or holder == write.id:
            break  # applied already
        if old is None and holder is None:
            continue  # the name was released just now
        yield from records.write_one(_without_login_name(write))
        yield Refusal(write.collection, write.id, "login_name_taken")
        break
    else:
        yield Refusal(write.collection, write.id, "login_name_contested", passing=True)
        return
    for name in login.release:
        try:
            _release(records, write, name)
        except ClientError as error:
            # The user's heir may be taking the name at this moment. The user is written: when the
            # message comes again, only this is left.
            yield refusal(write, error)


def _take(records: RecordWrites, write: RosterWrite, login: LoginClaim, name: str) -> Action:
    """The action by which a user takes a name that is free, its own, or to be inherited."""
    holder = Attr(LoginItem.USER_ID)
    ours = holder.is_in([write.id, *login.inherits])
    return update(
        records.table,
        login_key(records.key.enterprise, name),
        {
            LoginItem.USER_ID: write.id,
            LoginItem.GROUP_ID: records.key.group_id,
            LoginItem.SEQ: records.key.seq,
        },
        condition=holder.not_exists() | (ours & Attr(LoginItem.SEQ).lt(records.key.seq)),
    )


def _release(records: RecordWrites, write: RosterWrite, name: str) -> None:
    """Release a name, if it is still this user's and older than this run."""
    mine = Attr(LoginItem.USER_ID).eq(write.id) & Attr(LoginItem.SEQ).lt(records.key.seq)
    key = login_key(records.key.enterprise, name)
    try_write(records.client, delete(records.table, key, mine))


def _holder(records: RecordWrites, name: str) -> str | None:
    """The id of the user who has a name."""
    item = get(records.client, records.table, login_key(records.key.enterprise, name))
    return None if item is None else str(item[LoginItem.USER_ID])


def _without_login_name(write: RosterWrite) -> RosterWrite:
    login_name = Doc.LOGIN_NAME.removeprefix(f"{RecordItem.DOC}.")
    doc = {name: value for name, value in write.doc.items() if name != login_name}
    return write.model_copy(update={"doc": doc})
