"""A person's decision on what waits: a run of its own, that fetches nothing."""

from datetime import datetime

from shared.domain.group.hold import HoldDecision
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, Trigger
from shared.ports.messaging import Queue
from shared.ports.runs import Runs
from shared.sync.request.request_sync import start_planning


def decide_hold(
    enterprise: EnterpriseId,
    group_id: GroupId,
    decision: HoldDecision,
    person: str,
    runs: Runs,
    plan_queue: Queue,
    now: datetime,
) -> Run:
    """Start the run that carries a decision out; the hold must still be what was shown.

    What of it has returned since it was shown is no part of it any more, and changes its digest.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: a run is under way, the hold has changed, or nothing waits.
    """
    request = RunRequest(
        enterprise, group_id, Mode.UPDATE, Trigger.DECISION, person, decision=decision
    )
    return start_planning(request, runs, plan_queue, now)
