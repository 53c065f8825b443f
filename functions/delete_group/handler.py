"""delete_group: removes groups with all that they have (SQS: DeleteQueue)."""

from datetime import timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, settings
from shared.adapters.control_table.deletions import DynamoDeletions
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.data_bucket.client import make_s3_client
from shared.adapters.data_bucket.objects import S3Objects
from shared.adapters.data_bucket.remains import S3Remains
from shared.adapters.messaging.event_bus import EventBridgeAnnouncements
from shared.adapters.messaging.mailing import SnsMailing
from shared.adapters.messaging.queue import SqsQueue
from shared.adapters.roster_table.remains import DynamoRemains
from shared.adapters.run_log import PowertoolsRunLog
from shared.domain import timers
from shared.groups.delete_group import DeletePorts, delete_leg
from shared.messages import DeleteGroup
from shared.observability import make_logger
from shared.queue_consumer import consume

logger = make_logger()


@cache
def build_ports() -> DeletePorts:
    """Build the adapters, once a container, at the first message."""
    dynamodb, s3 = boto3.client("dynamodb"), make_s3_client()
    table, bucket = settings.required("CONTROL_TABLE"), settings.required("DATA_BUCKET")
    lease = timedelta(seconds=settings.number("LEASE_SECONDS"))
    resend_after = timedelta(seconds=settings.number("RESEND_SECONDS"))
    runs = DynamoRuns(dynamodb, table, lease=lease, resend_after=resend_after)
    return DeletePorts(
        groups=DynamoGroups(dynamodb, table),
        runs=runs,
        legs=runs,
        deletions=DynamoDeletions(dynamodb, table, resend_after=resend_after),
        remains=(
            DynamoRemains(dynamodb, settings.required("ROSTER_TABLE")),
            S3Remains(s3, bucket),
            SnsMailing(boto3.client("sns"), settings.required("GROUP_TOPIC_PREFIX")),
        ),
        objects=S3Objects(s3, bucket),
        announcements=EventBridgeAnnouncements(
            boto3.client("events"), settings.required("EVENT_BUS_NAME")
        ),
        run_log=PowertoolsRunLog(logger),
        delete_queue=SqsQueue(boto3.client("sqs"), settings.required("DELETE_QUEUE_URL")),
        clock=clock.now,
        leg=timedelta(seconds=settings.number("LEG_SECONDS")),
        beat=lease / timers.BEATS_PER_LEASE,
        backup_days=settings.number("BACKUP_DAYS"),
        second_sweep_seconds=settings.number("SECOND_SWEEP_SECONDS"),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Go on with the deletion that each message names; a failed message comes again."""

    def delete(message: DeleteGroup, receives: int) -> None:
        delete_leg(message, build_ports(), context.aws_request_id)

    return consume(event, DeleteGroup, logger, delete)
