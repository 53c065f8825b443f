"""delete_group: removes groups with all that they have (SQS: DeleteQueue)."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import wiring
from shared.groups.delete_group import DeletePorts, delete_leg
from shared.messages import DeleteGroup
from shared.observability import make_logger
from shared.queue_consumer import consume
from shared.settings import Backups, LegTimes, Number, RosterTable, RunStage, Topics
from shared.sync.leg import Pace

logger = make_logger()


class Settings(LegTimes, RunStage, RosterTable, Topics, Backups):
    """What this function reads from its environment."""

    delete_queue_url: str
    second_sweep_seconds: Number


@cache
def build() -> DeletePorts:
    """Build the ports, once a container, at the first message."""
    settings = Settings.read()
    return DeletePorts(
        run=wiring.run_ports(settings, wiring.legs(settings), logger),
        groups=wiring.groups(settings),
        deletions=wiring.deletions(settings),
        sweepers=(
            wiring.roster_sweeper(settings),
            wiring.object_sweeper(settings),
            wiring.topic_sweeper(settings),
            wiring.exception_sweeper(settings),
        ),
        delete_queue=wiring.queue(settings.delete_queue_url),
        backup_days=settings.backup_days,
        pace=Pace(settings.leg, settings.beat),
        second_sweep_seconds=settings.second_sweep_seconds,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Go on with the deletion that each message names; a failed message comes again."""

    def delete(message: DeleteGroup, receives: int) -> None:
        delete_leg(message, build(), context.aws_request_id)

    return consume(event, DeleteGroup, logger, delete)
