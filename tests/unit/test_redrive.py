"""Parked messages go back to their queue, each of them, once."""

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
    work = sqs.create_queue(QueueName="work")["QueueUrl"]
    for number in range(25):
        sqs.send_message(QueueUrl=parked, MessageBody=str(number))
    assert redrive(sqs, parked, work) == 25
    assert redrive(sqs, parked, work) == 0
    bodies = []
    while found := sqs.receive_message(QueueUrl=work, MaxNumberOfMessages=10).get("Messages"):
        bodies += [int(message["Body"]) for message in found]
    assert sorted(bodies) == list(range(25))
