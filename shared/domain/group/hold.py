"""A hold: what waits for a person in a group, and what the person decides."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from shared.domain.described import Described, Kept
from shared.domain.group.guard import HoldRule
from shared.domain.request_body import Line


class Decision(StrEnum):
    """What a person decides: ``approve`` carries out what waits, ``reject`` keeps what is there."""

    APPROVE = "approve"
    REJECT = "reject"


class Hold(BaseModel):
    """What waits for a person.

    digest: stands for exactly these records, each for its reason.
    records: how many there are.
    by_rule: how many there are by ``entity`` and ``rule``.
    seq: the run that found them.
    list_key: the object that lists each record.
    summary_key: the object that counts them by school and class.
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
        """Whether the deletion of a marked roster waits."""
        return any(each.get("rule") == HoldRule.MARKED for each in self.by_rule)

    @property
    def keys(self) -> tuple[str, ...]:
        """The objects that belong to the hold."""
        return (self.list_key, self.summary_key)


class DecisionFields(Described):
    """A decision about a hold."""

    decision: Decision = Field(
        description="`approve` carries out what waits, `reject` keeps what is there."
    )
    digest: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The digest of the hold that was shown. The decision is refused if something "
        "else waits by now."
    )
    reason: Line = Field(description="Why, in the person's words; it is kept with the run.")


class HoldDecision(DecisionFields, Kept):
    """A decision as it was made."""
