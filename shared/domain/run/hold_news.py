"""Decides whether a hold is worth an e-mail: when it begins, and when it grows materially."""

from collections.abc import Sequence
from datetime import timedelta

from shared.domain.group.hold import Hold
from shared.domain.run.run import Run

RUNS_LOOKED_AT = 30
"""How many earlier runs are looked at, at most."""
_GROWN = 1.5
_AT_MOST_ONCE_IN = timedelta(hours=24)


def hold_is_news(run: Run, earlier: Sequence[Run]) -> bool:
    """Whether a run that holds something should be mailed.

    A hold that begins is news. So is one that has grown by half, or has a new reason, since the
    last mail about it; but a group gets at most one such mail in 24 hours.

    :param earlier: the runs before it, newest first, as far as they are looked at.
    """
    mailed: Run | None = None
    for each in (*reversed(earlier), run):
        if each.hold is None:
            if each.snapshot is not None:
                mailed = None  # the matter was settled
        elif mailed is None or mailed.hold is None or _news(each, mailed, mailed.hold):
            mailed = each
    return mailed is not None and mailed.seq == run.seq


def _news(run: Run, mailed: Run, before: Hold) -> bool:
    if run.hold is None or run.created_at - mailed.created_at < _AT_MOST_ONCE_IN:
        return False
    grown = run.hold.records >= _GROWN * before.records
    return grown or bool(_reasons(run.hold) - _reasons(before))


def _reasons(hold: Hold) -> set[tuple[str, str]]:
    return {(str(row["entity"]), str(row["rule"])) for row in hold.by_rule}
