"""What travels through the queues: references to runs and groups, never roster data.

A message is a hint; the run item decides (every stage claims its leg before it works).
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from shared.domain.ids import EnterpriseId, GroupId, RunKey


class Message(BaseModel):
    """What every message says: which group it is about, and of which ``kind`` it is.

    Fields that are not known are passed over. A message of a kind that is not known is no message:
    it comes again, and is parked in the end, for the version that knows it.
    """

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)

    enterprise: EnterpriseId
    group_id: GroupId
    kind: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_this_kind(cls, values: Any) -> Any:
        """See that a message says that it is of this kind, or nothing, as one by a rule does."""
        if not isinstance(values, dict):
            return values
        if values.get("kind", cls.__name__) != cls.__name__:
            raise ValueError("a message of another kind")
        return values | {"kind": cls.__name__}


class RunMessage(Message):
    """A message about one run."""

    seq: int

    @property
    def key(self) -> RunKey:
        """The run this is about."""
        return RunKey(self.enterprise, self.group_id, self.seq)


class ExtractLeg(RunMessage):
    """Extract, or go on extracting: leg ``leg`` of the run."""

    leg: int


class TestConnection(Message):
    """Try the group's connection and write down what was found, as test ``test_id``."""

    test_id: str


class DeleteGroup(RunMessage):
    """Delete the group, or go on deleting it: leg ``leg`` of the run."""

    leg: int


class ExportRoster(RunMessage):
    """Write the roster that run ``seq`` has left as a bundle."""


class TellOfRun(RunMessage):
    """Tell the group's address of a run that has ended."""


class PlanRun(RunMessage):
    """Plan what the run has staged: leg ``leg`` of the run."""

    leg: int


class ApplyBatch(RunMessage):
    """Apply batch ``batch`` of the run's change file, bytes ``start`` to ``start + length``.

    ``attempt`` is that of the plan that made the batch: a number may come to mean another run, if
    the records of runs are restored to an earlier moment.
    """

    batch: int
    start: int
    length: int
    attempt: str | None = None
