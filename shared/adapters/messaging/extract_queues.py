"""The queues of extractors, by the sync type whose runs they serve."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.adapters.messaging.queue import SqsQueue
from shared.domain.group.choices import SyncType
from shared.ports.messaging import ExtractQueues

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def extract_queues(client: "SQSClient", urls: Mapping[SyncType, str]) -> ExtractQueues:
    """Open the queues of those extractors whom the caller has to reach."""
    return {kind: SqsQueue(client, url) for kind, url in urls.items()}
