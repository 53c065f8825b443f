"""Parked messages go back to their queue, each of them, and only to its own."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tools.redrive import redrive


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def test_every_parked_message_goes_back(aws: None) -> None:
    sqs = boto3.client("sqs")
    parked = sqs.create_queue(QueueName="parked")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=parked, AttributeNames=["QueueArn"])["Attributes"]
    policy = json.dumps({"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 5})
    work = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for number in range(25):
        sqs.send_message(QueueUrl=parked, MessageBody=str(number))
    assert redrive(sqs, parked) == 25
    assert redrive(sqs, parked) == 0
    bodies = []
    while found := sqs.receive_message(QueueUrl=work, MaxNumberOfMessages=10).get("Messages"):
        bodies += [int(message["Body"]) for message in found]
    assert sorted(bodies) == list(range(25))


def test_a_queue_that_parks_for_nobody_is_refused(aws: None) -> None:
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="alone")["QueueUrl"]
    with pytest.raises(ValueError, match="0 queues"):
        redrive(sqs, queue)
