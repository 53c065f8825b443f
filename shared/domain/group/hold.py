"""A hold: what waits for a person in a group, and what the person decides."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from shared.domain.described import Described, Kept
from shared.domain.group.guard import HoldRule
from shared.domain.request_body import Line, SourcedIdText, Word


class Decision(StrEnum):
    """What a person decides.

    ``approve`` carries out what waits, ``reject`` keeps what is there. ``release`` is for what was
    rejected: the next run judges it anew.
    """

    APPROVE = "approve"
    REJECT = "reject"
    RELEASE = "release"


MOST_SELECTED = 200
"""How many schools, rules or records a decision can name."""


class SelectedRecordFields(Described):
    """One record that a decision is about, named by its id or its sourcedId."""

    entity: Word = Field(description="Its kind, as the hold names it.")
    id: Word | None = Field(None, description="Its id.")
    sourced_id: SourcedIdText | None = Field(None, description="Its sourcedId.")


class SelectedRecord(SelectedRecordFields, Kept):
    """The record as a decision keeps it."""

    @property
    def named(self) -> str:
        """The entity, and the id or sourcedId."""
        return f"{self.entity}/{self.sourced_id if self.id is None else self.id}"


@dataclass(frozen=True)
class Selection:
    """Which part of a hold a decision is about; selectors narrow each other.

    ``schools``: sourcedIds of orgs; None for all.
    ``rules``: why records wait; None for all.
    ``records``: single records; None for all.
    ``of_kept``: whether it is about what was rejected, not about what waits.
    """

    schools: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    records: tuple[SelectedRecord, ...] | None = None
    of_kept: bool = False

    @property
    def whole(self) -> bool:
        """Whether everything is selected."""
        return (self.schools, self.rules, self.records) == (None, None, None)


EVERYTHING = Selection()
"""Selects all that waits."""


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


RECORDS_SELECTED = (
    "The records to decide on, each as `entity` with `sourcedId` or `id`. Without it, all."
)


class DecisionFields(Described):
    """A decision about a hold."""

    decision: Decision = Field(
        description="`approve` carries out what waits. `reject` keeps what is there, and `release` "
        "has what was rejected judged anew by the next run."
    )
    digest: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The digest of the hold that was shown. The decision is refused if something "
        "else waits by now."
    )
    reason: Line = Field(description="Why, in the person's words; it is kept with the run.")
    schools: Annotated[tuple[SourcedIdText, ...], Field(max_length=MOST_SELECTED)] | None = Field(
        None,
        description="The sourcedIds of the schools to decide on. Without it, all. Selectors narrow "
        "each other, and what hangs on a selected record is decided with it; the rest waits on.",
    )
    rules: Annotated[tuple[Word, ...], Field(max_length=MOST_SELECTED)] | None = Field(
        None, description="The rules to decide on, as `byRule` names them. Without it, all."
    )


class HoldDecision(DecisionFields, Kept):
    """A decision as it was made.

    ``records``: the records that it is about, None for all.
    ``of_kept``: whether it is about what was rejected, not about what waits.
    """

    records: tuple[SelectedRecord, ...] | None = None
    of_kept: bool = False

    @property
    def selection(self) -> Selection:
        """What it is about."""
        return Selection(self.schools, self.rules, self.records, self.of_kept)
