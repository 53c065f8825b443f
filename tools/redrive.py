"""Sends dead-lettered messages back to their queue: `python -m tools.redrive DEAD QUEUE`.

For accounts and emulators in which SQS cannot do this itself (StartMessageMoveTask). It is always
safe: a message of a run that has ended does nothing.
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
"""A short poll asks only some servers, and may find nothing although messages are there."""


def redrive(sqs: "SQSClient", dead_letters: str, source: str) -> int:
    """Move every message of a dead-letter queue to its source; returns how many there were.

    :param dead_letters: URL of the dead-letter queue.
    :param source: URL of the queue the messages came from.

    Each message is sent before it is deleted. So a message may be delivered twice, which every
    consumer tolerates.
    """
    moved = 0
    while messages := _receive(sqs, dead_letters):
        for message in messages:
            _send(sqs, source, message)
            sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=message["ReceiptHandle"])
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
    parser = argparse.ArgumentParser(description="Send dead-lettered messages back to their queue.")
    parser.add_argument("dead_letters", help="URL of the dead-letter queue")
    parser.add_argument("source", help="URL of the queue that its messages come from")
    asked = parser.parse_args()
    moved = redrive(boto3.client("sqs"), asked.dead_letters, asked.source)
    sys.stdout.write(f"{moved} messages sent back\n")


if __name__ == "__main__":
    run_command(main)
