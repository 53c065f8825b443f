"""upsert_entities: applies batches of changes to the roster (SQS: UpsertQueue)."""

from datetime import timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, settings
from shared.adapters.control_table.batches import DynamoBatches
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.data_bucket.client import make_s3_client
from shared.adapters.data_bucket.objects import S3Objects
from shared.adapters.messaging.event_bus import EventBridgeAnnouncements
from shared.adapters.roster_table.roster import DynamoRoster
from shared.adapters.run_log import PowertoolsRunLog
from shared.messages import ApplyBatch
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.sync.apply.apply_batch import ApplyPorts, apply_batch

logger = make_logger()


@cache
def build_ports() -> ApplyPorts:
    """Build the adapters, once a container, at the first message."""
    dynamodb = boto3.client("dynamodb")
    table = settings.required("CONTROL_TABLE")
    resend_after = timedelta(seconds=settings.number("RESEND_SECONDS"))
    runs = DynamoRuns(dynamodb, table, resend_after=resend_after)
    return ApplyPorts(
        runs=runs,
        legs=runs,
        batches=DynamoBatches(dynamodb, table, quiet=resend_after),
        roster=DynamoRoster(dynamodb, settings.required("ROSTER_TABLE")),
        objects=S3Objects(make_s3_client(), settings.required("DATA_BUCKET")),
        announcements=EventBridgeAnnouncements(
            boto3.client("events"), settings.required("EVENT_BUS_NAME")
        ),
        run_log=PowertoolsRunLog(logger),
        clock=clock.now,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Apply the batch of each message; a failed message comes again, the others do not."""

    def apply(message: ApplyBatch, receives: int) -> None:
        last = receives >= settings.number("MAX_RECEIVE_COUNT")
        unapplied = apply_batch(message, build_ports(), last_receive=last)
        if unapplied is not None:
            logger.info("batch applied", batch=message.batch, unapplied=unapplied)

    return consume(event, ApplyBatch, logger, apply)
