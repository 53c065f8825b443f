"""close_runs: looks after silent runs (EventBridge: every minute)."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from shared import wiring
from shared.domain.errors import TryLaterError
from shared.domain.ids import RunKey
from shared.observability import log_failure, make_logger
from shared.ports.messaging import WorkQueue
from shared.settings import RunStage, Seconds, SourceQueues
from shared.sync.close.close_runs import ClosePorts, close_runs

logger = make_logger()


class Settings(RunStage, SourceQueues):
    """What this function reads from its environment."""

    extract_zip_queue_url: str
    plan_queue_url: str
    upsert_queue_url: str
    delete_queue_url: str
    lost_after: Seconds = Field(alias="LOST_SECONDS")


def _report(key: RunKey, error: Exception) -> None:
    log_failure(
        logger,
        "run not looked after",
        error,
        enterprise=key.enterprise,
        group_id=key.group_id,
        run_id=key.run_id,
    )


@cache
def build() -> ClosePorts:
    """Build the ports, once a container, at the first event."""
    settings = Settings.read()
    return ClosePorts(
        run=wiring.run_ports(settings, wiring.unclaimed_legs(settings), logger),
        drops=wiring.drops(settings),
        batches=wiring.batches(settings),
        queues={
            WorkQueue.EXTRACT_API: wiring.queue(settings.extract_api_queue_url),
            WorkQueue.EXTRACT_SFTP: wiring.queue(settings.extract_sftp_queue_url),
            WorkQueue.EXTRACT_ZIP: wiring.queue(settings.extract_zip_queue_url),
            WorkQueue.PLAN: wiring.queue(settings.plan_queue_url),
            WorkQueue.UPSERT: wiring.queue(settings.upsert_queue_url),
            WorkQueue.DELETE: wiring.queue(settings.delete_queue_url),
        },
        watch=wiring.queue_watch(settings),
        report=_report,
        resend_after=settings.resend_after,
        lost_after=settings.lost_after,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Send lost messages of runs again, and end the runs that this does not help.

    A tick that could not look after some fails, so that it is seen; Lambda repeats it.
    """
    done = close_runs(build())
    if any(done.values()):
        logger.info("silent runs looked after", extra=done)
    if done["failed"]:
        raise TryLaterError("some runs could not be looked after")
    return done
