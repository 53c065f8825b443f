"""export_roster: writes rosters as OneRoster bundles (SQS: ExportQueue)."""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import settings
from shared.adapters.control_table.batches import DynamoBatches
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.data_bucket.client import make_s3_client
from shared.adapters.data_bucket.objects import S3Objects
from shared.messages import ExportRoster
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.sync.export.export_roster import ExportPorts, export_roster

logger = make_logger()


@cache
def build_ports() -> ExportPorts:
    """Build the adapters, once a container, at the first message."""
    dynamodb, table = boto3.client("dynamodb"), settings.required("CONTROL_TABLE")
    return ExportPorts(
        groups=DynamoGroups(dynamodb, table),
        batches=DynamoBatches(dynamodb, table),
        objects=S3Objects(make_s3_client(), settings.required("DATA_BUCKET")),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Write the export that each message asks for."""

    def export(message: ExportRoster, receives: int) -> None:
        directory = Path(tempfile.mkdtemp(prefix="export-"))
        try:
            written = export_roster(message, build_ports(), directory)
        finally:
            shutil.rmtree(directory)
        logger.info("roster exported", extra={"written": written})

    return consume(event, ExportRoster, logger, export)
