"""sync_sftp: fetches a bundle over SFTP, one leg a message (SQS: ExtractSftpQueue)."""

import random
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.adapters.sftp.server import open_server, show_host_key
from shared.domain.group.choices import SyncType
from shared.groups.try_connection import ConnectionTestPorts, try_connection
from shared.groups.try_server import try_server
from shared.messages import EXTRACT_QUEUE, ExtractLeg, TestConnection
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.settings import InsecureSources, LegTimes, QuietTime, RunStage
from shared.sync.back_off import BackOff
from shared.sync.fetch.fetch_bundle import FetchPorts, fetch_leg
from shared.sync.leg import Pace

logger = make_logger()


class Settings(LegTimes, RunStage, InsecureSources, QuietTime):
    """What this function reads from its environment."""

    extract_sftp_queue_url: str
    extract_zip_queue_url: str


@cache
def build() -> tuple[FetchPorts, ConnectionTestPorts]:
    """Build the ports of fetching and of connection tests, once a container."""
    settings = Settings.read()
    secrets = wiring.secrets()
    open_sftp = partial(open_server, allow_insecure=settings.allow_insecure_sources)
    host_key = partial(show_host_key, allow_insecure=settings.allow_insecure_sources)
    fetching = FetchPorts(
        run=wiring.run_ports(settings, wiring.legs(settings), logger),
        exceptions=wiring.record_exceptions(settings),
        uploads=wiring.uploads(settings),
        extract_queues={
            SyncType.SFTP: wiring.queue(settings.extract_sftp_queue_url),
            SyncType.ZIP: wiring.queue(settings.extract_zip_queue_url),
        },
        secrets=secrets,
        open_server=open_sftp,
        back_off=BackOff(clock.wait, random.random),
        quiet=settings.quiet,
        pace=Pace(settings.leg, settings.beat),
    )
    tests = ConnectionTestPorts(
        groups=wiring.groups(settings),
        tests=wiring.connection_tests(settings),
        secrets=secrets,
        clock=clock.now,
        try_it=lambda group, secrets: try_server(group, secrets, host_key, open_sftp),
    )
    return fetching, tests


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Do one leg of each message's fetch, or the test it asks for; a failed message comes again."""
    fetching, tests = build()

    def fetch(message: ExtractLeg | TestConnection, receives: int) -> None:
        if isinstance(message, TestConnection):
            try_connection(message, tests)
        else:
            fetch_leg(message, fetching, context.aws_request_id)

    return consume(event, EXTRACT_QUEUE, logger, fetch)
