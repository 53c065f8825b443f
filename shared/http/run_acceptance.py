"""What a request that starts a run is answered with."""

from shared.domain.run.run import Run
from shared.http.contract.answers import Accepted

ACCEPTED = "Sync up request is accepted"
DELETING = "The group is being deleted"


def show_accepted(run: Run) -> Accepted:
    """What the request for a sync is answered with."""
    return Accepted(message=ACCEPTED, run_id=run.key.run_id)


def show_restoring(run: Run, *, auto: bool) -> Accepted:
    """What the request for a restore is answered with, and what is to be known of later nights."""
    text = "The next update deletes again what the source lacks by then."
    if auto:
        note = f"{text} The group is Auto still, as you asked."
    else:
        note = (
            f"{text} An Auto group was set to Manual; set it to Auto again once the source is "
            "right."
        )
    return Accepted(message=ACCEPTED, run_id=run.key.run_id, note=note)


def show_deletion(run: Run) -> Accepted:
    """What the request to delete a group is answered with."""
    return Accepted(message=DELETING, run_id=run.key.run_id)
