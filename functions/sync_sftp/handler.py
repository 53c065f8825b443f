"""sync_sftp: fetches a bundle over SFTP, one leg a message (SQS: ExtractSftpQueue)."""

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
from shared.adapters.data_bucket.multipart_uploads import S3Uploads
from shared.adapters.data_bucket.objects import S3Objects
from shared.adapters.kms_secrets import KmsSecrets
from shared.adapters.messaging.event_bus import EventBridgeAnnouncements
from shared.adapters.messaging.extract_queues import extract_queues
from shared.adapters.run_log import PowertoolsRunLog
from shared.adapters.sftp.server import open_server, show_host_key
from shared.domain.group.choices import SyncType
from shared.groups.try_connection import TryPorts, try_connection, try_server
from shared.messages import EXTRACT_QUEUE, ExtractLeg, TestConnection
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.sync.fetch.fetch_bundle import FetchPorts, fetch_leg

logger = make_logger()


@cache
def build_ports() -> FetchPorts:
    """Build the adapters, once a container, at the first message."""
    s3, bucket = make_s3_client(), settings.required("DATA_BUCKET")
    lease = settings.number("LEASE_SECONDS")
    runs = DynamoRuns(
        boto3.client("dynamodb"),
        settings.required("CONTROL_TABLE"),
        lease=timedelta(seconds=lease),
        resend_after=timedelta(seconds=settings.number("RESEND_SECONDS")),
    )
    return FetchPorts(
        runs=runs,
        legs=runs,
        objects=S3Objects(s3, bucket),
        uploads=S3Uploads(s3, bucket),
        extract_queues=extract_queues(
            boto3.client("sqs"),
            {
                SyncType.SFTP: settings.required("EXTRACT_SFTP_QUEUE_URL"),
                SyncType.ZIP: settings.required("EXTRACT_ZIP_QUEUE_URL"),
            },
        ),
        secrets=KmsSecrets(boto3.client("kms")),
        announcements=EventBridgeAnnouncements(
            boto3.client("events"), settings.required("EVENT_BUS_NAME")
        ),
        run_log=PowertoolsRunLog(logger),
        open_server=partial(open_server, allow_insecure=settings.flag("ALLOW_INSECURE_SOURCES")),
        clock=clock.now,
        wait=clock.wait,
        chance=random.random,
        leg=timedelta(seconds=settings.number("LEG_SECONDS")),
        beat_seconds=lease / 3,
    )


@cache
def build_tests() -> TryPorts:
    """Build what connection tests use, at the first of them."""
    dynamodb, table = boto3.client("dynamodb"), settings.required("CONTROL_TABLE")
    ports = build_ports()
    host_key = partial(show_host_key, allow_insecure=settings.flag("ALLOW_INSECURE_SOURCES"))
    return TryPorts(
        groups=DynamoGroups(dynamodb, table),
        tests=DynamoConnectionTests(dynamodb, table),
        secrets=ports.secrets,
        clock=clock.now,
        attempt=lambda group, secrets: try_server(group, secrets, host_key, ports.open_server),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Do one leg of each message's fetch, or the test it asks for; a failed message comes again."""

    def fetch(message: ExtractLeg | TestConnection, receives: int) -> None:
        if isinstance(message, TestConnection):
            try_connection(message, build_tests())
        else:
            fetch_leg(message, build_ports(), context.aws_request_id)

    return consume(event, EXTRACT_QUEUE, logger, fetch)
