"""send_notices: mails a group's address what it must know (SQS: NoticeQueue)."""

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import settings
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.messaging.mailing import SnsMailing
from shared.domain.errors import MailRefusedError
from shared.messages import NOTICE_QUEUE, MailRunEnd, SubscribeAddress
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.sync.close.mail_run_end import MailPorts, mail_run_end, subscribe_address

logger = make_logger()


@cache
def build_ports() -> MailPorts:
    """Build the adapters, once a container, at the first message."""
    dynamodb = boto3.client("dynamodb")
    table = settings.required("CONTROL_TABLE")
    return MailPorts(
        groups=DynamoGroups(dynamodb, table),
        runs=DynamoRuns(dynamodb, table),
        mailing=SnsMailing(boto3.client("sns"), settings.required("GROUP_TOPIC_PREFIX")),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Mail about the run of each message, or subscribe an address; a failed message comes again."""

    def notify(message: MailRunEnd | SubscribeAddress, receives: int) -> None:
        try:
            if isinstance(message, SubscribeAddress):
                subscribe_address(message, build_ports())
            elif mail_run_end(message, build_ports()):
                logger.info("mail sent")
        except MailRefusedError as error:
            # The group's matter, and shown there (``emailStatus``): it would be refused again.
            logger.warning("mail refused", code=error.code)

    return consume(event, NOTICE_QUEUE, logger, notify)
