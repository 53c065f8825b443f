"""Receives the messages of a queue, one by one: each succeeds or fails on its own."""

from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import TypeAdapter

from shared.domain.errors import TryLaterError
from shared.messages import Message
from shared.observability import bind_message, log_failure

AnyMessage = TypeVar("AnyMessage", bound=Message)


def consume(
    event: dict[str, Any],
    kind: TypeAdapter[AnyMessage] | type[AnyMessage],
    logger: Logger,
    handle: Callable[[AnyMessage, int], None],
) -> PartialItemFailureResponse:
    """Call ``handle`` with each message, and with how often that has been received.

    :param kind: the class of the queue's messages, or an adapter if there are several classes.
    """
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)

    def take(record: SQSRecord) -> None:
        message = adapter.validate_json(record.body)
        bind_message(logger, message)
        handle(message, _receives(record))

    return consume_records(event, logger, take)


def consume_records(
    event: dict[str, Any], logger: Logger, handle: Callable[[SQSRecord], None]
) -> PartialItemFailureResponse:
    """Call ``handle`` with each record of an SQS event.

    The answer names the records that failed (ReportBatchItemFailures): they come again. Each
    failure is logged here, once.
    """

    def take(record: SQSRecord) -> None:
        try:
            handle(record)
        except TryLaterError as error:
            logger.warning("message comes again", receives=_receives(record), cause=str(error))
            raise
        except Exception as error:
            log_failure(logger, "message failed", error, receives=_receives(record))
            raise

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    with processor(records=event["Records"], handler=take):
        processor.process()
    return processor.response()


def _receives(record: SQSRecord) -> int:
    return int(record.attributes.approximate_receive_count)
