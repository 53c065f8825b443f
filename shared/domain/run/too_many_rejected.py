"""Whether a delivery has too many bad rows: the run then ends before it changes anything.

A group sets the largest share of rejected rows that it allows (``maxRejectedPercent``). A *strict*
group (``tolerance``) allows no repairs either.
"""

from collections.abc import Mapping

from shared.domain.counted import agreeing, counted
from shared.domain.group.choices import Tolerance
from shared.domain.group.group import GroupConfig
from shared.domain.run.run import Reason


def reason_to_refuse(
    config: GroupConfig, warnings: int, rejected_shares: Mapping[str, float]
) -> Reason | None:
    """Give the reason to end the run, ``not_strict`` or ``too_many_rejected``; None to go on.

    :param warnings: how many things were repaired.
    :param rejected_shares: for each entity, the share of its rows that were rejected, 0 to 1.
    """
    if config.tolerance is Tolerance.STRICT and warnings:
        return _not_strict(warnings)
    entity, share = max(rejected_shares.items(), key=lambda each: each[1])
    if share * 100 > config.max_rejected_percent:
        return _too_many_rejected(entity, share, config.max_rejected_percent)
    return None


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
