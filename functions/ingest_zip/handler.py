"""ingest_zip: takes dropped bundles (SQS: DropQueue) and reads them, one leg a message
(SQS: ExtractZipQueue)."""

import json
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

import boto3
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, settings
from shared.adapters.control_table.drops import DynamoDrops
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.data_bucket.client import make_s3_client
from shared.adapters.data_bucket.objects import S3Objects
from shared.adapters.messaging.event_bus import EventBridgeAnnouncements
from shared.adapters.messaging.extract_queues import extract_queues
from shared.adapters.messaging.queue import SqsQueue
from shared.adapters.run_log import PowertoolsRunLog
from shared.domain.group.choices import SyncType
from shared.messages import EXTRACT_ZIP_QUEUE, BeginWaitingRun, ExtractLeg
from shared.observability import make_logger
from shared.queue_consumer import consume, consume_records
from shared.sync.ingest.ingest_bundle import IngestPorts, ingest_leg
from shared.sync.request.accept_drop import DropPorts, begin_waiting, take_drop

logger = make_logger()


@cache
def build() -> tuple[DropPorts, IngestPorts]:
    """Build the adapters, once a container, at the first message."""
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    table = settings.required("CONTROL_TABLE")
    lease = timedelta(seconds=settings.number("LEASE_SECONDS"))
    resend_after = timedelta(seconds=settings.number("RESEND_SECONDS"))
    runs = DynamoRuns(dynamodb, table, lease=lease, resend_after=resend_after)
    objects = S3Objects(make_s3_client(), settings.required("DATA_BUCKET"))
    announcements = EventBridgeAnnouncements(
        boto3.client("events"), settings.required("EVENT_BUS_NAME")
    )
    queues = extract_queues(sqs, {SyncType.ZIP: settings.required("EXTRACT_ZIP_QUEUE_URL")})
    taking = DropPorts(
        groups=DynamoGroups(dynamodb, table),
        runs=runs,
        drops=DynamoDrops(dynamodb, table, look_again=resend_after),
        objects=objects,
        extract_queues=queues,
        announcements=announcements,
        clock=clock.now,
    )
    reading = IngestPorts(
        runs=runs,
        legs=runs,
        objects=objects,
        ingest_queue=queues[SyncType.ZIP],
        plan_queue=SqsQueue(sqs, settings.required("PLAN_QUEUE_URL")),
        announcements=announcements,
        run_log=PowertoolsRunLog(logger),
        clock=clock.now,
        leg=timedelta(seconds=settings.number("LEG_SECONDS")),
        beat=lease / 3,
    )
    return taking, reading


def take_drops(record: SQSRecord) -> None:
    """Take the drops that a notice of S3 names; S3 first sends one that only tries the queue."""
    for drop in json.loads(record.body).get("Records", ()):
        s3 = drop["s3"]["object"]
        key = unquote_plus(s3["key"])
        refused = take_drop(key, s3.get("versionId"), int(s3["size"]), build()[0])
        if refused:
            # Not the key, which bears the file's name; the version finds the object as well.
            logger.warning("drop refused", code=refused, version_id=s3.get("versionId"))


def read_on(message: ExtractLeg | BeginWaitingRun, owner: str) -> None:
    """Read a run's bundle, or, where the message names only a group, begin what waits there."""
    taking, reading = build()
    if isinstance(message, ExtractLeg):
        ingest_leg(message, reading, owner)
    else:
        begin_waiting(message.enterprise, message.group_id, taking)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Take drops, or do one leg of each message's run; a failed message comes again."""
    if event["Records"][0]["eventSourceARN"] == settings.required("DROP_QUEUE_ARN"):
        return consume_records(event, logger, take_drops)
    return consume(
        event,
        EXTRACT_ZIP_QUEUE,
        logger,
        lambda message, receives: read_on(message, context.aws_request_id),
    )
