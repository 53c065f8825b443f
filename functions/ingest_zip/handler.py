"""ingest_zip: takes dropped bundles (SQS: DropQueue) and reads them, one leg a message
(SQS: ExtractZipQueue)."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import wiring
from shared.domain.group.choices import SyncType
from shared.messages import EXTRACT_ZIP_QUEUE, BeginWaitingRun, ExtractLeg
from shared.observability import make_logger
from shared.queue_consumer import consume, consume_records
from shared.settings import LegTimes, RunStage
from shared.sync.ingest.ingest_bundle import IngestPorts, ingest_leg
from shared.sync.leg import Pace
from shared.sync.request.accept_drop import DropPorts, accept_drop, begin_waiting_run

logger = make_logger()


class Settings(LegTimes, RunStage):
    """What this function reads from its environment."""

    drop_queue_arn: str
    extract_zip_queue_url: str
    plan_queue_url: str


@dataclass(frozen=True)
class Runtime:
    """What the function works with.

    :param drop_queue_arn: the queue whose messages are S3's notices.
    """

    drops: DropPorts
    bundles: IngestPorts
    drop_queue_arn: str


@cache
def build() -> Runtime:
    """Build the ports, once a container, at the first message."""
    settings = Settings.read()
    run = wiring.run_ports(settings, wiring.legs(settings), logger)
    extract_queue = wiring.queue(settings.extract_zip_queue_url)
    drops = DropPorts(
        groups=wiring.groups(settings),
        runs=run.runs,
        drops=wiring.drops(settings),
        objects=run.objects,
        extract_queues={SyncType.ZIP: extract_queue},
        announcements=run.announcements,
        clock=run.clock,
    )
    bundles = IngestPorts(
        run=run,
        exceptions=wiring.record_exceptions(settings),
        ingest_queue=extract_queue,
        plan_queue=wiring.queue(settings.plan_queue_url),
        pace=Pace(settings.leg, settings.beat),
    )
    return Runtime(drops, bundles, settings.drop_queue_arn)


def accept_drops(record: SQSRecord) -> None:
    """Accept the drops that S3 reports; its first message names none, and only tries the queue."""
    for drop in json.loads(record.body).get("Records", ()):
        s3 = drop["s3"]["object"]
        key = unquote_plus(s3["key"])
        refused = accept_drop(key, s3.get("versionId"), int(s3["size"]), build().drops)
        if refused:
            # Not the key, because the file's name is in it. The version finds the object, too.
            logger.warning("drop refused", code=refused, version_id=s3.get("versionId"))


def read_or_begin(message: ExtractLeg | BeginWaitingRun, owner: str) -> None:
    """Read a run's bundle, or begin the run that waits in a group."""
    if isinstance(message, ExtractLeg):
        ingest_leg(message, build().bundles, owner)
    else:
        begin_waiting_run(message.enterprise, message.group_id, build().drops)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Take drops, or do one leg of each message's run; a failed message comes again."""
    if event["Records"][0]["eventSourceARN"] == build().drop_queue_arn:
        return consume_records(event, logger, accept_drops)
    return consume(
        event,
        EXTRACT_ZIP_QUEUE,
        logger,
        lambda message, receives: read_or_begin(message, context.aws_request_id),
    )
