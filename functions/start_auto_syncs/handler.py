"""start_auto_syncs: starts the Auto groups that are due (six EventBridge rules, hourly)."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.domain.errors import TryLaterError
from shared.domain.ids import EnterpriseId, GroupId
from shared.observability import log_failure, make_logger
from shared.settings import Number, RunTimes, SourceQueues
from shared.sync.request.request_sync import RequestPorts
from shared.sync.request.start_auto_syncs import AutoPorts, Tick, start_auto_syncs

logger = make_logger()


class Settings(RunTimes, SourceQueues):
    """What this function reads from its environment."""

    plan_queue_url: str
    spread_seconds: Number


def _report(enterprise: EnterpriseId, group_id: GroupId, error: Exception) -> None:
    log_failure(logger, "group not started", error, enterprise=enterprise, group_id=group_id)


@cache
def build() -> AutoPorts:
    """Build the ports, once a container, at the first event."""
    settings = Settings.read()
    return AutoPorts(
        due_groups=wiring.due_groups(settings),
        requests=RequestPorts(
            groups=wiring.groups(settings),
            runs=wiring.runs(settings),
            extract_queues=wiring.source_queues(settings),
            plan_queue=wiring.queue(settings.plan_queue_url),
        ),
        clock=clock.now,
        report=_report,
        spread_seconds=settings.spread_seconds,
        workers=wiring.CONNECTIONS,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Start what is due; a tick that left groups behind fails, and Lambda repeats it."""
    tick = Tick.model_validate(event)
    done = start_auto_syncs(tick, build())
    logger.info("tick", extra={"period": tick.period.value, **done})
    if done["failed"]:
        raise TryLaterError("some groups could not be started")
    return done
