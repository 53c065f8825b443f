"""export_roster: writes rosters as OneRoster bundles (SQS: ExportQueue)."""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import wiring
from shared.messages import ExportRoster
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.settings import ControlTable, DataBucket
from shared.sync.export.export_roster import ExportPorts, export_roster

logger = make_logger()


class Settings(ControlTable, DataBucket):
    """What this function reads from its environment."""


@cache
def build() -> ExportPorts:
    """Build the ports, once a container, at the first message."""
    settings = Settings.read()
    return ExportPorts(
        groups=wiring.groups(settings),
        batches=wiring.batches_to_read(settings),
        objects=wiring.objects(settings),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Write the export that each message asks for."""

    def export(message: ExportRoster, receives: int) -> None:
        directory = Path(tempfile.mkdtemp(prefix="export-"))
        try:
            written = export_roster(message, build(), directory)
        finally:
            shutil.rmtree(directory)
        logger.info("roster exported", extra={"written": written})

    return consume(event, ExportRoster, logger, export)
