"""Ends a run before any change if too much of what was delivered is wrong for its group."""

from shared.domain.counted import agreeing, counted
from shared.domain.errors import GiveUpError
from shared.domain.group.choices import Tolerance
from shared.domain.group.group import GroupConfig
from shared.domain.run.run import Reason
from shared.planning.plan import PlanOutcome


def refuse_roster(config: GroupConfig, outcome: PlanOutcome) -> None:
    """Check what was repaired and rejected against what the group allows.

    :raises GiveUpError: ``not_strict`` or ``too_many_rejected``.
    """
    if config.tolerance is Tolerance.STRICT and outcome.warnings:
        raise GiveUpError(_not_strict(outcome.warnings))
    entity, share = max(outcome.rejected_shares.items(), key=lambda each: each[1])
    if share * 100 > config.max_rejected_percent:
        raise GiveUpError(_too_many_rejected(entity, share, config.max_rejected_percent))


def _not_strict(warnings: int) -> Reason:
    them = agreeing(warnings, "it", "them")
    return Reason(
        code="not_strict",
        field="tolerance",
        message=f"The group is strict, and {counted(warnings, 'thing')} had to be repaired; the "
        f"error report names {them}. Nothing was changed. Correct {them} at the source, or make "
        "the group lenient.",
    )


def _too_many_rejected(entity: str, share: float, allowed_percent: int) -> Reason:
    return Reason(
        code="too_many_rejected",
        field="maxRejectedPercent",
        message=f"{share:.0%} of the {entity} were rejected, more than the {allowed_percent} % "
        "that the group allows. Nothing was changed. The error report names each row; correct them "
        "at the source and sync again.",
    )
