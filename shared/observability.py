"""The logger of a function: structured lines, run and group bound once a message."""

import logging
import traceback

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from shared.messages import Message, RunMessage

_LOUD = (
    "boto3", "botocore", "urllib3", "requests", "requests_oauthlib", "oauthlib", "s3transfer",
)  # fmt: skip
_SILENT = ("paramiko",)
"""It quotes what a server sends, and the paths that it is asked for; its errors reach us anyway."""


def make_logger() -> Logger:
    """Make the function's logger; libraries keep quiet (they would log addresses and headers)."""
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return Logger()


def bind_message(logger: Logger, message: Message) -> None:
    """Bind the group, and the run, that a message is about to all lines that follow."""
    logger.append_keys(enterprise=message.enterprise, group_id=message.group_id)
    if isinstance(message, RunMessage):
        logger.append_keys(run_id=message.key.run_id)


def aws_error(error: ClientError) -> str:
    """What AWS refused and how, in its own constant words: ``GetObject: AccessDenied``."""
    return f"{error.operation_name}: {error.response.get('Error', {}).get('Code', 'Unknown')}"


def log_failure(logger: Logger, text: str, error: Exception, **fields: object) -> None:
    """Log an unexpected error: its kind and where it arose.

    Its message is left out, since it may quote a record; AWS's names the resource that was refused
    ("… on resource: arn:aws:s3:::…/Ann Doe.zip"), and a file's name can name a pupil.
    """
    known = aws_error(error) if isinstance(error, ClientError) else None
    stack = traceback.format_tb(error.__traceback__)
    logger.error(
        text,
        extra={"error_type": type(error).__name__, "aws_error": known, "stack": stack} | fields,
    )
