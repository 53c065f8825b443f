"""Answers requests that start a run."""

from shared.domain.run.run import Run
from shared.http.contract.answers import Accepted

ACCEPTED = "Sync up request is accepted"
DELETING = "The group is being deleted"
_NEXT = "The next update deletes again what the source lacks by then."
NOTES = {
    True: f"{_NEXT} The group is Auto still, as you asked.",
    False: f"{_NEXT} An Auto group was set to Manual; set it to Auto again once the source is "
    "right.",
}
"""What to know about a restore, by whether the group is still Auto."""


def show_accepted(run: Run, *, auto: bool | None = None) -> Accepted:
    """Answer a request that started a run.

    :param auto: for a restore, whether the group is still Auto; its note says what later nights do.
    """
    # Absent, not empty, where there is nothing to say.
    note = {} if auto is None else {"note": NOTES[auto]}
    return Accepted(message=ACCEPTED, run_id=run.key.run_id, **note)


def show_deletion(run: Run) -> Accepted:
    """Answer the request to delete a group."""
    return Accepted(message=DELETING, run_id=run.key.run_id)
