"""close_runs: looks after silent runs (EventBridge: every minute)."""

from datetime import timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, settings
from shared.adapters.dynamo_batches import DynamoBatches
from shared.adapters.dynamo_drops import DynamoDrops
from shared.adapters.dynamo_runs import DynamoRuns
from shared.adapters.eventbridge import EventBridgeAnnouncements
from shared.adapters.extract_queues import extract_queues
from shared.adapters.run_log import PowertoolsRunLog
from shared.adapters.s3_client import make_s3_client
from shared.adapters.s3_objects import S3Objects
from shared.adapters.sqs_queue import SqsQueue
from shared.domain.group import SyncType
from shared.observability import make_logger
from shared.sync.close_runs import ClosePorts, close_runs

logger = make_logger()


@cache
def build_ports() -> ClosePorts:
    """Build the adapters, once a container, at the first event."""
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    table = settings.required("CONTROL_TABLE")
    resend_after = timedelta(seconds=settings.number("RESEND_SECONDS"))
    runs = DynamoRuns(dynamodb, table, resend_after=resend_after)
    return ClosePorts(
        runs=runs,
        legs=runs,
        drops=DynamoDrops(dynamodb, table, look_again=resend_after),
        batches=DynamoBatches(dynamodb, table, quiet=resend_after),
        objects=S3Objects(make_s3_client(), settings.required("DATA_BUCKET")),
        announcements=EventBridgeAnnouncements(
            boto3.client("events"), settings.required("EVENT_BUS_NAME")
        ),
        run_log=PowertoolsRunLog(logger),
        extract_queues=extract_queues(
            sqs,
            {
                SyncType.API: settings.required("EXTRACT_API_QUEUE_URL"),
                SyncType.SFTP: settings.required("EXTRACT_SFTP_QUEUE_URL"),
                SyncType.ZIP: settings.required("EXTRACT_ZIP_QUEUE_URL"),
            },
        ),
        plan_queue=SqsQueue(sqs, settings.required("PLAN_QUEUE_URL")),
        apply_queue=SqsQueue(sqs, settings.required("UPSERT_QUEUE_URL")),
        delete_queue=SqsQueue(sqs, settings.required("DELETE_QUEUE_URL")),
        clock=clock.now,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Send silent runs' messages again, end those for which it does not help."""
    done = close_runs(build_ports())
    if any(done.values()):
        logger.info("silent runs looked after", extra=done)
    return done
