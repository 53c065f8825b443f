"""plan_sync: compares what a run has staged with what the roster holds (SQS: PlanQueue)."""

import shutil
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
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
from shared.adapters.messaging.queue import SqsQueue
from shared.adapters.roster_table.holdings import DynamoRosterHoldings
from shared.adapters.run_log import PowertoolsRunLog
from shared.messages import PlanRun
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.sync.plan.plan_run import PlanPorts, plan_run

logger = make_logger()


@cache
def build_ports() -> PlanPorts:
    """Build the adapters, once a container, at the first message."""
    dynamodb = boto3.client("dynamodb")
    table, roster = settings.required("CONTROL_TABLE"), settings.required("ROSTER_TABLE")
    lease = settings.number("LEASE_SECONDS")
    resend_after = timedelta(seconds=settings.number("RESEND_SECONDS"))
    runs = DynamoRuns(dynamodb, table, lease=timedelta(seconds=lease), resend_after=resend_after)
    sqs = boto3.client("sqs")
    return PlanPorts(
        runs=runs,
        legs=runs,
        batches=DynamoBatches(dynamodb, table, quiet=resend_after, roster=roster),
        holdings=DynamoRosterHoldings(dynamodb, roster),
        objects=S3Objects(make_s3_client(), settings.required("DATA_BUCKET")),
        extract_queue=SqsQueue(sqs, settings.required("EXTRACT_API_QUEUE_URL")),
        apply_queue=SqsQueue(sqs, settings.required("UPSERT_QUEUE_URL")),
        announcements=EventBridgeAnnouncements(
            boto3.client("events"), settings.required("EVENT_BUS_NAME")
        ),
        run_log=PowertoolsRunLog(logger),
        clock=clock.now,
        beat_seconds=lease / 3,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Plan the run of each message; a failed message comes again."""

    def plan(message: PlanRun, receives: int) -> None:
        directory = Path(tempfile.mkdtemp(prefix="plan-"))
        try:
            plan_run(message, build_ports(), context.aws_request_id, directory)
        finally:
            shutil.rmtree(directory)

    return consume(event, PlanRun, logger, plan)
