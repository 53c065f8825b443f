"""close_runs: looks after silent runs (EventBridge: every minute)."""

from datetime import timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, settings
from shared.adapters.control_table.batches import DynamoBatches
from shared.adapters.control_table.drops import DynamoDrops
from shared.adapters.control_table.queue_watch import DynamoQueueWatch
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.data_bucket.client import make_s3_client
from shared.adapters.data_bucket.objects import S3Objects
from shared.adapters.messaging.event_bus import EventBridgeAnnouncements
from shared.adapters.messaging.queue import SqsQueue
from shared.adapters.run_log import PowertoolsRunLog
from shared.domain.errors import TryLaterError
from shared.domain.ids import RunKey
from shared.observability import log_failure, make_logger
from shared.ports.messaging import WorkQueue
from shared.sync.close.close_runs import ClosePorts, close_runs

logger = make_logger()


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
        queues={
            WorkQueue.EXTRACT_API: SqsQueue(sqs, settings.required("EXTRACT_API_QUEUE_URL")),
            WorkQueue.EXTRACT_SFTP: SqsQueue(sqs, settings.required("EXTRACT_SFTP_QUEUE_URL")),
            WorkQueue.EXTRACT_ZIP: SqsQueue(sqs, settings.required("EXTRACT_ZIP_QUEUE_URL")),
            WorkQueue.PLAN: SqsQueue(sqs, settings.required("PLAN_QUEUE_URL")),
            WorkQueue.UPSERT: SqsQueue(sqs, settings.required("UPSERT_QUEUE_URL")),
            WorkQueue.DELETE: SqsQueue(sqs, settings.required("DELETE_QUEUE_URL")),
        },
        watch=DynamoQueueWatch(dynamodb, table),
        report=_report,
        resend_after=resend_after,
        lost_after=timedelta(seconds=settings.number("LOST_SECONDS")),
        clock=clock.now,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Send lost messages of runs again, end the runs for which it does not help.

    A tick that could not look after some fails, so that it is seen; Lambda repeats it.
    """
    done = close_runs(build_ports())
    if any(done.values()):
        logger.info("silent runs looked after", extra=done)
    if done["failed"]:
        raise TryLaterError("some runs could not be looked after")
    return done
