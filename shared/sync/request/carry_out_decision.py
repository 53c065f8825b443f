"""A person's decision on what waits: starts the run that carries it out, which fetches nothing."""

from datetime import datetime

from shared.domain.group.hold import HoldDecision
from shared.domain.ids import EnterpriseId, GroupId
from shared.domain.run.requests import RunRequest
from shared.domain.run.run import Mode, Run, Trigger
from shared.sync.request.request_sync import RequestPorts, start_planning


def carry_out_decision(
    enterprise: EnterpriseId,
    group_id: GroupId,
    decision: HoldDecision,
    person: str,
    ports: RequestPorts,
    now: datetime,
) -> Run:
    """Start the run that carries a decision out. The hold must still be what the person saw.

    :raises NotFoundError: no such group in this enterprise.
    :raises ConflictError: a run is under way, the hold has changed, or nothing waits.
    """
    request = RunRequest(
        enterprise, group_id, Mode.UPDATE, Trigger.DECISION, person, decision=decision
    )
    return start_planning(request, ports.runs, ports.plan_queue, now)
