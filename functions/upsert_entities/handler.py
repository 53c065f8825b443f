"""upsert_entities: applies batches of changes to the roster (SQS: UpsertQueue)."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import wiring
from shared.messages import ApplyBatch
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.settings import Number, RosterTable, RunStage
from shared.sync.apply.apply_batch import ApplyPorts, apply_batch

logger = make_logger()


class Settings(RunStage, RosterTable):
    """What this function reads from its environment."""

    max_receive_count: Number


@cache
def build() -> tuple[ApplyPorts, int]:
    """Build the ports, once a container; with them, how often a message is received at most."""
    settings = Settings.read()
    ports = ApplyPorts(
        run=wiring.run_ports(settings, wiring.unclaimed_legs(settings), logger),
        batches=wiring.batches(settings),
        roster=wiring.roster(settings),
    )
    return ports, settings.max_receive_count


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Apply the batch of each message; a failed message comes again, the others do not."""
    ports, most_receives = build()

    def apply(message: ApplyBatch, receives: int) -> None:
        last = receives >= most_receives
        unapplied = apply_batch(message, ports, last_receive=last)
        if unapplied is not None:
            logger.info("batch applied", batch=message.batch, unapplied=unapplied)

    return consume(event, ApplyBatch, logger, apply)
