"""Events of SQS as Lambda makes them."""

import json
from typing import Any


def sqs_event(*bodies: object, queue: str = "queue", receives: int = 1) -> dict[str, Any]:
    """An event of SQS with these bodies, each of them JSON (Lambda: Using Lambda with SQS)."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": f"receipt-{number}",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{queue}",
                "awsRegion": "eu-west-1",
            }
            for number, body in enumerate(bodies)
        ]
    }
