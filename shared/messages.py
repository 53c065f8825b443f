"""The messages in the queues: they name runs and groups, and never carry roster data.

A message is only a hint. The run item decides: every stage claims its leg before it works.

Every message says its ``kind``. A class may be renamed, but its kind stays, because messages in
flight carry it. To rename a kind, accept the new value in one release and send it from the next one
(docs/upgrade-and-rollback.md). A message without a kind is read as what its queue carries, if its
fields fit. A message of an unknown kind fails, is delivered again, and waits in the dead-letter
queue until a version is deployed that knows it.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from shared.domain.ids import EnterpriseId, GroupId, RunKey


class Message(BaseModel):
    """The fields of every message: which group it is about. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)

    enterprise: EnterpriseId
    group_id: GroupId


class SubscribeAddress(Message):
    """Ask whoever reads the group's e-mail address to agree to receive mail."""

    kind: Literal["Message", "SubscribeAddress"] = "Message"


class BeginWaitingRun(Message):
    """Begin the group's oldest waiting run, because another one has ended.

    An EventBridge rule sends it, without a kind.
    """

    kind: Literal["Message", "BeginWaitingRun"] = "Message"


class TestConnection(Message):
    """Try the group's connection, and store what was found.

    ``test_id``: the connection test that shows it.
    """

    __test__ = False  # pytest would otherwise collect a class of this name

    kind: Literal["TestConnection"] = "TestConnection"
    test_id: str


class RunMessage(Message):
    """A message about a run of the group.

    ``seq``: the run's number.
    """

    seq: int

    @property
    def key(self) -> RunKey:
        """The run that the message is about."""
        return RunKey(self.enterprise, self.group_id, self.seq)


class ExtractLeg(RunMessage):
    """Fetch the roster from its source, or continue to.

    ``leg``: the leg of the run.
    """

    kind: Literal["ExtractLeg"] = "ExtractLeg"
    leg: int


class PlanRun(RunMessage):
    """Plan the run from what it has staged.

    ``leg``: the leg of the run.
    """

    kind: Literal["PlanRun"] = "PlanRun"
    leg: int


class ApplyBatch(RunMessage):
    """Apply a batch of the run's change file.

    ``batch``: the batch's number.
    ``start``: where the batch begins in the change file, in bytes.
    ``length``: how long it is, in bytes.
    ``attempt``: the attempt to plan that made the batch. It tells two runs with the same number
    apart, if the table of runs was restored to an earlier moment.
    """

    kind: Literal["ApplyBatch"] = "ApplyBatch"
    batch: int
    start: int
    length: int
    attempt: str | None = None


class DeleteGroup(RunMessage):
    """Delete the group, or continue to.

    ``leg``: the leg of the run.
    """

    kind: Literal["DeleteGroup"] = "DeleteGroup"
    leg: int


class ExportRoster(RunMessage):
    """Write the roster that the run has left as a bundle."""

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
