"""Sends parked messages back to where they came from: `python -m tools.redrive DEAD QUEUE`.

For accounts and emulators where SQS cannot do it by itself (StartMessageMoveTask). It is harmless
at any time: a message of a run that has ended does nothing.
"""

import argparse
import sys
from typing import TYPE_CHECKING

import boto3

from local.entry import run_command

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


WAIT_SECONDS = 2
"""A short poll asks only some of the servers, and may find nothing where there is something."""


def redrive(sqs: "SQSClient", dead_letters: str, source: str) -> int:
    """Move every message of a dead-letter queue to its source; returns how many there were.

    Both are URLs of queues. Each message is sent before it is deleted: one that is in both places
    for a moment comes twice, which every consumer takes.
    """
    moved = 0
    while messages := _receive(sqs, dead_letters):
        for parked in messages:
            _send(sqs, source, parked)
            sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=parked["ReceiptHandle"])
        moved += len(messages)
    return moved


def _receive(sqs: "SQSClient", queue: str) -> "list[MessageTypeDef]":
    answer = sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=WAIT_SECONDS,
        MessageSystemAttributeNames=["MessageGroupId"],
    )
    return answer.get("Messages", [])


def _send(sqs: "SQSClient", queue: str, message: "MessageTypeDef") -> None:
    group = message.get("Attributes", {}).get("MessageGroupId")
    if group is None:
        sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
    else:
        sqs.send_message(QueueUrl=queue, MessageBody=message["Body"], MessageGroupId=group)


def main() -> None:
    """Redrive the queue that the command line names."""
    parser = argparse.ArgumentParser(description="Send parked messages back to their queue.")
    parser.add_argument("dead_letters", help="URL of the dead-letter queue")
    parser.add_argument("source", help="URL of the queue that its messages come from")
    asked = parser.parse_args()
    moved = redrive(boto3.client("sqs"), asked.dead_letters, asked.source)
    sys.stdout.write(f"{moved} messages sent back\n")


if __name__ == "__main__":
    run_command(main)
