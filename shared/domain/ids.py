"""The ids used throughout the system, each with its own type."""

import hashlib
from typing import NamedTuple, NewType

EnterpriseId = NewType("EnterpriseId", str)
GroupId = NewType("GroupId", str)
CustomerId = NewType("CustomerId", str)
SourcedId = NewType("SourcedId", str)
RecordId = NewType("RecordId", str)

UNIT_SEPARATOR = "\x1f"
RECORD_ID_LENGTH = 32


class RunKey(NamedTuple):
    """The key of a run. ``seq`` is its number in the group, and its writes' (``Plan.writing``)."""

    enterprise: EnterpriseId
    group_id: GroupId
    seq: int

    @property
    def run_id(self) -> str:
        """The run's id as the API shows it."""
        return str(self.seq)


def record_id(group_id: GroupId, *parts: str) -> RecordId:
    """Derive a new record's id.

    :param parts: the record's type and sourcedId, or the parts of a membership.

    The planner computes the same in SQL for whole collections (``planning.record_ids``); a test
    keeps both equal. It must never change: roster keys, content and history depend on it.
    """
    digest = hashlib.sha256(UNIT_SEPARATOR.join((group_id, *parts)).encode())
    return RecordId(digest.hexdigest()[:RECORD_ID_LENGTH])
