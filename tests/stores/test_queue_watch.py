"""When queues are empty, and when they were: SQS and DynamoDB (moto), and the twin in memory."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from shared.adapters.control_table.queue_watch import DynamoQueueWatch
from shared.adapters.messaging.queue import SqsQueue
from shared.domain.ids import EnterpriseId, GroupId
from shared.messages import PlanRun
from shared.ports.messaging import QueueWatch, WorkQueue
from tests.fakes.control_table import make_control_table
from tests.fakes.world import InMemoryQueueWatch

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
PLAN = PlanRun(enterprise=EnterpriseId("acme"), group_id=GroupId("group-1"), seq=1, leg=0)


@pytest.fixture(params=["dynamo", "memory"])
def watch(request: pytest.FixtureRequest) -> Iterator[QueueWatch]:
    if request.param == "memory":
        yield InMemoryQueueWatch()
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        yield DynamoQueueWatch(client, make_control_table(client))


def test_each_queue_was_empty_when_it_was_last_seen_so(watch: QueueWatch) -> None:
    assert watch.emptied() == {}
    watch.saw_empty([], NOW)
    assert watch.emptied() == {}
    watch.saw_empty([WorkQueue.PLAN, WorkQueue.UPSERT], NOW)
    later = NOW + timedelta(minutes=1)
    watch.saw_empty([WorkQueue.PLAN], later)
    assert watch.emptied() == {WorkQueue.PLAN: later, WorkQueue.UPSERT: NOW}


def test_a_queue_is_not_empty_while_a_message_waits_or_is_worked_on_or_held_back() -> None:
    with mock_aws():
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "600"})[
            "QueueUrl"
        ]
        queue = SqsQueue(sqs, url)
        assert queue.empty()
        queue.send([PLAN])
        assert not queue.empty()
        [received] = sqs.receive_message(QueueUrl=url)["Messages"]
        assert not queue.empty()
        sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
        assert queue.empty()
        queue.send([PLAN], delay_seconds=300)
        assert not queue.empty()
