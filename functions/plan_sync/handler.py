"""plan_sync: compares what a run has staged with what the roster holds (SQS: PlanQueue)."""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import wiring
from shared.messages import PlanRun
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.settings import ClaimTimes, RosterTable, RunStage
from shared.sync.leg import Pace
from shared.sync.plan.plan_run import PlanPorts, plan_run

logger = make_logger()


class Settings(ClaimTimes, RunStage, RosterTable):
    """What this function reads from its environment."""

    extract_api_queue_url: str
    upsert_queue_url: str


@cache
def build() -> PlanPorts:
    """Build the ports, once a container, at the first message."""
    settings = Settings.read()
    return PlanPorts(
        run=wiring.run_ports(settings, wiring.legs(settings), logger),
        batches=wiring.batches(settings, roster=settings),
        exceptions=wiring.record_exceptions(settings),
        holdings=wiring.roster_holdings(settings),
        groups=wiring.groups(settings),
        extract_queue=wiring.queue(settings.extract_api_queue_url),
        apply_queue=wiring.queue(settings.upsert_queue_url),
        pace=Pace(beat=settings.beat),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Plan the run of each message; a failed message comes again."""

    def plan(message: PlanRun, receives: int) -> None:
        directory = Path(tempfile.mkdtemp(prefix="plan-"))
        try:
            plan_run(message, build(), context.aws_request_id, directory)
        finally:
            shutil.rmtree(directory)

    return consume(event, PlanRun, logger, plan)
