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

from shared import clock, wiring
from shared.domain.group.choices import SyncType
from shared.messages import EXTRACT_ZIP_QUEUE, BeginWaitingRun, ExtractLeg
from shared.observability import make_logger
from shared.queue_consumer import consume, consume_records
from shared.settings import DataBucket, EventBus, LegTimes
from shared.sync.ingest.ingest_bundle import IngestPorts, ingest_leg
from shared.sync.request.accept_drop import DropPorts, begin_waiting, take_drop

logger = make_logger()


class Settings(LegTimes, DataBucket, EventBus):
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
    runs, objects = wiring.runs(settings), wiring.objects(settings)
    extract_queue = wiring.queue(settings.extract_zip_queue_url)
    announcements = wiring.announcements(settings)
    drops = DropPorts(
        groups=wiring.groups(settings),
        runs=runs,
        drops=wiring.drops(settings),
        objects=objects,
        extract_queues={SyncType.ZIP: extract_queue},
        announcements=announcements,
        clock=clock.now,
    )
    bundles = IngestPorts(
        runs=runs,
        legs=wiring.legs(settings),
        objects=objects,
        ingest_queue=extract_queue,
        plan_queue=wiring.queue(settings.plan_queue_url),
        announcements=announcements,
        run_log=wiring.run_log(logger),
        clock=clock.now,
        leg=settings.leg,
        beat=settings.beat,
    )
    return Runtime(drops, bundles, settings.drop_queue_arn)


def take_drops(record: SQSRecord) -> None:
    """Take the drops that a notice of S3 names; S3 first sends one that only tries the queue."""
    for drop in json.loads(record.body).get("Records", ()):
        s3 = drop["s3"]["object"]
        key = unquote_plus(s3["key"])
        refused = take_drop(key, s3.get("versionId"), int(s3["size"]), build().drops)
        if refused:
            # Not the key, which bears the file's name; the version finds the object as well.
            logger.warning("drop refused", code=refused, version_id=s3.get("versionId"))


def read_on(message: ExtractLeg | BeginWaitingRun, owner: str) -> None:
    """Read a run's bundle, or, where the message names only a group, begin what waits there."""
    if isinstance(message, ExtractLeg):
        ingest_leg(message, build().bundles, owner)
    else:
        begin_waiting(message.enterprise, message.group_id, build().drops)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Take drops, or do one leg of each message's run; a failed message comes again."""
    if event["Records"][0]["eventSourceARN"] == build().drop_queue_arn:
        return consume_records(event, logger, take_drops)
    return consume(
        event,
        EXTRACT_ZIP_QUEUE,
        logger,
        lambda message, receives: read_on(message, context.aws_request_id),
    )
