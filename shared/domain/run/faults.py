"""By whose fault a run ended as it did, for whoever runs Homeroom: is it theirs to act?"""

from typing import Literal

from shared.domain.run.run import Run, RunState

Fault = Literal["ours", "theirs", "nobody"]

OURS = frozenset(
    {"abandoned", "changes_unapplied", "newer_version", "out_of_time", "staged_roster_expired"}
)
"""Codes of what only the operator can look into: work that stopped, what is gone from the store, a
deployment that went back."""


def fault_of(run: Run) -> Fault:
    """Whose fault an end is: ours, theirs (source, files or the group's settings), nobody's.

    A run that waits for a person has done its work, and so has one that another took the place of.
    """
    code = run.reason.code if run.reason else None
    if run.state is RunState.FAILED:
        return "ours" if code in OURS or code is None else "theirs"
    if run.state is RunState.SUCCEEDED_WITH_ERRORS:
        return "ours" if code in OURS else "theirs"
    return "nobody"
