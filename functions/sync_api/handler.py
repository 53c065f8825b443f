"""sync_api: pulls a roster over REST, one leg a message (SQS: ExtractApiQueue)."""

import random
from datetime import timedelta
from functools import cache, partial
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, settings
from shared.adapters.control_table.connection_tests import DynamoConnectionTests
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.data_bucket.client import make_s3_client
from shared.adapters.data_bucket.objects import S3Objects
from shared.adapters.kms_secrets import KmsSecrets
from shared.adapters.messaging.event_bus import EventBridgeAnnouncements
from shared.adapters.messaging.queue import SqsQueue
from shared.adapters.oneroster_rest.client import open_source
from shared.adapters.run_log import PowertoolsRunLog
from shared.groups.try_connection import TryPorts, try_connection, try_source
from shared.messages import EXTRACT_QUEUE, ExtractLeg, TestConnection
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.sync.extract.extract_roster import ExtractPorts, extract_leg

logger = make_logger()


@cache
def build_ports() -> ExtractPorts:
    """Build the adapters, once a container, at the first message."""
    sqs = boto3.client("sqs")
    lease = timedelta(seconds=settings.number("LEASE_SECONDS"))
    runs = DynamoRuns(
        boto3.client("dynamodb"),
        settings.required("CONTROL_TABLE"),
        lease=lease,
        resend_after=timedelta(seconds=settings.number("RESEND_SECONDS")),
    )
    return ExtractPorts(
        runs=runs,
        legs=runs,
        objects=S3Objects(make_s3_client(), settings.required("DATA_BUCKET")),
        extract_queue=SqsQueue(sqs, settings.required("EXTRACT_API_QUEUE_URL")),
        plan_queue=SqsQueue(sqs, settings.required("PLAN_QUEUE_URL")),
        secrets=KmsSecrets(boto3.client("kms")),
        announcements=EventBridgeAnnouncements(
            boto3.client("events"), settings.required("EVENT_BUS_NAME")
        ),
        run_log=PowertoolsRunLog(logger),
        open_source=partial(open_source, allow_insecure=settings.flag("ALLOW_INSECURE_SOURCES")),
        clock=clock.now,
        wait=clock.wait,
        chance=random.random,
        leg=timedelta(seconds=settings.number("LEG_SECONDS")),
        beat=lease / 3,
    )


@cache
def build_tests() -> TryPorts:
    """Build what connection tests use, at the first of them."""
    dynamodb, table = boto3.client("dynamodb"), settings.required("CONTROL_TABLE")
    ports = build_ports()
    return TryPorts(
        groups=DynamoGroups(dynamodb, table),
        tests=DynamoConnectionTests(dynamodb, table),
        secrets=ports.secrets,
        clock=clock.now,
        attempt=lambda group, secrets: try_source(group, ports.open_source, secrets),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Do one leg of each message's extraction, or its test; a failed message comes again."""

    def extract(message: ExtractLeg | TestConnection, receives: int) -> None:
        if isinstance(message, TestConnection):
            try_connection(message, build_tests())
        else:
            extract_leg(message, build_ports(), context.aws_request_id)

    return consume(event, EXTRACT_QUEUE, logger, extract)
