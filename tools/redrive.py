"""Sends parked messages back to where they came from: `python -m tools.redrive QUEUE_URL`.

For accounts and emulators where SQS cannot do it by itself (StartMessageMoveTask). It is harmless
at any time: a message of a run that has ended does nothing.
"""

import argparse
import sys
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


def redrive(sqs: "SQSClient", dead_letters: str) -> int:
    """Move every message of a dead-letter queue to its source; returns how many there were.

    Each is sent before it is deleted: one that is in both places for a moment comes twice, which
    every consumer takes.

    :raises ValueError: the queue is not the dead-letter queue of exactly one other.
    """
    sources = sqs.list_dead_letter_source_queues(QueueUrl=dead_letters)["queueUrls"]
    if len(sources) != 1:
        message = f"{dead_letters} is the dead-letter queue of {len(sources)} queues"
        raise ValueError(message)
    moved = 0
    while messages := _receive(sqs, dead_letters):
        for parked in messages:
            _send(sqs, sources[0], parked)
            sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=parked["ReceiptHandle"])
        moved += len(messages)
    return moved


def _receive(sqs: "SQSClient", queue: str) -> "list[MessageTypeDef]":
    answer = sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
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
    parser.add_argument("queue_url")
    moved = redrive(boto3.client("sqs"), parser.parse_args().queue_url)
    sys.stdout.write(f"{moved} messages sent back\n")


if __name__ == "__main__":
    main()
