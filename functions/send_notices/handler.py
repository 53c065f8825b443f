"""send_notices: mails a group's address what it must know (SQS: NoticeQueue)."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import wiring
from shared.domain.errors import MailRefusedError
from shared.messages import NOTICE_QUEUE, MailRunEnd, SubscribeAddress
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.settings import ControlTable, Topics
from shared.sync.close.mail_run_end import MailPorts, mail_run_end, subscribe_address

logger = make_logger()


class Settings(ControlTable, Topics):
    """What this function reads from its environment."""


@cache
def build() -> MailPorts:
    """Build the ports, once a container, at the first message."""
    settings = Settings.read()
    return MailPorts(
        groups=wiring.groups(settings),
        runs=wiring.runs_to_read(settings),
        mailing=wiring.mailing(settings),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Mail about the run of each message, or subscribe an address; a failed message comes again."""

    def notify(message: MailRunEnd | SubscribeAddress, receives: int) -> None:
        try:
            if isinstance(message, SubscribeAddress):
                subscribe_address(message, build())
            elif mail_run_end(message, build()):
                logger.info("mail sent")
        except MailRefusedError as error:
            # The group's matter, and shown there (``emailStatus``): it would be refused again.
            logger.warning("mail refused", code=error.code)

    return consume(event, NOTICE_QUEUE, logger, notify)
