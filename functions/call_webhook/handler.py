"""call_webhook: sends events to the addresses that groups name, signed (SQS: WebhookQueue)."""

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import clock, settings
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.kms_secrets import KmsSecrets
from shared.adapters.messaging.webhook import WebhookPost
from shared.observability import make_logger
from shared.queue_consumer import consume_records
from shared.sync.close.call_webhook import BusEvent, WebhookPorts, call_webhook

logger = make_logger()


@cache
def build_ports() -> WebhookPorts:
    """Build the adapters, once a container, at the first event."""
    return WebhookPorts(
        groups=DynamoGroups(boto3.client("dynamodb"), settings.required("CONTROL_TABLE")),
        secrets=KmsSecrets(boto3.client("kms")),
        post=WebhookPost(allow_insecure=settings.flag("ALLOW_INSECURE_SOURCES")),
        clock=clock.now,
    )


def _deliver(record: SQSRecord) -> None:
    event = BusEvent.model_validate_json(record.body)
    logger.append_keys(
        enterprise=event.detail.get("enterprise"),
        group_id=event.detail.get("groupId"),
        run_id=event.detail.get("runId"),
    )
    if call_webhook(event, build_ports()):
        logger.info("webhook called")


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Deliver the event of each message; one that was not taken comes again."""
    return consume_records(event, logger, _deliver)
