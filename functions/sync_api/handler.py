"""sync_api: pulls a roster over REST, one leg a message (SQS: ExtractApiQueue)."""

import random
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.adapters.oneroster_rest.client import open_source
from shared.groups.try_connection import ConnectionTestPorts, try_connection
from shared.groups.try_source import try_source
from shared.messages import EXTRACT_QUEUE, ExtractLeg, TestConnection
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.settings import InsecureSources, LegTimes, RunStage
from shared.sync.back_off import BackOff
from shared.sync.extract.extract_roster import ExtractPorts, extract_leg
from shared.sync.leg import Pace

logger = make_logger()


class Settings(LegTimes, RunStage, InsecureSources):
    """What this function reads from its environment."""

    extract_api_queue_url: str
    plan_queue_url: str


@cache
def build() -> tuple[ExtractPorts, ConnectionTestPorts]:
    """Build the ports of extraction and of connection tests, once a container."""
    settings = Settings.read()
    secrets = wiring.secrets()
    open_rest = partial(open_source, allow_insecure=settings.allow_insecure_sources)
    extraction = ExtractPorts(
        run=wiring.run_ports(settings, wiring.legs(settings), logger),
        extract_queue=wiring.queue(settings.extract_api_queue_url),
        plan_queue=wiring.queue(settings.plan_queue_url),
        secrets=secrets,
        open_source=open_rest,
        back_off=BackOff(clock.wait, random.random),
        pace=Pace(settings.leg, settings.beat),
    )
    tests = ConnectionTestPorts(
        groups=wiring.groups(settings),
        tests=wiring.connection_tests(settings),
        secrets=secrets,
        clock=clock.now,
        try_it=lambda group, secrets: try_source(group, open_rest, secrets),
    )
    return extraction, tests


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Do one leg of each message's extraction, or its test; a failed message comes again."""
    extraction, tests = build()

    def extract(message: ExtractLeg | TestConnection, receives: int) -> None:
        if isinstance(message, TestConnection):
            try_connection(message, tests)
        else:
            extract_leg(message, extraction, context.aws_request_id)

    return consume(event, EXTRACT_QUEUE, logger, extract)
