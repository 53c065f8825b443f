"""start_auto_syncs: starts the Auto groups that are due (six EventBridge rules, hourly)."""

from datetime import timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from shared import clock, settings
from shared.adapters.control_table.groups import DynamoGroups
from shared.adapters.control_table.runs import DynamoRuns
from shared.adapters.messaging.extract_queues import extract_queues
from shared.adapters.messaging.queue import SqsQueue
from shared.domain.errors import TryLaterError
from shared.domain.group.choices import SyncType
from shared.domain.ids import EnterpriseId, GroupId
from shared.observability import log_failure, make_logger
from shared.sync.request.request_sync import RequestPorts
from shared.sync.request.start_auto_syncs import WORKERS, AutoPorts, Tick, start_auto_syncs

logger = make_logger()


def _report(enterprise: EnterpriseId, group_id: GroupId, error: Exception) -> None:
    log_failure(logger, "group not started", error, enterprise=enterprise, group_id=group_id)


@cache
def build_ports() -> AutoPorts:
    """Build the adapters, once a container, at the first event."""
    connections = Config(max_pool_connections=WORKERS)
    dynamodb = boto3.client("dynamodb", config=connections)
    sqs = boto3.client("sqs", config=connections)
    table = settings.required("CONTROL_TABLE")
    groups = DynamoGroups(dynamodb, table)
    resend_after = timedelta(seconds=settings.number("RESEND_SECONDS"))
    return AutoPorts(
        due_groups=groups,
        requests=RequestPorts(
            groups=groups,
            runs=DynamoRuns(dynamodb, table, resend_after=resend_after),
            extract_queues=extract_queues(
                sqs,
                {
                    SyncType.API: settings.required("EXTRACT_API_QUEUE_URL"),
                    SyncType.SFTP: settings.required("EXTRACT_SFTP_QUEUE_URL"),
                },
            ),
            plan_queue=SqsQueue(sqs, settings.required("PLAN_QUEUE_URL")),
        ),
        clock=clock.now,
        report=_report,
        spread_seconds=settings.number("SPREAD_SECONDS"),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Start what is due; a tick that left groups behind fails, and Lambda repeats it."""
    tick = Tick.model_validate(event)
    done = start_auto_syncs(tick, build_ports())
    logger.info("tick", extra={"period": tick.period.value, **done})
    if done["failed"]:
        raise TryLaterError("some groups could not be started")
    return done
