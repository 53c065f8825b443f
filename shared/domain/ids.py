"""The identifiers that travel through the whole system, each with a type of its own."""

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
    """Names one run: ``seq`` counts a group's runs, and numbers their writes (``Plan.writing``)."""

    enterprise: EnterpriseId
    group_id: GroupId
    seq: int

    @property
    def run_id(self) -> str:
        """The run's id as the API shows it."""
        return str(self.seq)


def record_id(group_id: GroupId, *parts: str) -> RecordId:
    """Derive the id of a record first made from ``parts`` (its type and sourcedId, or membership).

    The planner computes the same in SQL for whole collections (``planning.record_ids``); a test
    keeps both equal. Stable for ever: roster keys, content and history hang on it.
    """
    digest = hashlib.sha256(UNIT_SEPARATOR.join((group_id, *parts)).encode())
    return RecordId(digest.hexdigest()[:RECORD_ID_LENGTH])
