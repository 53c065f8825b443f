"""What a person decides, and whether that can be done: on what waits, and on a roster's mark."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from shared.domain.errors import ConflictError
from shared.domain.group.hold import (
    MOST_SELECTED,
    RECORDS_SELECTED,
    Decision,
    DecisionFields,
    Hold,
    HoldDecision,
    SelectedRecordFields,
)
from shared.domain.request_body import Input, wrong
from shared.domain.roster.collection import Collection

_ENTITIES = [collection.entity for collection in Collection]


def _known(entity: str) -> str:
    if entity not in _ENTITIES:
        raise wrong(f"There are only {', '.join(_ENTITIES)}.")
    return entity


class SelectedRecordInput(SelectedRecordFields, Input):
    """One record that a person decides about, named by its id or its sourcedId."""

    entity: Annotated[
        str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": _ENTITIES})
    ] = Field(description="Its kind, as the hold names it.")

    @model_validator(mode="after")
    def _one(self) -> "SelectedRecordInput":
        if (self.id is None) == (self.sourced_id is None):
            raise wrong("Name the record by its id or by its sourcedId.")
        return self


SelectedRecords = Annotated[tuple[SelectedRecordInput, ...], Field(max_length=MOST_SELECTED)]


class DecisionInput(DecisionFields, Input):
    """What a person decides about what waits."""

    decision: Literal[Decision.APPROVE, Decision.REJECT] = Field(
        description="`approve` carries out what waits, `reject` keeps what is there."
    )
    records: SelectedRecords | None = Field(None, description=RECORDS_SELECTED)


class KeptDecisionInput(DecisionFields, Input):
    """What a person decides about what was rejected."""

    decision: Literal[Decision.RELEASE, Decision.APPROVE] = Field(
        description="`release` has the next run judge it anew, `approve` carries it out now."
    )
    records: SelectedRecords | None = Field(None, description=RECORDS_SELECTED)


def check_decision(decision: HoldDecision | None, hold: Hold | None, kept: Hold | None) -> None:
    """See that what a person decided on is what waits, or is kept, now.

    :raises ConflictError: ``hold_changed``, or ``no_hold`` where nothing waits; ``kept_changed``,
        or ``nothing_kept``.
    """
    if decision is None:
        return
    if decision.of_kept:
        _check_kept(decision, kept)
        return
    if hold is None:
        raise ConflictError("no_hold", "Nothing of this group waits for a decision.")
    if decision.digest != hold.digest:
        raise ConflictError(
            "hold_changed",
            "What waits has changed since you looked at it. Look at it again, and decide on that.",
        )


def _check_kept(decision: HoldDecision, kept: Hold | None) -> None:
    if kept is None:
        raise ConflictError("nothing_kept", "Nothing of this group is kept that was rejected.")
    if decision.digest != kept.digest:
        raise ConflictError(
            "kept_changed",
            "What is kept has changed since you looked at it. Look at it again, and decide on "
            "that.",
        )


def check_unmark(active_run: int | None, hold: Hold | None) -> None:
    """See that the mark of a roster can be taken back.

    ``active_run`` is the run that has the group to itself, ``hold`` what waits for a person.

    :raises ConflictError: ``run_under_way``: that run may be planning what the mark asks for;
        ``mark_waits``: a run has planned it, and it waits for a decision.
    """
    if active_run is not None:
        raise ConflictError(
            "run_under_way",
            f"Run {active_run} is under way, and may be planning the deletion. Take the mark back "
            "when it has ended.",
            runId=str(active_run),
        )
    if hold is not None and hold.of_mark:
        raise ConflictError(
            "mark_waits",
            "An update has planned the deletion, and it waits for a decision. Reject what waits "
            "(POST …/hold/decisions): that keeps the roster, and takes the mark back.",
        )
