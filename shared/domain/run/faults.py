"""Whose fault the end of a run is: must whoever runs Homeroom act?"""

from typing import Literal

from shared.domain.run.run import Run, RunState

Fault = Literal["ours", "theirs", "nobody"]

OURS = frozenset(
    {"abandoned", "changes_unapplied", "newer_version", "out_of_time", "staged_roster_expired"}
)
"""Reasons that only the operator can look into: work that stopped, objects that are gone, a
deployment that was rolled back."""


def fault_of(run: Run) -> Fault:
    """Say whose fault an end is: ours, theirs or nobody's.

    Theirs means the source, the files or the group's settings. A run that waits for a person has
    done its work, and so has one that another run superseded.
    """
    code = run.reason.code if run.reason else None
    if run.state is RunState.FAILED:
        return "ours" if code in OURS or code is None else "theirs"
    if run.state is RunState.SUCCEEDED_WITH_ERRORS:
        return "ours" if code in OURS else "theirs"
    return "nobody"
