"""The logger of a function: structured lines, each with the group and run of its message."""

import logging
import traceback

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from shared.messages import Message, RunMessage

_LOUD = (
    "boto3", "botocore", "urllib3", "requests", "requests_oauthlib", "oauthlib", "s3transfer",
)  # fmt: skip
_SILENT = ("paramiko",)
"""It quotes what a server sends, and the paths it is asked for. Its errors reach us anyway."""


def make_logger() -> Logger:
    """Make the function's logger. Libraries keep quiet: they would log addresses and headers."""
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return Logger()


def bind_message(logger: Logger, message: Message) -> None:
    """Add the group of a message, and its run, to all lines that follow."""
    logger.append_keys(enterprise=message.enterprise, group_id=message.group_id)
    if isinstance(message, RunMessage):
        logger.append_keys(run_id=message.key.run_id)


def aws_error(error: ClientError) -> str:
    """Say what AWS refused and how, in AWS's own constant words: ``GetObject: AccessDenied``."""
    return f"{error.operation_name}: {error.response.get('Error', {}).get('Code', 'Unknown')}"


def log_failure(logger: Logger, text: str, error: Exception, **fields: object) -> None:
    """Log an unexpected error: its kind, where it arose, and what AWS refused, if that caused it.

    Its message is left out, because it may quote a record. AWS's message names the resource that
    was refused ("… on resource: arn:aws:s3:::…/Ann Doe.zip"), and a file's name can name a pupil.
    """
    causes = (each for each in (error, error.__cause__) if isinstance(each, ClientError))
    known = next(map(aws_error, causes), None)
    stack = traceback.format_tb(error.__traceback__)
    logger.error(
        text,
        extra={"error_type": type(error).__name__, "aws_error": known, "stack": stack} | fields,
    )
