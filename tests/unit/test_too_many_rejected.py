"""How many bad rows end a run: the last share that is allowed, and the first that is not."""

import pytest

from shared.domain.group.choices import Tolerance
from shared.domain.run.too_many_rejected import reason_to_refuse
from tests.fakes.simulation import config


@pytest.mark.parametrize(
    ("share", "allowed_percent", "code"),
    [
        (0.0, 0, None),
        (0.001, 0, "too_many_rejected"),
        (0.1, 10, None),
        (0.101, 10, "too_many_rejected"),
        (1.0, 100, None),
    ],
)
def test_a_share_above_the_allowed_one_ends_the_run(
    share: float, allowed_percent: int, code: str | None
) -> None:
    reason = reason_to_refuse(
        config(max_rejected_percent=allowed_percent), 0, {"users": share, "classes": 0.0}
    )
    assert (reason and reason.code) == code


def test_the_reason_names_the_entity_with_the_largest_share() -> None:
    reason = reason_to_refuse(
        config(max_rejected_percent=10), 0, {"users": 0.2, "classes": 0.5, "enrollments": 0.1}
    )
    assert reason is not None
    assert reason.message.startswith("50% of the classes")


@pytest.mark.parametrize(
    ("tolerance", "warnings", "code"),
    [
        (Tolerance.STRICT, 0, None),
        (Tolerance.STRICT, 1, "not_strict"),
        (Tolerance.LENIENT, 1, None),
    ],
)
def test_only_a_strict_group_allows_no_repairs(
    tolerance: Tolerance, warnings: int, code: str | None
) -> None:
    reason = reason_to_refuse(config(tolerance=tolerance), warnings, {"users": 0.0})
    assert (reason and reason.code) == code
