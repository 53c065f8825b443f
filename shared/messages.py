"""What travels through the queues: references to runs and groups, never roster data.

A message is a hint; the run item decides: every stage claims its leg before it works.

Every message says its ``kind``. The values are those of messages in flight, so a class can be
renamed and its kind stays. To rename a kind, accept the new value in one release and send it from
the next one on (docs/upgrade-and-rollback.md). A message without a kind is taken for what its queue
carries, as long as its fields fit. A message of an unknown kind fails, comes again, and ends in the
dead-letter queue until a version is deployed that knows it.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from shared.domain.ids import EnterpriseId, GroupId, RunKey


class Message(BaseModel):
    """What every message says: which group it is about. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)

    enterprise: EnterpriseId
    group_id: GroupId


class SubscribeAddress(Message):
    """Ask the group's e-mail address whether it agrees to receive mail."""

    kind: Literal["Message", "SubscribeAddress"] = "Message"


class BeginWaitingRun(Message):
    """Begin the group's oldest Waiting run, now that another one has ended.

    An EventBridge rule sends it, without a kind.
    """

    kind: Literal["Message", "BeginWaitingRun"] = "Message"


class TestConnection(Message):
    """Try the group's connection and write down what was found, as test ``test_id``."""

    __test__ = False  # for pytest, which takes a class of such a name for tests

    kind: Literal["TestConnection"] = "TestConnection"
    test_id: str


class RunMessage(Message):
    """A message about run ``seq`` of the group."""

    seq: int

    @property
    def key(self) -> RunKey:
        """The run this is about."""
        return RunKey(self.enterprise, self.group_id, self.seq)


class ExtractLeg(RunMessage):
    """Extract, or continue to extract: leg ``leg`` of the run."""

    kind: Literal["ExtractLeg"] = "ExtractLeg"
    leg: int


class PlanRun(RunMessage):
    """Plan what the run has staged: leg ``leg`` of the run."""

    kind: Literal["PlanRun"] = "PlanRun"
    leg: int


class ApplyBatch(RunMessage):
    """Apply batch ``batch`` of the run's change file, bytes ``start`` to ``start + length``.

    ``attempt`` is that of the plan that made the batch: a number may come to mean another run, if
    the records of runs are restored to an earlier moment.
    """

    kind: Literal["ApplyBatch"] = "ApplyBatch"
    batch: int
    start: int
    length: int
    attempt: str | None = None


class DeleteGroup(RunMessage):
    """Delete the group, or continue to delete it: leg ``leg`` of the run."""

    kind: Literal["DeleteGroup"] = "DeleteGroup"
    leg: int


class ExportRoster(RunMessage):
    """Write the roster that run ``seq`` has left as a bundle."""

    kind: Literal["ExportRoster"] = "ExportRoster"


class MailRunEnd(RunMessage):
    """Mail the group's address about a run that has ended."""

    kind: Literal["TellOfRun", "MailRunEnd"] = "TellOfRun"


EXTRACT_QUEUE: TypeAdapter[ExtractLeg | TestConnection] = TypeAdapter(ExtractLeg | TestConnection)
"""What ExtractApiQueue and ExtractSftpQueue carry."""

EXTRACT_ZIP_QUEUE: TypeAdapter[ExtractLeg | BeginWaitingRun] = TypeAdapter(
    ExtractLeg | BeginWaitingRun
)
"""What ExtractZipQueue carries."""

NOTICE_QUEUE: TypeAdapter[MailRunEnd | SubscribeAddress] = TypeAdapter(
    MailRunEnd | SubscribeAddress
)
"""What NoticeQueue carries."""
