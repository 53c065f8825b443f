"""Takes messages from a queue, one by one: each succeeds or fails by itself."""

from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from shared.errors import TryLaterError
from shared.messages import Message
from shared.observability import bind_message, log_failure

AnyMessage = TypeVar("AnyMessage", bound=Message)


def consume(
    event: dict[str, Any],
    kind: type[AnyMessage],
    logger: Logger,
    handle: Callable[[AnyMessage, int], None],
) -> PartialItemFailureResponse:
    """Call ``handle`` with each message and how often it has been received.

    Messages that fail come again; they are named in the answer (ReportBatchItemFailures). Each
    failure is logged here, once.
    """

    def take(record: SQSRecord) -> None:
        message = kind.model_validate_json(record.body)
        bind_message(logger, message)
        receives = int(record.attributes.approximate_receive_count)
        try:
            handle(message, receives)
        except TryLaterError as error:
            logger.warning("message comes again", receives=receives, cause=str(error))
            raise
        except Exception as error:
            log_failure(logger, "message failed", error, receives=receives)
            raise

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    with processor(records=event["Records"], handler=take):
        processor.process()
    return processor.response()
