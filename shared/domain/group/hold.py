"""A hold: what of a group waits for a person, and what the person decides."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.group.guard import HoldRule


class Decision(StrEnum):
    """What a person says of a hold: let it happen, or keep what is there."""

    APPROVE = "approve"
    REJECT = "reject"


class Hold(BaseModel):
    """What waits: its ``digest`` stands for exactly these records, each for this reason.

    ``by_rule`` counts them; ``seq`` is the run that found it so, ``list_key`` the object that names
    each record, ``summary_key`` the one that counts them by school and class.
    """

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)

    digest: str
    records: int
    by_rule: tuple[dict[str, Any], ...] = ()
    seq: int = 0
    list_key: str = ""
    summary_key: str = ""

    @property
    def of_mark(self) -> bool:
        """Whether the deletion of a marked roster is among what waits."""
        return any(each.get("rule") == HoldRule.MARKED for each in self.by_rule)

    @property
    def keys(self) -> tuple[str, ...]:
        """The objects that belong to it."""
        return (self.list_key, self.summary_key)


class HoldDecision(BaseModel):
    """A decision as it was made: on which digest, and why."""

    model_config = ConfigDict(frozen=True)

    decision: Decision
    digest: str
    reason: str
