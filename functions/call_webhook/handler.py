"""call_webhook: sends events to the addresses that groups name, signed (SQS: WebhookQueue)."""

from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, wiring
from shared.adapters.messaging.webhook import post_to_webhook
from shared.observability import make_logger
from shared.queue_consumer import consume_records
from shared.settings import ControlTable, InsecureSources
from shared.sync.close.call_webhook import BusEvent, WebhookPorts, call_webhook

logger = make_logger()


class Settings(ControlTable, InsecureSources):
    """What this function reads from its environment."""


@cache
def build() -> WebhookPorts:
    """Build the ports, once a container, at the first event."""
    settings = Settings.read()
    return WebhookPorts(
        groups=wiring.groups(settings),
        secrets=wiring.secrets(),
        post=partial(post_to_webhook, allow_insecure=settings.allow_insecure_sources),
        clock=clock.now,
    )


def _deliver(record: SQSRecord) -> None:
    event = BusEvent.model_validate_json(record.body)
    logger.append_keys(
        enterprise=event.detail.get("enterprise"),
        group_id=event.detail.get("groupId"),
        run_id=event.detail.get("runId"),
    )
    if call_webhook(event, build()):
        logger.info("webhook called")


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Deliver the event of each message; one that was not taken comes again."""
    return consume_records(event, logger, _deliver)
