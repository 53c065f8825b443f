"""send_notices: mails a group's address what it must know (SQS: NoticeQueue)."""

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import TypeAdapter

from shared import settings
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.messaging.mailing import SnsMailing
from shared.domain.errors import MailRefusedError
from shared.messages import Message, TellOfRun
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.sync.close.mail_run_end import TellPorts, tell_of_run

logger = make_logger()

EITHER: TypeAdapter[TellOfRun | Message] = TypeAdapter(TellOfRun | Message)


@cache
def build_ports() -> TellPorts:
    """Build the adapters, once a container, at the first message."""
    dynamodb = boto3.client("dynamodb")
    table = settings.required("CONTROL_TABLE")
    return TellPorts(
        groups=DynamoGroups(dynamodb, table),
        runs=DynamoRuns(dynamodb, table),
        mailing=SnsMailing(boto3.client("sns"), settings.required("GROUP_TOPIC_PREFIX")),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Tell of the run of each message; a failed message comes again."""

    def tell(message: TellOfRun | Message, receives: int) -> None:
        try:
            if tell_of_run(message, build_ports()):
                logger.info("mail sent")
        except MailRefusedError as error:
            # The group's matter, and shown there (``emailStatus``): it would be refused again.
            logger.warning("mail refused", code=error.code)

    return consume(event, EITHER, logger, tell)
